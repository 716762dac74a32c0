"""Compare two commits: ``scripts/pr_check --help``.

The standard library is enough to see that recipes and pins are the same code. Where something is
left to measure, it ends with 3, and goes on with ``--measure`` in the suite's environment.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from reports.__main__ import Parser
from scripts.gate.commits import CommitError, export, freeze, pins, recipes

LEFT_TO_MEASURE = 3
EXAMPLES = """\
examples:
  scripts/pr_check main HEAD
  scripts/pr_check 1a2b3c4 5d6e7f8 --budget 10 --workload image --json verdict.json

Interrupt it when you like: the same command goes on from there.
"""


def parser() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    purpose = "Say whether HEAD is slower than BASE, or keeps less of a saved model."
    made = Parser(EXAMPLES, prog="scripts/pr_check", description=purpose)
    made.add_argument("base", metavar="BASE", help="the commit to compare with")
    made.add_argument("head", metavar="HEAD", help="the commit to judge")
    meaning = "for measuring (default: %(default)g)"
    made.add_argument("--budget", type=float, default=15.0, metavar="MINUTES", help=meaning)
    made.add_argument("--device", choices=("cpu", "gpu"), default="cpu")
    made.add_argument("--workload", action="append", metavar="NAME", help="only this one")
    made.add_argument("--json", type=Path, metavar="FILE", help="also write the verdict there")
    made.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Check two commits, print the verdict as Markdown, and return its exit status."""
    options = parser()
    chosen = options.parse_args(arguments)
    if not 0 < chosen.budget < 10_000:
        options.error(f"--budget {chosen.budget:g} is no number of minutes")
    for name in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.default_int_handler)
    try:
        commits = freeze(chosen.base, chosen.head)
        return (measured if chosen.measure else read)(chosen, commits)
    except CommitError as problem:
        print(f"could not judge: {problem}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted; the same command goes on from here", file=sys.stderr)
        return 130


def read(chosen: argparse.Namespace, commits: Mapping[str, str]) -> int:
    """Compare the code of two commits' recipes, and print the verdict where it is the same."""
    with tempfile.TemporaryDirectory() as work:
        base, head = (
            (recipes(export(commit, Path(work, name))), pins(commit, chosen.device))
            for name, commit in commits.items()
        )
    if base != head or not base[0]:
        return LEFT_TO_MEASURE
    verdict = {"format": 3, "status": 0, "device": chosen.device, **commits, "minutes": 0.0}
    verdict |= {"compared": {"counts": len(base[0])}, "lacking": {}, "differs": [], "rows": []}
    if chosen.json:
        chosen.json.write_text(json.dumps(verdict), encoding="utf-8")
    print(f"### {chosen.device.upper()}: **none regressed**: nothing to do.\n")
    print(f"All {len(base[0])} recipes of `{commits['head'][:12]}`, with what they import, are the")
    print(f"code of `{commits['base'][:12]}`: the same steps, exactly, so nothing was measured.")
    return 0


def measured(chosen: argparse.Namespace, commits: Mapping[str, str]) -> int:
    """Measure what differs between two commits, and print the verdict."""
    from benchmarks.runner import InUseError, alone
    from remedies import WORKLOADS
    from remedies.devices import missing
    from reports.frame import SessionsError
    from reports.gate.comment import whole
    from reports.gate.verdict import conclude
    from scripts.gate.environments import InTurn
    from scripts.gate.recipe_check import Check

    began = time.time()
    workloads = tuple(chosen.workload or WORKLOADS)
    if unknown := {*workloads} - {*WORKLOADS}:
        raise CommitError(f"no workload {min(unknown)!r}; choose from: {', '.join(WORKLOADS)}")
    if reason := missing(chosen.device):
        raise CommitError(f"cannot check on the {chosen.device}: {reason}")
    short = "-".join(commit[:12] for commit in commits.values())
    work = Path(".asv", "checks", f"{short}-{chosen.device}").resolve()
    os.environ["REMEDIES_COMMIT"] = commits["head"]
    try:
        with alone(work):
            folders = {name: export(commit, work / name) for name, commit in commits.items()}
            locks = {name: pins(commit, chosen.device) for name, commit in commits.items()}
            kind = Check if locks["base"] == locks["head"] else InTurn
            deadline = began + 60 * chosen.budget
            own = kind(folders, locks, chosen.device, work, deadline, workloads)
            rows = own.run()
    except (InUseError, SessionsError) as problem:
        raise CommitError(str(problem)) from problem
    minutes = round((time.time() - began) / 60, 2)
    current = {"device": chosen.device, "minutes": minutes, "differs": own.differs, **commits}
    verdict = conclude(rows, len(own.problems), **current)
    if chosen.json:
        chosen.json.write_text(verdict.as_json(), encoding="utf-8")
    print(whole(verdict, own.notes + own.problems))
    return verdict.status


if __name__ == "__main__":
    sys.exit(main())
