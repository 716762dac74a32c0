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


def main(arguments: Sequence[str] | None = None) -> int:
    """Check two commits, print the verdict as Markdown, and return its exit status."""
    options = argparse.ArgumentParser("scripts/pr_check", **LAYOUT)
    options.add_argument("base", metavar="BASE")
    options.add_argument("head", metavar="HEAD")
    options.add_argument("--budget", type=float, default=15.0)
    options.add_argument("--device", choices=("cpu", "gpu"), default="cpu")
    options.add_argument("--json", type=Path)
    chosen = options.parse_args(arguments)
    for name in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.default_int_handler)
    try:
        commits = freeze(chosen.base, chosen.head)
        return (measured if os.environ.get(STAGE) else read)(chosen, commits)
    except KeyboardInterrupt:
        print("interrupted; the same command goes on from here", file=sys.stderr)
        return 130
    except Exception as problem:  # whatever it is, Python's own status would say "regressed"
        print("could not judge:", " ".join(str(problem).split())[:300], file=sys.stderr)
        return 2


def read(chosen: argparse.Namespace, commits: Mapping[str, str]) -> int:
    """Compare the code of two commits' recipes, and print the verdict where it is the same."""
    with tempfile.TemporaryDirectory() as work:
        base, head = (
            (recipes(export(commit, Path(work, name))), pins(commit, chosen.device))
            for name, commit in commits.items()
        )
    if base != head or not base[0]:
        return LEFT_TO_MEASURE
    verdict = {"format": 5, "status": 0, "device": chosen.device, **commits, "rows": []}
    verdict |= {"compared": {"counts": len(base[0])}, "lacking": {}, "differs": []}
    if chosen.json:
        chosen.json.write_text(json.dumps(verdict), encoding="utf-8")
    print(f"### {chosen.device.upper()}: **none regressed**: nothing to do.\n")
    print(f"All {len(base[0])} recipes of `{commits['head'][:12]}`, with what they import, are the")
    print(f"code of `{commits['base'][:12]}`: the same steps, exactly, so nothing was measured.")
    return 0


def measured(chosen: argparse.Namespace, commits: Mapping[str, str]) -> int:
    """Measure what differs between two commits, and print the verdict."""
    from benchmarks.runner import alone
    from remedies.devices import missing
    from reports.gate.comment import whole
    from reports.gate.verdict import conclude
    from scripts.pull_request.checks import InTurn, SideBySide

    deadline = time.time() + 60 * chosen.budget
    if reason := missing(chosen.device):
        raise CommitError(f"cannot check on the {chosen.device}: {reason}")
    name = "-".join([*(commit[:12] for commit in commits.values()), chosen.device])
    work = Path(".asv", "checks", name).resolve()
    os.environ["REMEDIES_COMMIT"] = commits["head"]
    with alone(work):
        folders = {name: export(commit, work / name) for name, commit in commits.items()}
        locks = {name: pins(commit, chosen.device) for name, commit in commits.items()}
        kind = SideBySide if locks["base"] == locks["head"] else InTurn
        check = kind(folders, locks, chosen.device, work, deadline)
        rows = check.run()
    verdict = conclude(rows, device=chosen.device, differs=check.differs, **commits)
    if chosen.json:
        chosen.json.write_text(verdict.as_json(), encoding="utf-8")
    print(whole(verdict, check.notes))
    return verdict.status


if __name__ == "__main__":
    sys.exit(main())
