"""Measure this machine, session by session, with progress: ``python -m benchmarks --help``."""

import argparse
import re
import signal
import sys
import time
from functools import partial
from pathlib import Path

from benchmarks.measurement import WHOLE, Measurement, Shard
from benchmarks.runner import InUseError
from benchmarks.session import Session
from benchmarks.settings import SETTINGS
from remedies.devices import DEVICES, TARGETS, missing
from remedies.problem import BadInputError

INTERRUPTED = 130
EXAMPLES = """\
examples:
  python -m benchmarks                    all workloads, both jits: six minutes
  python -m benchmarks --setting smoke    a part of that with next to no samples, in a minute
  python -m benchmarks --setting full     everything, two batch sizes
  python -m benchmarks --setting full --shard 2/3 --sessions night
                                          the second of three parts, on the second of three
                                          runners; the files of all in one folder are one run

A run that is interrupted, killed or out of disk keeps every finished session; the same command
goes on from there. `python -m reports build` makes the report.
"""


def main(arguments: list[str] | None = None) -> int:
    """Measure every session of a setting that is not measured yet, and return the exit status.

    It is 2 where a session failed, the disk is full or another run works in the same folder, and
    130 where the run was interrupted.
    """
    chosen = _parser().parse_args(arguments)
    try:
        measurement = Measurement(chosen.setting, shard=chosen.shard, path=chosen.sessions)
    except BadInputError as error:
        print(error, file=sys.stderr)
        return 2
    for name in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.default_int_handler)
    try:
        _announce(measurement)
        failures = measurement.run(partial(_progress, time.monotonic()))
    except InUseError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"interrupted; {_kept(measurement)}", file=sys.stderr)
        return INTERRUPTED
    except OSError as error:
        print(f"stopped: {error}; {_kept(measurement)}", file=sys.stderr)
        return 2
    for reason in dict.fromkeys(failures.values()):
        sessions = [str(session) for session, why in failures.items() if why == reason]
        print(f"{', '.join(sessions)} failed: {reason}", file=sys.stderr)
    print(f"session files: {measurement.folder.path}")
    return 2 if failures else 0


def _progress(began: float, session: Session, outcome: str) -> None:
    minutes, seconds = divmod(int(time.monotonic() - began), 60)
    print(f"{minutes:3}:{seconds:02}  {session} {outcome}", flush=True)


def _announce(measurement: Measurement) -> None:
    for device in DEVICES:
        if reason := missing(device):
            print(f"{device}: not measured, {reason}")
    if reason := missing(next(iter(TARGETS))):
        print(f"{', '.join(TARGETS)}: not compiled for, {reason}")
    if done := measurement.finished():
        print(f"going on: {done} sessions are finished")


def _kept(measurement: Measurement) -> str:
    return f"{measurement.finished()} finished sessions are kept; the same command goes on"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    option = parser.add_argument
    option("--setting", choices=SETTINGS, default="default", help="how much to measure")
    option("--shard", type=_shard, default=WHOLE, metavar="I/N", help="measure one part of N")
    place = "where the session files go (default: a folder below .asv/sessions)"
    option("--sessions", type=Path, metavar="DIR", help=place)
    return parser


def _shard(text: str) -> Shard:
    numbers = re.fullmatch("([0-9]+)/([0-9]+)", text)
    part, total = map(int, numbers.groups()) if numbers else (0, 0)
    if not 1 <= part <= total:
        raise argparse.ArgumentTypeError(f"{text!r} is not I/N with I from 1 to N, such as 2/3")
    return Shard(part, total)


if __name__ == "__main__":
    sys.exit(main())
