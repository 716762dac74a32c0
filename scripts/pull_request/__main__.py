"""Compare two commits: ``scripts/pr_check --help``."""

import argparse
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.runner import alone
from remedies.devices import DEVICES, missing
from reports.__main__ import LAYOUT
from reports.gate.comment import whole
from reports.gate.verdict import COULD_NOT_JUDGE, conclude
from scripts.pull_request.checks import InTurn, SideBySide
from scripts.pull_request.commits import CommitError, export, freeze, pins


def main(arguments: Sequence[str] | None = None) -> int:
    """Check two commits, print the verdict as Markdown, and return its exit status."""
    options = argparse.ArgumentParser("scripts/pr_check", **LAYOUT)
    options.add_argument("base", metavar="BASE")
    options.add_argument("head", metavar="HEAD")
    options.add_argument("--budget", type=float, default=15.0)
    options.add_argument("--device", choices=DEVICES, default="cpu")
    options.add_argument("--json", type=Path)
    chosen = options.parse_args(arguments)
    for name in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.default_int_handler)
    try:
        return _check(chosen)
    except KeyboardInterrupt:
        print("interrupted; the same command goes on from here", file=sys.stderr)
        return 130
    except Exception as problem:  # whatever it is, Python's own status would say "regressed"
        print("could not judge:", " ".join(str(problem).split())[:300], file=sys.stderr)
        return COULD_NOT_JUDGE


def _check(chosen: argparse.Namespace) -> int:
    deadline = time.time() + 60 * chosen.budget
    commits = freeze(chosen.base, chosen.head)
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
