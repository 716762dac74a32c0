"""What there is to compare: the remedies, and the recipes that write a workload with each."""

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from types import ModuleType
from typing import Any

from remedies import workloads
from remedies.problem import BadInputError
from remedies.workloads import WORKLOADS

REFERENCE = "ops_where"
PLACEBO = "placebo"  # a second copy of the reference: what differs from it is noise
_MAKE = re.compile(r"^def make\(", re.MULTILINE)
_MODEL = re.compile(r"^def make\(.*?^    return (\w+)\(", re.MULTILINE | re.DOTALL)


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


def preference(lines: float, costs: float, kept: int) -> tuple[float, ...]:
    """Return the rank of a remedy that keeps a model whole: the least is recommended.

    The fewest lines to change, then the least cost, then the most situations in which it keeps the
    model; of equals the first.
    """
    return lines, costs, -kept


def require(kind: str, name: str, allowed: Iterable[str]) -> str:
    """Return `name` if it is one of `allowed`, or raise a `BadInputError` that lists them."""
    allowed = tuple(allowed)
    if name not in allowed:
        raise BadInputError(f"unknown {kind} {name!r}; choose from: {', '.join(allowed)}")
    return name


def recipes(folder: Path | str) -> tuple[str, ...]:
    """Return the modules with a function `make` in a folder, read but not imported.

    Those of `REMEDIES` come first, in their order.
    """
    names = [path.stem for path in sorted(Path(folder).glob("*.py")) if _MAKE.search(_text(path))]
    return tuple(sorted(names, key=[*REMEDIES, *names].index))


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def load(folder: Path | str, remedy: str) -> ModuleType:
    """Import and return the recipe `remedy` of any workload folder: ``make()`` makes the model.

    Raises `BadInputError` where the folder has no such recipe, or it cannot be imported.
    """
    require("remedy", remedy, recipes(folder) or REMEDIES)
    return workloads.load_module(Path(folder), remedy)


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
        Take the recipe from this one instead, such as another commit's; `workload` may then be any
        name. What a shipped workload is trained with does not change.
    **settings
        Passed to `keras.Model.compile`, over the workload's own loss and Adam.

    Raises
    ------
    BadInputError
        For a workload or remedy that does not exist.
    """
    if folder is None:
        folder = WORKLOADS[require("workload", workload, WORKLOADS)].folder
    trained = WORKLOADS[workload] if workload in WORKLOADS else workloads.load(folder)
    model = load(folder, remedy).make()
    defaults = {"optimizer": "adam", "loss": trained.loss, "jit_compile": jit}
    model.compile(**defaults | settings)
    return model


def lines_changed(folder: Path | str, remedy: str) -> int:
    """Return how many lines of code a recipe changes in the control of its workload's `folder`.

    A line that is changed counts once, and so does one that is added or removed; blank lines,
    comments, docstrings, line breaks within a statement and the name of the model's class do not
    count. A recipe that extends a sibling's model counts as that one and its own class's body.

    >>> [lines_changed(WORKLOADS["image"].folder, name) for name in ("control", "ops_where")]
    [0, 2]
    """
    control, changed = (code(Path(folder, f"{name}.py")) for name in ("control", remedy))
    text = "\n".join(changed)
    if extended := [name for name in recipes(folder) if f"from .{name} import " in text]:
        [body] = re.findall(r"^class Model\(.*\n((?: .*\n)*)", text, re.MULTILINE)
        return lines_changed(folder, extended[0]) + len(body.splitlines())
    edits = SequenceMatcher(None, control, changed, autojunk=False).get_opcodes()
    return sum(max(i2 - i1, j2 - j1) for kind, i1, i2, j1, j2 in edits if kind != "equal")


def code(path: Path) -> list[str]:
    """Return a recipe's lines as Python itself would write them, its model's class as `Model`.

    They are without docstrings.
    """
    tree = ast.parse(_text(path))
    for node in ast.walk(tree):
        documented = isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))
        if documented and ast.get_docstring(node) is not None:  # type: ignore[arg-type]
            node.body = node.body[1:] or [ast.Pass()]  # type: ignore[attr-defined]
    text = ast.unparse(tree)
    if model := _MODEL.search(text):
        text = re.sub(rf"\b{model[1]}\b", "Model", text)
    return [each for each in text.splitlines() if each.strip()]
