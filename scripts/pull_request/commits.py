"""Commits of the repository here: frozen to hashes, taken out, their recipes compared as code."""

import ast
import io
import os
import subprocess
import tarfile
from pathlib import Path
from typing import NamedTuple

NAMES = ("base", "head")
FOLDERS = "TF_WHERE_WORKLOADS"  # as in `remedies.registry`, which takes a second to import


class CommitError(ValueError):
    """Two commits cannot be compared; the message is one line that says why."""


class Recipe(NamedTuple):
    """A workload written with a remedy."""

    workload: str
    remedy: str


def freeze(base: str, head: str) -> dict[str, str]:
    """Return the hashes, in full, of two commits of the current folder's repository, by `NAMES`.

    `CommitError` where one is unknown, or the head here has changes.
    """
    result = {"base": _commit(base), "head": _commit(head)}
    watched = ("status", "--porcelain", "--untracked-files=no", "--", "remedies", "requirements")
    changed = _text(*watched)
    if changed and result["head"] == _commit("HEAD"):
        raise CommitError("the working tree has changes that no commit holds; commit them")
    return result


def export(commit: str, folder: Path) -> Path:
    """Put a commit's `remedies` into `folder`, and return where its workloads are.

    The users' workloads of this repository are put beside them.
    """
    root, names = Path().resolve(), os.environ.get(FOLDERS, "").split(os.pathsep)
    paths = [Path(name).resolve() for name in names if name]
    users = {path.name: path.relative_to(root) for path in paths if root in path.parents}
    for name, tree in {"": Path("remedies"), **users}.items():
        place = folder / "remedies" / name
        done = _git("archive", "--format=tar", f"{commit}:{tree}")
        if not done.returncode:
            place.mkdir(parents=True, exist_ok=True)
            with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
                archive.extractall(place, filter="data")
        elif not name:  # a commit may be older than a user's workload
            raise CommitError(f"{commit[:12]} has no package remedies")
    return folder / "remedies"


def pins(commit: str, device: str) -> str:
    """Return what a commit pins its libraries to: its lock file."""
    return _text("show", f"{commit}:requirements/{device}.txt")


def _commit(word: str) -> str:
    words = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{word}^{{commit}}")
    if result := _text(*words):
        return result
    raise CommitError(f"unknown commit {word!r}: git knows no such hash, branch or tag here")


def _text(*words: str) -> str:
    return _git(*words).stdout.decode().strip()


def _git(*words: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["git", *words], capture_output=True)  # noqa: S603, S607


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
            tree = ast.parse(result[file.name])
        except (SyntaxError, ValueError):
            continue  # running it tells what is wrong with it
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                names = [node.module or "", *(name.name for name in node.names)]
                todo += [file.with_name(f"{name.rpartition('.')[2]}.py") for name in names]
        result[file.name] = ast.dump(_Bare().visit(tree))
    return repr(sorted(result.items()))


class _Bare(ast.NodeTransformer):
    """Takes docstrings out, and other constants that do nothing."""

    def visit_Expr(self, node: ast.Expr) -> ast.Expr | None:  # noqa: N802  ast's own name
        return None if isinstance(node.value, ast.Constant) else node
