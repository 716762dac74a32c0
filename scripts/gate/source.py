"""The code that a recipe consists of, so that equal code need not be measured."""

from __future__ import annotations

import ast
import hashlib
from pathlib import Path

_SHARED = ("remedies.registry", "remedies.workloads")  # they compile every model, and feed it


def fingerprint(folder: Path, workload: str, remedy: str) -> str:
    """Return what only the same code has; comments, docstrings and layout do not count.

    Parameters
    ----------
    folder : Path
        Holds the package `remedies`.
    workload, remedy : str
        Name the recipe. Everything of the package that it imports counts too.

    Raises
    ------
    SyntaxError
        Where a file is no Python.
    """
    found: dict[str, str] = {}
    todo = [f"remedies.{workload}.{remedy}", *_SHARED]
    while todo:
        module = todo.pop()
        file = folder.joinpath(*module.split(".")).with_suffix(".py")
        if module in found or not file.is_file():
            continue
        tree = ast.parse(file.read_text(encoding="utf-8"), str(file))
        found[module] = ast.dump(_bare(tree))
        if module not in _SHARED:  # what those import is not run by a recipe's steps
            todo += _imported(tree)
    text = "\n".join(f"{module} {found[module]}" for module in sorted(found))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _imported(tree: ast.AST) -> list[str]:
    modules = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules += [name.name for name in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            modules += [node.module, *(f"{node.module}.{name.name}" for name in node.names)]
    return [module for module in modules if module.startswith("remedies.")]


def _bare(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(
            node
        ):
            node.body = node.body[1:] or [ast.Pass()]
    return tree
