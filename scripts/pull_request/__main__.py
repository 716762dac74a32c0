"""Compare two commits: ``scripts/pr_check --help``.

The standard library is enough to see that recipes and pins are the same code. Where something is
left to measure, it ends with 3, and goes on in the suite's environment, with `STAGE` set.
"""

import argparse
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from reports.__main__ import LAYOUT
from scripts.pull_request.commits import CommitError, export, freeze, pins, recipes

LEFT_TO_MEASURE = 3
STAGE = "GATE_MEASURES"
EXAMPLES = """\
examples:
  scripts/pr_check main HEAD
  scripts/pr_check 1a2b3c4 5d6e7f8 --budget 10 --json verdict.json

Interrupt it when you like: the same command goes on from there.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Check two commits, print the verdict as Markdown, and return its exit status."""
    purpose = "Say whether HEAD is slower than BASE, or keeps less of a saved model."
    options = argparse.ArgumentParser(
        "scripts/pr_check", description=purpose, epilog=EXAMPLES, **LAYOUT
    )
    options.add_argument("base", metavar="BASE", help="the commit to compare with")
    options.add_argument("head", metavar="HEAD", help="the commit to judge")
    meaning = "for measuring (default: %(default)g)"
    options.add_argument("--budget", type=float, default=15.0, metavar="MINUTES", help=meaning)
    options.add_argument("--device", choices=("cpu", "gpu"), default="cpu")
    options.add_argument("--json", type=Path, metavar="FILE", help="also write the verdict there")
    chosen = options.parse_args(arguments)
    if not 0 < chosen.budget < 10_000:
        options.error(f"--budget {chosen.budget:g} is no number of minutes")
    for name in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.default_int_handler)
    try:
        commits = freeze(chosen.base, chosen.head)
        return (measured if os.environ.get(STAGE) else read)(chosen, commits)
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
    verdict = {"format": 4, "status": 0, "device": chosen.device, **commits, "minutes": 0.0}
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
    from remedies.devices import missing
    from reports.frame import SessionsError
    from reports.gate.comment import whole
    from reports.gate.verdict import conclude
    from scripts.pull_request.checks import InTurn, SideBySide

    began = time.time()
    if reason := missing(chosen.device):
        raise CommitError(f"cannot check on the {chosen.device}: {reason}")
    name = "-".join([*(commit[:12] for commit in commits.values()), chosen.device])
    work = Path(".asv", "checks", name).resolve()
    os.environ["REMEDIES_COMMIT"] = commits["head"]
    try:
        with alone(work):
            folders = {name: export(commit, work / name) for name, commit in commits.items()}
            locks = {name: pins(commit, chosen.device) for name, commit in commits.items()}
            kind = SideBySide if locks["base"] == locks["head"] else InTurn
            until = began + 60 * chosen.budget
            own = kind(folders, locks, chosen.device, work, until)
            rows = own.run()
    except (InUseError, SessionsError) as problem:
        raise CommitError(str(problem)) from problem
    verdict = conclude(
        rows, len(own.problems), device=chosen.device, differs=own.differs,
        minutes=round((time.time() - began) / 60, 2), **commits,
    )  # fmt: skip
    if chosen.json:
        chosen.json.write_text(verdict.as_json(), encoding="utf-8")
    print(whole(verdict, own.notes + own.problems))
    return verdict.status


if __name__ == "__main__":
    sys.exit(main())
