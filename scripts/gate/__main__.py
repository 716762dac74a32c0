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
from reports.__main__ import Parser
from reports.frame import SessionsError
from reports.gate.comment import section
from reports.gate.verdict import Status, Verdict, conclude
from scripts.gate.commits import CommitError, export, freeze, pins
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
    purpose = "Say whether HEAD is slower than BASE, or keeps less of a saved model."
    parser = Parser(EXAMPLES, prog="scripts/pr_check", description=purpose)
    parser.add_argument("base", metavar="BASE", help="the commit to compare with")
    parser.add_argument("head", metavar="HEAD", help="the commit to judge")
    meaning = "for measuring (default: %(default)g)"
    parser.add_argument("--budget", type=minutes, default=15.0, metavar="MINUTES", help=meaning)
    parser.add_argument("--device", choices=DEVICES, default="cpu")
    parser.add_argument("--workload", choices=WORKLOADS, action="append", help="only this one")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the verdict there")
    chosen = parser.parse_args(arguments)
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
    commits = freeze(chosen.base, chosen.head)
    short = "-".join(commit[:12] for commit in commits.values())
    work = Path(".asv", "checks", f"{short}-{chosen.device}").resolve()
    os.environ["REMEDIES_COMMIT"] = commits["head"]
    with alone(work):
        folders = {name: export(commit, work / name) for name, commit in commits.items()}
        locks = {name: pins(commit, chosen.device) for name, commit in commits.items()}
        kind = Check if locks["base"] == locks["head"] else InTurn
        workloads = tuple(chosen.workload or WORKLOADS)
        own = kind(folders, locks, chosen.device, work, began + 60 * chosen.budget, workloads)
        rows = own.run()
    spent = round((time.time() - began) / 60, 2)
    current = {"device": chosen.device, "minutes": spent, "differs": own.differs, **commits}
    return conclude(rows, len(own.problems), **current), own.notes + own.problems


def minutes(text: str) -> float:
    """Return the minutes in `text`."""
    number = float(text)
    if not 0 < number < 10_000:
        raise ValueError(text)
    return number


if __name__ == "__main__":
    sys.exit(main())
