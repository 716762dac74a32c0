"""Measure this machine, with progress, and let asv store it: ``python -m benchmarks --help``."""

from __future__ import annotations

import argparse
import hashlib
import json
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks.engine.filing import ROOT, Filing, file_away, git
from benchmarks.engine.plan import Session, sessions
from benchmarks.engine.pool import run
from benchmarks.engine.settings import KINDS, SETTINGS
from benchmarks.engine.shards import Shard, shard
from benchmarks.engine.store import InUseError, Store
from remedies.devices import DEVICES, missing
from remedies.environment import facts

INTERRUPTED = 130
WHOLE = Shard(1, 1)
EXAMPLES = """\
examples:
  python -m benchmarks                  all workloads, two batch sizes: about ten minutes
  python -m benchmarks --setting quick  the article's workload, more precisely: about six
  python -m benchmarks --setting smoke  a part of that with next to no samples: does it run here?
  python -m benchmarks --setting full   everything: about an hour

  python -m benchmarks --shard 2/3      the second third, on the second of three runners;
                                        scripts/merge joins their results

A run that is interrupted, killed or out of disk keeps every finished session; the same command
goes on from there.
"""


def main(arguments: list[str] | None = None) -> int:
    """Measure every session of a setting, then store all of it through `asv run`.

    Returns
    -------
    int
        0; 2 where a session failed, the disk is full, another run measures the same, or asv could
        not store what was measured; 130 where the run was interrupted.
    """
    given = _parser().parse_args(arguments)
    commit = git("rev-parse", "HEAD")  # whatever is committed while this measures
    planned = _planned(given.setting, given.shard)
    store = Store(ROOT / ".asv" / "sessions" / identity(given.setting, commit, given.shard))
    results = given.results or _results_folder(given.shard)
    filing = Filing(given.setting, commit, results.resolve(), given.machine)
    for name in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.default_int_handler)
    try:
        with store.used():
            return _measure_and_store(filing, planned, store)
    except KeyboardInterrupt:
        print(f"interrupted; {_missing(planned, store)}", file=sys.stderr)
        return INTERRUPTED
    except InUseError as error:
        print(error, file=sys.stderr)
    except OSError as error:
        print(f"stopped: {error}; {_missing(planned, store)}", file=sys.stderr)
    return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--setting", choices=SETTINGS, default="wide", help="how much to measure")
    parser.add_argument(
        "--shard", type=_shard, default=WHOLE, metavar="I/N", help="measure one part of N"
    )
    parser.add_argument(
        "--machine", default="", metavar="NAME", help="as what asv stores it (default: the host)"
    )
    parser.add_argument(
        "--results",
        type=Path,
        metavar="DIR",
        help="asv's results folder (default: .asv/results; .asv/shards/I-of-N for a shard)",
    )
    return parser


def _shard(text: str) -> Shard:
    try:
        return shard(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _results_folder(part: Shard) -> Path:
    # Shards may share a checkout: each has a folder of its own.
    return ROOT / ".asv" / ("results" if part.count == 1 else f"shards/{part}")


def _planned(setting: str, part: Shard) -> list[Session]:
    for device in DEVICES:
        if reason := missing(device):
            print(f"{device}: not measured, {reason}")
    planned = part.of(session for kind in KINDS for session in sessions(kind, SETTINGS[setting]))
    return [session for session in planned if not session.missing()]


def _measure_and_store(filing: Filing, planned: Sequence[Session], store: Store) -> int:
    if len(store.missing(planned)) < len(planned):
        print(f"going on: {_missing(planned, store)}")
    failures = measure(filing.setting, planned, store)
    for session, reason in failures.items():
        log = store.log(session)
        print(
            f"{session}: {reason}" + f" (all it said is in {log})" * log.exists(), file=sys.stderr
        )
    print(f"storing the results with asv; its tables go to {filing.log}")
    if file_away(filing, store.folder) or failures:
        print(f"{_missing(planned, store)} (see also {filing.log})", file=sys.stderr)
        return 2
    store.discard()
    return 0


def measure(setting: str, planned: Sequence[Session], store: Store) -> dict[Session, str]:
    """Run those sessions of `planned` that `store` lacks, and return why each failed one did."""
    failures = {}
    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns) as progress, closing(run(planned, setting, store.folder)) as ended:
        task = progress.add_task("preparing the first sessions", total=len(planned))
        for session, outcome in ended:
            if outcome["status"] != "done":
                failures[session] = outcome["reason"]
            said = f"{session}: {outcome['status']}"
            progress.update(task, advance=1, description=said)
            if not progress.console.is_terminal:  # a log shows no bar, and no line before the end
                print(f"{time.strftime('%H:%M:%S')} {said}", flush=True)
        progress.update(task, description="measured")
    return failures


def _missing(planned: Sequence[Session], store: Store) -> str:
    """Say in one line what is kept and what is missing."""
    missing_ones = store.missing(planned)
    kept = f"{len(planned) - len(missing_ones)} of {len(planned)} sessions are finished and kept"
    if not missing_ones:
        return f"{kept}; the same command stores them"
    names = ", ".join(map(str, missing_ones[:3]))
    more = f" and {len(missing_ones) - 3} more" if len(missing_ones) > 3 else ""
    return f"{kept}; the same command measures what is missing: {names}{more}"


def identity(setting: str, commit: str, part: Shard) -> str:
    """Name a store so that only the same code, environment and setting go on from it."""
    code = commit + git("diff", commit, "--", "benchmarks", "remedies")
    known = json.dumps([setting, str(part), code, facts()], sort_keys=True)
    return hashlib.sha256(known.encode()).hexdigest()[:12]


if __name__ == "__main__":
    sys.exit(main())
