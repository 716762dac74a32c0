"""Measure and judge two commits: ``scripts/pr_check --help``."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.engine.store import InUseError
from remedies.devices import DEVICES, missing
from scripts.gate.checker import COULD_NOT_JUDGE, REGRESSED, Checker
from scripts.gate.commits import CommitError, here
from scripts.gate.in_turn import AsvError

INTERRUPTED = 130
EXAMPLES = """\
examples:
  scripts/pr_check main HEAD
  scripts/pr_check main my-branch --budget 15
  scripts/pr_check 1a2b3c4 5d6e7f8 --device gpu --results results
  scripts/pr_check v1.0 main --narrow      # which commit did it?

It ends with 0 where nothing regressed, 1 where something did, 2 where it could not judge.
Interrupt it when you like: finished launches are kept, and the same command goes on from there.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Check two commits, print the verdict as Markdown, and return its exit status."""
    given = _parser().parse_args(arguments)
    for name in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.default_int_handler)
    try:
        if reason := missing(given.device):
            raise CommitError(f"cannot check on the {given.device}: {reason}")
        repository = here()
        base, head = repository.freeze(given.base, given.head)
        checker = Checker(repository, given.device, given.budget, given.results)
        status = checker.check(base, head)
        if status == REGRESSED and given.narrow:
            print(checker.narrow(base, head))
    except (AsvError, CommitError, InUseError) as problem:
        print(f"scripts/pr_check: {problem}", file=sys.stderr)
        return COULD_NOT_JUDGE
    except KeyboardInterrupt:
        print("interrupted; the same command goes on from here", file=sys.stderr)
        return INTERRUPTED
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/pr_check",
        description="Say whether HEAD is slower than BASE, or keeps less of a saved model.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("base", metavar="BASE", help="the commit to compare with")
    parser.add_argument("head", metavar="HEAD", help="the commit to judge")
    parser.add_argument(
        "--budget",
        type=_minutes,
        default=30.0,
        metavar="MINUTES",
        help="for measuring (default: %(default)g)",
    )
    parser.add_argument("--device", choices=DEVICES, default="cpu")
    parser.add_argument(
        "--results",
        type=Path,
        default=Path(".asv/results"),
        metavar="DIR",
        help="where to put what was measured (default: %(default)s)",
    )
    parser.add_argument(
        "--narrow", action="store_true", help="on a regression, find the commit that made it"
    )
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
