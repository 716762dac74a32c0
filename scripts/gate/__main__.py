"""Measure and judge two commits: ``scripts/pr_check --help``."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.runner import InUseError, alone
from benchmarks.session import Folder, identity
from remedies import WORKLOADS
from remedies.devices import DEVICES, missing
from remedies.environment import facts
from reports.frame import SessionsError
from reports.gate.comment import section
from reports.gate.verdict import PACKAGES, Row, Status, Verdict, conclude
from scripts.gate import environments
from scripts.gate.check import NAMES, Check
from scripts.gate.commits import CommitError, Repository, here

INTERRUPTED = 130
EXAMPLES = """\
examples:
  scripts/pr_check main HEAD
  scripts/pr_check main my-branch --budget 15
  scripts/pr_check 1a2b3c4 5d6e7f8 --workload image --json verdict.json

It ends with 0 where everything was compared and nothing regressed, 1 where something regressed, 2
where it could not judge. Interrupt it when you like: finished launches are kept, and the same
command goes on from there.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Check two commits, print the verdict as Markdown, and return its exit status."""
    chosen = _parser().parse_args(arguments)
    for name in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.default_int_handler)
    try:
        if reason := missing(chosen.device):
            raise CommitError(f"cannot check on the {chosen.device}: {reason}")
        verdict, notes = check(here(), chosen)
    except (CommitError, InUseError, SessionsError, environments.NoEnvironmentError) as problem:
        print(f"could not judge: {problem}", file=sys.stderr)
        return int(Status.COULD_NOT_JUDGE)
    except KeyboardInterrupt:
        print("interrupted; the same command goes on from here", file=sys.stderr)
        return INTERRUPTED
    if chosen.json:
        chosen.json.write_text(verdict.as_json(), encoding="utf-8")
    print(section(verdict))
    for note in notes[:50]:
        print(f"\n    {note}")
    return verdict.status


def check(repository: Repository, chosen: argparse.Namespace) -> tuple[Verdict, list[str]]:
    """Return the verdict on two commits, and a line for each thing that failed, with the reason."""
    began = time.time()
    commits = repository.freeze(chosen.base, chosen.head)
    short = "-".join(commit[:12] for commit in commits)
    work = Path(".asv", "checks", f"{short}-{chosen.device}").resolve()
    deadline = began + 60 * chosen.budget
    os.environ["REMEDIES_COMMIT"] = commits[1]
    differs: tuple[str, ...] = ()
    with alone(work):
        folders = {
            name: repository.export(commit, work / name)
            for name, commit in zip(NAMES, commits, strict=True)
        }
        rows: list[Row]
        pins = {
            name: repository.pins(commit, chosen.device)
            for name, commit in zip(NAMES, commits, strict=True)
        }
        if pins["base"] == pins["head"]:
            packages = [f"{name} {value}" for name, value in facts().items() if name in PACKAGES]
            store = Folder(work / "sessions", identity("gate", *packages))
            own = Check(folders, chosen.device, store, deadline, _say, tuple(chosen.workload or ()))
            rows, notes = own.run(), own.notes
        else:
            sides = environments.Sides(folders, pins, work, deadline, _say)
            rows, differs, notes = sides.run(tuple(chosen.workload or ()))
    minutes = round((time.time() - began) / 60, 2)
    known = {"device": chosen.device, "base": commits[0], "head": commits[1]}
    return conclude(rows, minutes=minutes, differs=differs, **known), notes


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/pr_check",
        description="Say whether HEAD is slower than BASE, or keeps less of a saved model.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("base", metavar="BASE", help="the commit to compare with")
    parser.add_argument("head", metavar="HEAD", help="the commit to judge")
    parser.add_argument(
        "--budget",
        type=_minutes,
        default=15.0,
        metavar="MINUTES",
        help="for measuring (default: %(default)g)",
    )
    parser.add_argument("--device", choices=DEVICES, default="cpu")
    parser.add_argument("--workload", choices=WORKLOADS, action="append", help="only this one")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the verdict there")
    return parser


def _minutes(text: str) -> float:
    try:
        minutes = float(text)
    except ValueError:
        minutes = 0.0
    if not 0 < minutes < 10_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of minutes")
    return minutes


if __name__ == "__main__":
    sys.exit(main())
