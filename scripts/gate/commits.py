"""Commits of the repository in the current folder: frozen to hashes, taken out, compared."""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LOCKS = ("requirements/cpu.txt", "requirements/gpu.txt")
CONFIG = "asv.conf.json"


class CommitError(ValueError):
    """Two commits cannot be compared; the message is one line that says why."""


@dataclass(frozen=True)
class Repository:
    """A git repository.

    Attributes
    ----------
    folder : Path
        Its working tree.
    """

    folder: Path

    def freeze(self, base: str, head: str) -> tuple[str, str]:
        """Return both commits' hashes, in full.

        Raises
        ------
        CommitError
            Where one is unknown, they share no history, or `head` is checked out with changes.
        """
        found = self._commit(base), self._commit(head)
        if self._git("merge-base", *found).returncode:
            raise CommitError(f"{base} and {head} share no history: nothing to compare")
        changed = self._said(
            "status", "--porcelain", "--untracked-files=no", "--", "remedies", CONFIG, *LOCKS
        )
        if changed and found[1] == self._commit("HEAD"):
            raise CommitError(
                "the working tree has changes that no commit holds; commit them first"
            )
        return found

    def export(self, commit: str, folder: Path) -> Path:
        """Put the package `remedies`, as `commit` has it, into `folder` and return that.

        Raises
        ------
        CommitError
            Where the commit has none.
        """
        done = self._git("archive", "--format=tar", commit, "remedies")
        if done.returncode:
            raise CommitError(f"{commit[:12]} has no package remedies")
        with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
            archive.extractall(folder, filter="data")
        return folder

    def pins(self, commit: str) -> tuple[str, ...]:
        """Return what a commit pins its libraries to."""
        texts = [self._said("show", f"{commit}:{name}") for name in LOCKS]
        return (*texts, json.dumps(self.matrix(commit)))

    def matrix(self, commit: str) -> dict[str, Any]:
        """Return the matrix of a commit's ``asv.conf.json``: of its settings, what pins."""
        config = json.loads(self._said("show", f"{commit}:{CONFIG}") or "{}")
        return dict(config.get("matrix", {}))

    def between(self, base: str, head: str, *paths: str) -> list[str]:
        """Return the commits after `base` up to `head` that touch `paths`, the oldest first."""
        words = ("rev-list", "--reverse", "--first-parent", f"{base}..{head}", "--", *paths)
        return self._said(*words).split()

    def _commit(self, word: str) -> str:
        found = self._said(
            "rev-parse", "--verify", "--quiet", "--end-of-options", f"{word}^{{commit}}"
        )
        if not found:
            raise CommitError(f"unknown commit {word!r}: git knows no such hash, branch or tag")
        return found

    def _said(self, *words: str) -> str:
        return self._git(*words).stdout.decode().strip()

    def _git(self, *words: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(  # noqa: S603
            ["git", *words],  # noqa: S607
            cwd=self.folder,
            capture_output=True,
            check=False,
        )


def here() -> Repository:
    """Return the repository of the current folder.

    Raises
    ------
    CommitError
        Where there is none.
    """
    words = ["git", "rev-parse", "--show-toplevel"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise CommitError("not in a git repository: run it in a clone of this one")
    return Repository(Path(done.stdout.strip()))
