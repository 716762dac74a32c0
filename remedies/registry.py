"""What there is to compare: the remedies, and the recipes that write a workload with each."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from types import ModuleType
from typing import Any

from remedies import workloads
from remedies.workloads import WORKLOADS

REFERENCE = "ops_where"
PLACEBO = "placebo"  # a second copy of the reference: what differs from it is noise


class UnknownNameError(ValueError):
    """A remedy, workload or device that does not exist; the message lists those that do."""


@dataclass(frozen=True)
class Remedy:
    """One way of writing a model that uses `tf.where`."""

    name: str  # in results, module names and commands
    idea: str  # what the user changes, in one sentence
    mask_dtypes: tuple[str, ...] = ("bool", "float32")  # that a model written so accepts


REMEDIES = {
    remedy.name: remedy
    for remedy in (
        Remedy("control", "Nothing: raw tf.where in a subclassed model.", ("bool",)),
        Remedy("build_from_config", "Override build_from_config and build each layer.", ("bool",)),
        Remedy("build_from_config_pair", "The same, with a get_build_config to match.", ("bool",)),
        Remedy("tf_cast", 'Cast the mask first: tf.where(tf.cast(mask, "bool"), ...).'),
        Remedy("functional_bool_input", 'State the dtype: keras.Input(..., dtype="bool").'),
        Remedy("ops_where", "Call keras.ops.where instead of tf.where."),
    )
}


def preference(remedy: str, lines: float, costs: float, kept: int) -> tuple[float, ...]:
    """Return the rank of a remedy that keeps a model whole: the least is recommended.

    The fewest lines to change, then the least cost, then the most situations in which it keeps the
    model; of equals the first in `REMEDIES`.

    Examples
    --------
    >>> min(("ops_where", "tf_cast"), key=lambda remedy: preference(remedy, 1, 0.0, 9))
    'tf_cast'
    """
    order = [*REMEDIES]
    return lines, costs, -kept, order.index(remedy) if remedy in order else len(order)


def require(kind: str, name: str, allowed: Iterable[str]) -> str:
    """Return `name` if it is one of `allowed`, or raise an `UnknownNameError` that lists them."""
    allowed = tuple(allowed)
    if name not in allowed:
        raise UnknownNameError(f"unknown {kind} {name!r}; choose from: {', '.join(allowed)}")
    return name


def recipes(folder: Path | str) -> tuple[str, ...]:
    """Return the names of the recipes in a workload folder: its modules with a function `make`.

    They are read, not imported; those of `REMEDIES` come first, in their order.
    """
    names = [path.stem for path in sorted(Path(folder).glob("*.py")) if _defines_make(path)]
    return tuple(sorted(names, key=lambda n: list(REMEDIES).index(n) if n in REMEDIES else 99))


def _defines_make(path: Path) -> bool:
    try:
        body = ast.parse(path.read_text(encoding="utf-8")).body
    except (SyntaxError, ValueError):
        return path.stem in REMEDIES  # importing it tells what is wrong with it
    return any(isinstance(node, ast.FunctionDef) and node.name == "make" for node in body)


def load(folder: Path | str, remedy: str) -> ModuleType:
    """Import and return the recipe module `remedy` of any workload folder.

    Importing a recipe imports TensorFlow. Its ``make()`` returns the uncompiled model; its
    relative imports mean its siblings in `folder`. Raises `UnknownNameError` where the folder has
    no such recipe, and `WorkloadError` where it cannot be imported.
    """
    require("remedy", remedy, recipes(folder) or REMEDIES)
    return workloads.load_module(Path(folder), remedy)


def recipe(workload: str, remedy: str) -> ModuleType:
    """Import and return the module that writes the shipped `workload` with `remedy`, as `load`."""
    require("workload", workload, WORKLOADS)
    return load(WORKLOADS[workload].folder, remedy)


def build(
    workload: str,
    remedy: str,
    *,
    jit: bool = False,
    folder: Path | str | None = None,
    **settings: Any,
) -> Any:
    """Return a compiled, never called `keras.Model`: `workload` written with `remedy`.

    Parameters
    ----------
    workload, remedy : str
        Names from `WORKLOADS` and `REMEDIES`.
    jit : bool
        Compile the steps with XLA.
    folder : path, optional
        Take the recipe from this folder instead, such as another commit's or a user's; `workload`
        may then be any name. What a shipped workload is trained with does not change.
    **settings
        Passed to `keras.Model.compile`, over the workload's own loss and Adam.

    Raises
    ------
    UnknownNameError
        For a workload or remedy that does not exist.
    """
    if folder is None:
        require("workload", workload, WORKLOADS)
        folder = WORKLOADS[workload].folder
    trained = WORKLOADS[workload] if workload in WORKLOADS else workloads.load(folder)
    model = load(folder, remedy).make()
    defaults = {"optimizer": "adam", "loss": trained.loss, "jit_compile": jit}
    model.compile(**defaults | settings)
    return model


def lines_changed(workload: str, remedy: str, folder: Path | str | None = None) -> int:
    """Return how many lines of code a recipe changes in its workload's control.

    A line that is changed counts once, and so does one that is added or removed; blank lines,
    comments, docstrings, line breaks within a statement and the name of the model's class do not
    count. A recipe that extends a sibling counts as if its class's body stood in the sibling's.
    `folder` has the recipes where they are no shipped workload's.

    >>> lines_changed("image", "control"), lines_changed("image", "ops_where")
    (0, 2)
    """
    if folder is None:
        require("workload", workload, WORKLOADS)
        folder = WORKLOADS[workload].folder
    for name in ("control", remedy):
        require("remedy", name, recipes(folder))
    control, changed = (_code(_whole(Path(folder) / f"{name}.py")) for name in ("control", remedy))
    edits = SequenceMatcher(None, control, changed, autojunk=False).get_opcodes()
    return sum(max(i2 - i1, j2 - j1) for kind, i1, i2, j1, j2 in edits if kind != "equal")


def code(path: Path) -> list[str]:
    """Return a recipe's lines as Python itself would write them, its model's class as `Model`."""
    return _code(_plain(path))


def _code(tree: ast.Module) -> list[str]:
    model = _model_class(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and node.name == model:
            node.name = "Model"
        elif isinstance(node, ast.Name) and node.id == model:
            node.id = "Model"
    return [line for line in ast.unparse(tree).splitlines() if line.strip()]


def _plain(path: Path) -> ast.Module:
    """Return a recipe's tree without docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        documented = isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))
        if documented and ast.get_docstring(node) is not None:  # type: ignore[arg-type]
            node.body = node.body[1:] or [ast.Pass()]  # type: ignore[attr-defined]
    return tree


def _whole(path: Path) -> ast.Module:
    """Return a recipe's tree without docstrings; one that extends a sibling's class, in that."""
    tree = _plain(path)
    siblings = {
        alias.name: path.with_name(f"{node.module}.py")
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.level == 1
        for alias in node.names
    }
    own = _class_named(tree, _model_class(tree))
    for base in own.bases if own else ():
        sibling = siblings.get(base.id) if isinstance(base, ast.Name) else None
        if own and sibling and _defines_make(sibling):
            extended = _whole(sibling)
            parent = _class_named(extended, _model_class(extended))
            if parent:
                parent.body += own.body
                return extended
    return tree


def _model_class(tree: ast.Module) -> str:
    """Return the name of the class that `make` returns an instance of; empty if there is none."""
    returned = [
        node.value.func.id
        for make in tree.body
        if isinstance(make, ast.FunctionDef) and make.name == "make"
        for node in ast.walk(make)
        if isinstance(node, ast.Return)
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Name)
    ]
    return returned[-1] if returned else ""


def _class_named(tree: ast.Module, name: str) -> ast.ClassDef | None:
    classes = (node for node in tree.body if isinstance(node, ast.ClassDef))
    return next((node for node in classes if node.name == name), None)
