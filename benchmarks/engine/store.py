"""Where a run keeps its sessions: a whole file each, and one run at a time."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.engine.plan import Session

Outcome = dict[str, Any]


class InUseError(Exception):
    """Another run works here; the message is one line that says which."""


@dataclass(frozen=True)
class Store:
    """A folder of finished sessions, and of the reasons why others failed.

    Attributes
    ----------
    folder : Path
        Its own; made when the first session starts.
    """

    folder: Path

    def file(self, session: Session) -> Path:
        """Return where `session` goes once it is finished."""
        return self.folder / f"{session}.json"

    def log(self, session: Session) -> Path:
        """Return where all goes that `session` says."""
        return self.folder / f"{session}.log"

    def finished(self, session: Session) -> Outcome | None:
        """Return the outcome of a session that ended well, else None."""
        return _read(self.file(session))

    def failed(self, session: Session) -> Outcome | None:
        """Return why `session` failed when it was last tried, else None."""
        return _read(self._failure(session))

    def fail(self, session: Session, reason: str) -> Outcome:
        """Keep `reason` until `session` is tried again, and return the outcome."""
        outcome = {"status": "failed", "reason": reason}
        write_whole(self._failure(session), json.dumps(outcome))
        return outcome

    def forget(self, session: Session) -> None:
        """Remove what is known of `session`."""
        for file in (self.file(session), self._failure(session), self.log(session)):
            file.unlink(missing_ok=True)

    def missing(self, sessions: Iterable[Session]) -> list[Session]:
        """Return those of `sessions` that are not finished."""
        return [session for session in sessions if not self.finished(session)]

    def reasons(self) -> dict[str, str]:
        """Return the reason of every session that failed, by the session's name."""
        found = {file.stem: _read(file) for file in sorted(self.folder.glob("*.failed"))}
        return {name: outcome["reason"] for name, outcome in found.items() if outcome}

    def discard(self) -> None:
        """Remove the whole store; interrupted at any point, it is there whole or not at all."""
        gone = Path(tempfile.mkdtemp(prefix=f"{self.folder.name}.gone-", dir=self.folder.parent))
        self.folder.rename(gone / "store")
        shutil.rmtree(gone)

    @contextmanager
    def used(self) -> Iterator[None]:
        """Have the store to oneself, with what killed runs left behind cleared away.

        Raises
        ------
        InUseError
            While another run has it.
        """
        # Beside the folder: a lock inside would go with it, and the next run would lock another.
        self.folder.mkdir(parents=True, exist_ok=True)
        with locked(self.folder.with_name(f"{self.folder.name}.lock"), wait=False):
            for rest in self.folder.parent.glob(f"{self.folder.name}.gone-*"):
                shutil.rmtree(rest, ignore_errors=True)
            for partial in self.folder.glob("*.partial"):
                partial.unlink()
            self.folder.mkdir(exist_ok=True)
            yield

    def _failure(self, session: Session) -> Path:
        return self.folder / f"{session}.failed"


def _read(file: Path) -> Outcome | None:
    try:
        outcome = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return outcome if isinstance(outcome, dict) and "status" in outcome else None


def write_whole(file: Path, text: str) -> None:
    """Write `text` to `file` so that whoever reads it, at any time, finds all of it or the old."""
    partial = file.with_name(f"{file.name}.{os.getpid()}.partial")
    try:
        with partial.open("w", encoding="utf-8") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def locked(file: Path, *, wait: bool) -> Iterator[None]:
    """Hold the lock `file`; the system gives it back however the process ends.

    Raises
    ------
    InUseError
        Where another process holds it and `wait` is false.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a+", encoding="utf-8") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            held.seek(0)
            who = held.read().strip() or "another process"
            raise InUseError(f"{who} is measuring the same here; wait for it, or stop it") from None
        held.truncate(0)
        held.write(f"process {os.getpid()} on {os.uname().nodename}, since {time.ctime()},")
        held.flush()
        yield
