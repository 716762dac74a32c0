"""Worker processes: many prepare at once, and then one at a time has the machine to itself."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.engine.plan import Session
from benchmarks.engine.store import Outcome, Store
from benchmarks.engine.workers import Workers, stop

TIMEOUT = 1800
READY, GO = "ready", "go"
DISK_FULL = 28
_WORKER = Path(__file__).with_name("worker.py")


class Turns:
    """Who may work: up to `most` sessions prepare at once, or one measures and all others wait.

    Building and compiling take longer than sampling, and sampling needs quiet. So sessions
    prepare side by side until each that has started asks for its turn; then the turns are given
    one by one, and only after the last of them new sessions start.

    Parameters
    ----------
    most : int
        How many sessions may prepare at the same time.
    """

    def __init__(self, most: int) -> None:
        self._most, self._working, self._asking = most, 0, 0
        self._draining = self._closed = False
        self._changed = threading.Condition()

    def start(self) -> None:
        """Wait until there is room to prepare."""
        with self._changed:
            self._wait(lambda: self._working < self._most and not self._draining)
            self._working += 1

    def take(self) -> None:
        """Wait, having prepared, until no other session works, and then keep the machine."""
        with self._changed:
            self._working -= 1
            self._asking += 1
            self._changed.notify_all()
            self._wait(lambda: not self._working)
            self._asking -= 1
            self._working += 1
            self._draining = True

    def end(self) -> None:
        """Make room: the session has ended."""
        with self._changed:
            self._working -= 1
            self._draining = self._draining and self._asking > 0
            self._changed.notify_all()

    def close(self) -> None:
        """Let nobody work any more: whoever waits is told by an `InterruptedError`."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _wait(self, ready: Callable[[], bool]) -> None:
        self._changed.wait_for(lambda: self._closed or ready())
        if self._closed:
            raise InterruptedError("the run has ended")


def run(
    sessions: Sequence[Session], setting: str, store: Path, timeout: float = TIMEOUT
) -> Generator[tuple[Session, Outcome], None, None]:
    """Yield each session and its outcome as it ends; start only those that `store` does not hold.

    Yields
    ------
    Session, dict
        ``status`` is ``"done"`` (with ``entries``), ``"unavailable"`` or ``"failed"`` (each with a
        ``reason``). Only ``"done"`` is kept, so the others are tried again next time.

    Raises
    ------
    OSError
        Where no session can be kept, because the disk is full.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    runner = _Runner(setting, Store(store), Turns(cores or 1), Workers(), timeout)
    executor = ThreadPoolExecutor(2 * (cores or 1))
    try:
        running = {executor.submit(runner.outcome, session): session for session in sessions}
        while running:
            for done in wait(running, return_when=FIRST_COMPLETED).done:
                yield running.pop(done), done.result()
    finally:
        runner.turns.close()
        executor.shutdown(wait=False, cancel_futures=True)
        runner.workers.close()


@dataclass(frozen=True)
class _Runner:
    setting: str
    store: Store
    turns: Turns
    workers: Workers
    timeout: float

    def outcome(self, session: Session) -> Outcome:
        if reason := session.missing():
            return {"status": "unavailable", "reason": reason}
        if outcome := self.store.finished(session):
            return outcome
        self.store.forget(session)
        self.turns.start()
        try:
            failure = self._measure(session)
        finally:
            self.turns.end()
        outcome = self.store.finished(session)
        if failure or outcome is None:
            return self.store.fail(session, failure or "wrote nothing that can be read")
        if outcome["status"] != "done":
            self.store.forget(session)
        return outcome

    def _measure(self, session: Session) -> str:
        """Run a worker to its end, and return why it failed, or an empty string."""
        file, log = self.store.file(session), self.store.log(session)
        about = json.dumps(asdict(session))
        command = [sys.executable, str(_WORKER), self.setting, about, str(file)]
        process = self.workers.start(command, log)
        late = self._stop_later(process)
        with process:
            assert process.stdin and process.stdout  # noqa: S101 - both are pipes, for mypy
            for line in process.stdout:
                if line.strip() == READY:
                    late.cancel()
                    self.turns.take()
                    late = self._stop_later(process)
                    with suppress(BrokenPipeError):  # it died while it waited; its status says so
                        # Past the buffer, which would raise again when it is closed.
                        os.write(process.stdin.fileno(), f"{GO}\n".encode())
            status, overdue = process.wait(), not late.is_alive()
            late.cancel()
        self.workers.ended(process)
        if status == DISK_FULL:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(file))
        if status == 0:
            log.unlink()
            return ""
        if overdue:
            return f"still running after {self.timeout:g} s, stopped"
        # Who is ended by a signal has no last words: what stands in its log came long before.
        return _ending(status) if status < 0 else _last_words(log) or _ending(status)

    def _stop_later(self, process: subprocess.Popen[str]) -> threading.Timer:
        timer = threading.Timer(self.timeout, stop, [process])
        timer.daemon = True
        timer.start()
        return timer


def _last_words(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else ""


def _ending(status: int) -> str:
    if status == -signal.SIGKILL:
        return "was killed, as the system does when memory runs out"
    if status < 0:
        return f"was ended by the signal {signal.Signals(-status).name}"
    return f"ended with status {status} and no word"
