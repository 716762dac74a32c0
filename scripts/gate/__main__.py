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
from remedies import WORKLOADS
from remedies.devices import DEVICES, missing
from reports.frame import SessionsError
from reports.gate.comment import section
from reports.gate.verdict import Status, Verdict, conclude
from scripts.gate.commits import NAMES, CommitError, here
from scripts.gate.environments import InTurn, NoEnvironmentError
from scripts.gate.recipe_check import Check

EXAMPLES = """\
examples:
  scripts/pr_check main HEAD
  scripts/pr_check 1a2b3c4 5d6e7f8 --budget 10 --workload image --json verdict.json

Interrupt it when you like: the same command goes on from there.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Check two commits, print the verdict as Markdown, and return its exit status."""
    chosen = _parser().parse_args(arguments)
    for name in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.default_int_handler)
    try:
        if reason := missing(chosen.device):
            raise CommitError(f"cannot check on the {chosen.device}: {reason}")
        verdict, notes = check(chosen)
    except (CommitError, InUseError, SessionsError, NoEnvironmentError) as problem:
        print(f"could not judge: {problem}", file=sys.stderr)
        return int(Status.COULD_NOT_JUDGE)
    except KeyboardInterrupt:
        print("interrupted; the same command goes on from here", file=sys.stderr)
        return 130
    if chosen.json:
        chosen.json.write_text(verdict.as_json(), encoding="utf-8")
    print("\n\n".join([section(verdict), *(f"    {note}" for note in notes[:50])]))
    return verdict.status


def check(chosen: argparse.Namespace) -> tuple[Verdict, list[str]]:
    """Return the verdict on two commits, and a line for each thing that failed, with the reason."""
    began = time.time()
    repository = here()
    commits = repository.freeze(chosen.base, chosen.head)
    short = "-".join(commits[name][:12] for name in NAMES)
    work = Path(".asv", "checks", f"{short}-{chosen.device}").resolve()
    os.environ["REMEDIES_COMMIT"] = commits["head"]
    with alone(work):
        folders = {name: repository.export(commits[name], work / name) for name in NAMES}
        pins = {name: repository.pins(commits[name], chosen.device) for name in NAMES}
        kind = Check if pins["base"] == pins["head"] else InTurn
        workloads = tuple(chosen.workload or WORKLOADS)
        own = kind(folders, pins, chosen.device, work, began + 60 * chosen.budget, workloads)
        rows = own.run()
    minutes = round((time.time() - began) / 60, 2)
    current = {"device": chosen.device, "minutes": minutes, "differs": own.differs, **commits}
    return conclude(rows, len(own.problems), **current), own.notes + own.problems


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
    parser.add_argument("--budget", type=_minutes, default=15.0, metavar="MINUTES",
                        help="for measuring (default: %(default)g)")  # fmt: skip
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
