"""Commits of the repository here: frozen to hashes, taken out, their recipes compared as code."""

import ast
import io
import subprocess
import tarfile
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from remedies import WORKLOADS

NAMES = ("base", "head")


class Recipe(NamedTuple):
    """A workload written with a remedy."""

    workload: str
    remedy: str


def freeze(*words: str) -> dict[str, str]:
    """Return the hashes, in full, of base and head of the current folder's repository, by `NAMES`.

    `ValueError`, in one line, where one is unknown, or the head here has changes.
    """
    commits = {name: _commit(word) for name, word in zip(NAMES, words, strict=True)}
    watched = ("--untracked-files=no", "--", "remedies", "requirements")
    if commits["head"] == _commit("HEAD") and _git("status", "--porcelain", *watched).stdout:
        raise ValueError("the working tree has changes that no commit holds; commit them")
    return commits


def _commit(word: str) -> str:
    done = _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{word}^{{commit}}")
    if done.returncode:
        raise ValueError(f"unknown commit {word!r}: git knows no such hash, branch or tag here")
    return done.stdout.decode().strip()


def _git(*words: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["git", *words], capture_output=True)  # noqa: S603, S607


def export(commit: str, folder: Path) -> Path:
    """Put a commit's `remedies` into `folder`, and return where its workloads are.

    The users' workloads of this repository are put beside them.
    """
    here = Path.cwd()
    folders = {"": here / "remedies", **{name: each.folder for name, each in WORKLOADS.items()}}
    trees = {name: path.relative_to(here) for name, path in folders.items() if here in path.parents}
    for name, tree in trees.items():
        done = _git("archive", "--format=tar", f"{commit}:{tree}")
        if not done.returncode:
            with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
                archive.extractall(folder / "remedies" / name, filter="data")
        elif not name:  # a commit may be older than a user's workload
            raise ValueError(f"{commit[:12]} has no package remedies")
    return folder / "remedies"


def pins(commit: str, device: str) -> str:
    """Return what a commit pins its libraries to: its lock file."""
    return _git("show", f"{commit}:requirements/{device}.txt").stdout.decode()


def recipes(folder: Path) -> dict[Recipe, str]:
    """Return the recipes of the workloads in `folder`, each with a name that only equal code has.

    A recipe is a module that makes a model. Its code includes that of the
    siblings that it imports; comments, docstrings and layout do not count. It is read, not run.
    """
    return {
        Recipe(name, file.stem): _code(file)
        for name in WORKLOADS
        for file in sorted((folder / name).glob("*.py"))
        if "def make(" in file.read_text("utf-8")
    }


def _code(recipe: Path) -> str:
    code: dict[str, str] = {}
    todo = [recipe]
    while todo:
        file = todo.pop()
        if file.name in code or not file.is_file():
            continue
        code[file.name] = file.read_text("utf-8")
        with suppress(SyntaxError, ValueError):  # running it tells what is wrong with it
            tree = ast.parse(code[file.name])
            code[file.name] = ast.dump(_Bare().visit(tree))
            for node in ast.walk(tree):
                if isinstance(node, ast.ImportFrom):
                    names = [node.module or "", *(name.name for name in node.names)]
                    todo += [file.with_name(f"{name.rpartition('.')[2]}.py") for name in names]
    return repr(sorted(code.items()))


class _Bare(ast.NodeTransformer):
    """Takes docstrings out, and other constants that do nothing."""

    def visit_Expr(self, node: ast.Expr) -> ast.Expr | None:  # noqa: N802  ast's own name
        return None if isinstance(node.value, ast.Constant) else node
