"""Runs sessions, one after the other: a process each, with a time limit; what is there stays."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path

from benchmarks.session import DONE, FAILED, UNAVAILABLE, Folder, Session

TIMEOUT = 900.0
DISK_FULL = 28
_WORKER = Path(__file__).with_name("worker.py")
Progress = Callable[[Session, str], None]


class InUseError(Exception):
    """Another run works in the same folder; the message is one line that says which."""


def run(
    sessions: Sequence[Session],
    folder: Folder,
    setting: str,
    progress: Progress = lambda session, outcome: None,
    timeout: float = TIMEOUT,
) -> dict[Session, str]:
    """Run those of `sessions` that `folder` lacks, and return why each failed one did.

    Parameters
    ----------
    progress : callable
        Called with each session and ``"running"`` before, its outcome after; what was there
        already is not announced.
    timeout : float
        Seconds that one session may take.

    Raises
    ------
    OSError
        Where the disk is full.
    """
    failures = {}
    for session in sessions:
        if folder.done(session):
            continue
        progress(session, "running")
        reason = _run(session, folder, setting, timeout)
        outcome = folder.read(session) or {}
        if outcome.get("status") not in (DONE, UNAVAILABLE):
            reason = reason or "left nothing that can be read"
            current = {
                "setting": setting,
                "machine": os.environ.get("REMEDIES_MACHINE") or "unknown",
            }
            folder.write(session, {"status": FAILED, "reason": reason, **current}, ())
            failures[session] = reason
        elif outcome.get("status") == DONE and outcome.get("reason"):
            failures[session] = outcome["reason"]
        progress(session, f"failed: {reason}" if reason else str(outcome["status"]))
    return failures


@contextmanager
def alone(folder: Path, part: str = "") -> Iterator[None]:
    """Keep other runs of the same `part` out of `folder`, however this process ends.

    Raises
    ------
    InUseError
        While another run has it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f".lock{part}").open("a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            who = lock.read().strip() or "another process"
            raise InUseError(f"{who} measures into {folder}; wait for it, or stop it") from None
        lock.truncate(0)
        lock.write(f"process {os.getpid()} on {os.uname().nodename}")
        lock.flush()
        yield


def _run(session: Session, folder: Folder, setting: str, timeout: float) -> str:
    """Run a worker to its end, and return why it failed, or an empty string."""
    for rest in (folder.file(session), *folder.path.glob(f".{session}.json.*")):
        rest.unlink(missing_ok=True)  # what is stale, and what a killed run has half written
    words = [setting, json.dumps(asdict(session)), str(folder.path), folder.identity]
    log = folder.path / f"{session}.log"
    with log.open("w", encoding="utf-8") as errors:
        process = subprocess.Popen(  # noqa: S603 - our own worker, with our own arguments
            [sys.executable, str(_WORKER), *words],
            env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
            stdin=subprocess.PIPE,  # it ends when this does, so a killed run leaves no worker
            stdout=errors,
            stderr=errors,
            start_new_session=True,
        )
        try:
            status = process.wait(timeout)
        except subprocess.TimeoutExpired:
            return f"still running after {timeout:g} s, stopped"
        finally:
            _kill(process)
    if status == 0:
        log.unlink()
        return ""
    if status == DISK_FULL:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder.path))
    if status < 0:
        return _signal(-status)
    return _last(log) or f"ended with status {status} and said nothing"


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a worker and whatever it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert process.stdin  # noqa: S101 - a pipe, for mypy
    process.stdin.close()


def _last(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1][:300] if lines else ""


def _signal(number: int) -> str:
    if number == signal.SIGKILL:
        return "was killed, as the system does when memory runs out"
    return f"was ended by the signal {signal.Signals(number).name}"
