"""Worker processes: each with its children in a group of its own, none outlives its run."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.engine.leash import end_session

_LEASH = Path(__file__).with_name("leash.py")


class Workers:
    """The workers of a run."""

    def __init__(self) -> None:
        self._lock, self._closed = threading.Lock(), False
        self._running = list[subprocess.Popen[str]]()

    def start(self, command: Sequence[str], log: Path) -> subprocess.Popen[str]:
        """Start `command`, listening to it and with a pipe to tell it to go; errors go to `log`.

        A worker ends when its standard input does, so it ends however this process does. The
        signals of a terminal do not reach it: stopping it is for its run.

        Raises
        ------
        InterruptedError
            Where the run has ended meanwhile.
        """
        with self._lock, log.open("w", encoding="utf-8") as errors:
            if self._closed:
                raise InterruptedError("the run has ended")
            process = subprocess.Popen(  # noqa: S603 - our own worker, with our own arguments
                command,
                env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                start_new_session=True,
            )
            self._running.append(process)
        return process

    def ended(self, process: subprocess.Popen[str]) -> None:
        """Take it that `process` has ended."""
        with self._lock:
            self._running.remove(process)

    def close(self) -> None:
        """Stop all workers, and let no more start."""
        with self._lock:
            self._closed = True
            for process in self._running:
                stop(process)


def run_on_leash(module: str, *words: str, log: Path, known: Mapping[str, str]) -> int:
    """Run a Python module to its end and return its status; it does not outlive this process.

    Parameters
    ----------
    module, *words : str
        What to run, with its arguments.
    log : Path
        Where all goes that it says.
    known : mapping
        Environment variables, besides the usual.
    """
    command = [sys.executable, str(_LEASH), module, *words]
    with log.open("w", encoding="utf-8") as out:
        process = subprocess.Popen(  # noqa: S603 - a module of this environment
            command,
            env=os.environ | known,
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=out,
            text=True,
            start_new_session=True,
        )
    with process:
        try:
            return process.wait()
        finally:
            stop(process)


def stop(process: subprocess.Popen[str]) -> None:
    """Kill `process` and all that it started."""
    if process.poll() is None:
        end_session(process.pid)
