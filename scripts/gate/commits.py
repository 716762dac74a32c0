"""Commits of a repository: frozen to hashes, taken out, and their recipes compared as code."""

from __future__ import annotations

import ast
import hashlib
import io
import json
import os
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

NAMES = ("base", "head")
FOLDERS = "TF_WHERE_WORKLOADS"  # as in `remedies.workloads`, which takes a second to import


class CommitError(ValueError):
    """Two commits cannot be compared; the message is one line that says why."""


class Pins(NamedTuple):
    """What a commit pins its libraries to: a lock file, and the matrix of asv as JSON."""

    lock: str
    matrix: str

    @property
    def name(self) -> str:
        """Return a short name that only equal pins have."""
        return hashlib.sha256("\0".join(self).encode()).hexdigest()[:12]


class Recipe(NamedTuple):
    """A workload written with a remedy."""

    workload: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.workload}/{self.remedy}"


@dataclass(frozen=True)
class Repository:
    """A git repository, by its working tree."""

    folder: Path

    def freeze(self, base: str, head: str) -> dict[str, str]:
        """Return both commits' hashes, in full, by `NAMES`.

        Raises
        ------
        CommitError
            Where one is unknown, they share no history, or `head` is checked out with changes.
        """
        result = {"base": self._commit(base), "head": self._commit(head)}
        if not self._said("merge-base", *result.values()):
            raise CommitError(f"{base} and {head} share no history: nothing to compare")
        watched = ("remedies", "requirements", "asv.conf.json")
        changed = self._said("status", "--porcelain", "--untracked-files=no", "--", *watched)
        if changed and result["head"] == self._commit("HEAD"):
            raise CommitError("the working tree has changes that no commit holds; commit them")
        return result

    def export(self, commit: str, folder: Path) -> Path:
        """Put a commit's `remedies` into `folder`, and return where its workloads are."""
        done = self._git("archive", "--format=tar", commit, "remedies")
        if done.returncode:
            raise CommitError(f"{commit[:12]} has no package remedies")
        self._unpack(done.stdout, folder)
        for name, path in self._users().items():
            own = self._git("archive", "--format=tar", f"{commit}:{path}")
            if not own.returncode:  # a commit may be older than the workload
                self._unpack(own.stdout, folder / "remedies" / name)
        return folder / "remedies"

    def _users(self) -> dict[str, str]:
        """Return the users' workloads of this repository: name -> path in it."""
        root = self.folder.resolve()
        paths = [Path(text).resolve() for text in os.environ.get(FOLDERS, "").split(os.pathsep)]
        own = (path for path in paths if root in path.parents)
        return {path.name: str(path.relative_to(root)) for path in own}

    @staticmethod
    def _unpack(archive: bytes, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
            opened.extractall(folder, filter="data")

    def pins(self, commit: str, device: str) -> Pins:
        """Return what a commit pins its libraries to on a device."""
        lock = self._said("show", f"{commit}:requirements/{device}.txt")
        config = json.loads(self._said("show", f"{commit}:asv.conf.json") or "{}")
        return Pins(lock, json.dumps(config.get("matrix", {}), sort_keys=True))

    def _commit(self, word: str) -> str:
        words = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{word}^{{commit}}")
        if result := self._said(*words):
            return result
        raise CommitError(f"unknown commit {word!r}: git knows no such hash, branch or tag")

    def _said(self, *words: str) -> str:
        return self._git(*words).stdout.decode().strip()

    def _git(self, *words: str) -> subprocess.CompletedProcess[bytes]:
        command = ["git", *words]
        return subprocess.run(command, cwd=self.folder, capture_output=True)  # noqa: S603


def here() -> Repository:
    """Return the repository of the current folder."""
    words = ["git", "rev-parse", "--show-toplevel"]
    done = subprocess.run(words, capture_output=True, text=True)  # noqa: S603
    if done.returncode:
        raise CommitError("not in a git repository: run it in a clone of this one")
    return Repository(Path(done.stdout.strip()))


def recipes(folder: Path) -> dict[Recipe, str]:
    """Return the recipes of the workloads in `folder`, each with a name that only equal code has.

    A recipe is a module beside a ``data.py`` that makes a model. Its code includes that of the
    siblings that it imports; comments, docstrings and layout do not count. It is read, not run.
    """
    return {
        Recipe(file.parent.name, file.stem): _code(file)
        for workload in sorted({file.parent for file in folder.glob("*/data.py")})
        for file in sorted(workload.glob("*.py"))
        if "def make(" in file.read_text("utf-8")
    }


def _code(recipe: Path) -> str:
    result: dict[str, str] = {}
    todo = [recipe]
    while todo:
        file = todo.pop()
        if file.name in result or not file.is_file():
            continue
        result[file.name] = file.read_text("utf-8")
        try:
            tree = _bare(ast.parse(result[file.name]))
        except (SyntaxError, ValueError):
            continue  # running it tells what is wrong with it
        result[file.name] = ast.dump(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                names = [node.module or "", *(name.name for name in node.names)]
                todo += [file.with_name(f"{name.rpartition('.')[2]}.py") for name in names]
    return hashlib.sha256(repr(sorted(result.items())).encode()).hexdigest()


def _bare(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        documented = isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))
        if documented and ast.get_docstring(node) is not None:  # type: ignore[arg-type]
            node.body = node.body[1:] or [ast.Pass()]  # type: ignore[attr-defined]
    return tree
