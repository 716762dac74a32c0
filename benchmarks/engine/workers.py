"""Worker processes: each with its children in a group of its own, none outlives its run."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path


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


def stop(process: subprocess.Popen[str]) -> None:
    """Kill `process` and all that it started."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
