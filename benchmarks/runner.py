"""Runs sessions: a process each, with a time limit; what is there is not run again."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path

from benchmarks.session import DONE, FAILED, Folder, Session

TIMEOUT = 900.0
DISK_FULL = 28
_POLL = 0.05
_WORKER = Path(__file__).with_name("worker.py")
Progress = Callable[[Session, str], None]


class InUseError(Exception):
    """Another run works in the same folder; the message is one line that says which."""


def run(
    sessions: Sequence[Session],
    folder: Folder,
    setting: str,
    progress: Progress = lambda session, outcome: None,
    command: Sequence[str] = (),
    timeout: float = TIMEOUT,
    at_once: int = 1,
) -> dict[Session, str]:
    """Run those of `sessions` that `folder` lacks, and return why each failed one did.

    `progress` is called with each session and ``"running"``, later with what came of it. `command`
    runs a session where that is not the worker here: one of another environment. `timeout` is of
    one session, in seconds; `at_once` run side by side. Raises `OSError` where the disk is full.
    """
    missing = [session for session in sessions if not folder.done(session)]
    failures: dict[Session, str] = {}
    workers: list[_Worker] = []
    command = [*(command or (sys.executable, str(_WORKER))), setting]
    try:
        while missing or workers:
            while missing and len(workers) < at_once:
                progress(missing[0], "running")
                workers.append(_Worker(missing.pop(0), folder, command))
            for worker in [each for each in workers if each.ended(timeout)]:
                workers.remove(worker)
                reason = worker.reason(timeout)
                outcome = folder.read(worker.session)
                if not outcome:
                    reason = reason or "left nothing that can be read"
                    machine = os.environ.get("REMEDIES_MACHINE", "unknown")
                    outcome = {"status": FAILED, "reason": reason, "machine": machine}
                    folder.write(worker.session, outcome | {"setting": setting}, ())
                if outcome.get("reason") and outcome["status"] in (DONE, FAILED):
                    failures[worker.session] = outcome["reason"]
                said = f"{outcome['status']} in {time.monotonic() - worker.began:.0f} s"
                progress(worker.session, f"{said}: {reason}" if reason else said)
            time.sleep(_POLL)
    finally:
        for worker in workers:
            worker.kill()
    return failures


@contextmanager
def alone(folder: Path, part: str = "") -> Iterator[None]:
    """Keep other runs of the same `part` out of `folder`, however this process ends.

    Raises `InUseError` while another run has it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f".lock{part}").open("a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            who = lock.read() or "another process"
            raise InUseError(f"{who} measures into {folder}; wait for it, or stop it") from None
        lock.truncate(0)
        lock.write(f"process {os.getpid()} on {os.uname().nodename}")
        lock.flush()
        yield


class _Worker:
    """The process of one session, from its start to its end."""

    def __init__(self, session: Session, folder: Folder, command: Sequence[str]) -> None:
        self.session, self.began = session, time.monotonic()
        folder.file(session).unlink(missing_ok=True)  # what is stale
        words = [json.dumps(asdict(session)), str(folder.path), folder.identity]
        self._log = folder.path / f"{session}.log"
        with self._log.open("w", encoding="utf-8") as errors:
            self._process = subprocess.Popen(  # noqa: S603 - our own worker, with our own arguments
                [*command, *words],
                env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
                stdin=subprocess.PIPE,  # it ends when this does, so a killed run leaves no worker
                stdout=errors,
                stderr=errors,
                start_new_session=True,
            )

    def ended(self, timeout: float) -> bool:
        """Return whether it has come to its end, or its time has."""
        return self._process.poll() is not None or time.monotonic() - self.began > timeout

    def reason(self, timeout: float) -> str:
        """End it with whatever it started, and return why it failed, or an empty string."""
        status = self._process.poll()
        self.kill()
        if status is None:
            return f"still running after {timeout:g} s, stopped"
        if status == DISK_FULL:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self._log.parent))
        if status == -signal.SIGKILL:
            return "was killed, as the system does when memory runs out"
        if status < 0:
            return f"was ended by the signal {signal.Signals(-status).name}"
        if status == 0:
            self._log.unlink()
            return ""
        lines = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return lines[-1][:300] if lines else f"ended with status {status} and said nothing"

    def kill(self) -> None:
        """End the process and whatever it started."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        assert self._process.stdin  # noqa: S101 - a pipe, for mypy
        self._process.stdin.close()
