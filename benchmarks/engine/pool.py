"""Worker processes: many prepare at once, and then one at a time has the machine to itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.engine.plan import Session
from remedies.devices import missing

TIMEOUT = 1800
READY, GO = "ready", "go"
_WORKER = Path(__file__).with_name("worker.py")
Outcome = dict[str, Any]


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
) -> Iterator[tuple[Session, Outcome]]:
    """Yield each session and its outcome as it ends; start only those that `store` does not hold.

    Yields
    ------
    Session, dict
        ``status`` is ``"done"`` (with ``entries``), ``"unavailable"`` or ``"failed"`` (each with a
        ``reason``). Only ``"done"`` is kept, so the others are tried again next time.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    turns = Turns(cores or 1)
    processes: list[subprocess.Popen[str]] = []
    executor = ThreadPoolExecutor(2 * (cores or 1))
    try:
        running = {
            executor.submit(_outcome, session, setting, store, turns, processes, timeout): session
            for session in sessions
        }
        while running:
            for done in wait(running, return_when=FIRST_COMPLETED).done:
                yield running.pop(done), done.result()
    finally:
        turns.close()
        executor.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.kill()


def _outcome(
    session: Session,
    setting: str,
    store: Path,
    turns: Turns,
    processes: list[subprocess.Popen[str]],
    timeout: float,
) -> Outcome:
    if reason := missing(session.device):
        return {"status": "unavailable", "reason": reason}
    file = store / f"{session}.json"
    if (outcome := _read(file)) is None:
        turns.start()
        try:
            failure = _start(session, setting, file, turns.take, processes, timeout)
        finally:
            turns.end()
        outcome = _read(file)
        if failure or outcome is None:
            reason = f"session {session}: {failure or 'wrote nothing that can be read'}"
            return {"status": "failed", "reason": reason}
    if outcome["status"] != "done":
        file.unlink()
    return outcome


def _read(file: Path) -> Outcome | None:
    try:
        outcome = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return outcome if isinstance(outcome, dict) and "status" in outcome else None


def _start(
    session: Session,
    setting: str,
    file: Path,
    turn: Callable[[], None],
    processes: list[subprocess.Popen[str]],
    timeout: float,
) -> str:
    """Run a worker to its end, and return why it failed, or an empty string."""
    command = [sys.executable, str(_WORKER), setting, json.dumps(asdict(session)), str(file)]
    process = subprocess.Popen(  # noqa: S603 - our own worker, with our own arguments
        command,
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=(errors := file.with_suffix(".log").open("w+", encoding="utf-8")),
        text=True,
    )
    processes.append(process)
    late = threading.Timer(timeout, process.kill)
    late.start()
    with process, errors:
        assert process.stdin and process.stdout  # noqa: S101 - both are pipes, for mypy
        for line in process.stdout:
            if line.strip() == READY:
                late.cancel()
                turn()
                late = threading.Timer(timeout, process.kill)
                late.start()
                with suppress(BrokenPipeError):  # it died while it waited; its status says so
                    process.stdin.write(f"{GO}\n")
                    process.stdin.flush()
        status, overdue = process.wait(), not late.is_alive()
        late.cancel()
        errors.seek(0)
        said = errors.read()
    errors_file = Path(errors.name)
    if status == 0:
        errors_file.unlink()
        return ""
    if overdue:
        return f"still running after {timeout:g} s, stopped"
    last = said.strip().splitlines() or [f"ended with status {status}"]
    return f"{last[-1]} (all it said is in {errors_file})" if said else last[-1]
