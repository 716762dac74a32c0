"""What there is to compare: the remedies, and the workloads, folders of recipes for them."""

import ast
import hashlib
import importlib
import os
import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from remedies.problem import BadInputError, refusing

REFERENCE = "ops_where"
PLACEBO = "placebo"  # a second copy of the reference: what differs from it is noise
SHIPPED = ("image", "attention", "inpaint")
FOLDERS = "TF_WHERE_WORKLOADS"  # users' folders, as PATH has its own
NEEDED = ("control", "ops_where")
Batch = tuple[dict[str, np.ndarray], np.ndarray]
_HERE = Path(__file__).parent
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


@dataclass(frozen=True)
class Workload:
    """A model family: a folder of recipes with a ``data.py`` beside them."""

    name: str  # that of its folder
    description: str  # the first line of its ``data.py``
    folder: Path
    draw: Callable[[np.random.Generator, int], Batch]  # its masks are bool
    batch: int = 32  # that it is timed at unless said otherwise: `BATCH` in ``data.py``
    loss: str = "mse"  # the Keras loss that it is trained with: `LOSS` in ``data.py``

    def data(self, batch: int, mask_dtype: str = "bool") -> Batch:
        """Return one batch of inputs and targets, the same for the same arguments.

        >>> inputs, targets = WORKLOADS["image"].data(4, "float32")
        >>> inputs["mask"].shape, inputs["mask"].dtype.name, targets.shape
        ((4, 32, 32, 3), 'float32', (4, 2))
        """
        inputs, targets = self.draw(np.random.default_rng(0), batch)
        return inputs | {"mask": inputs["mask"].astype(mask_dtype)}, targets


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


def _module(folder: Path, name: str) -> ModuleType:
    """Import ``name.py`` of a workload folder; ``from .name import`` in it means its siblings."""
    with refusing(f"{folder / name}.py cannot be imported"):
        return importlib.import_module(f"{_package(folder)}.{name}")


def _package(folder: Path) -> str:
    """Return the package that `folder` is, so that two folders may hold modules of one name."""
    folder = folder.resolve()
    if folder.parent == _HERE:
        return f"{__package__}.{folder.name}"
    name = f"workload_{hashlib.sha256(str(folder).encode()).hexdigest()[:12]}"
    sys.modules.setdefault(name, ModuleType(name)).__path__ = [str(folder)]
    return name


def own_classes(folder: Path) -> dict[str, type]:
    """Return the classes that imported modules of `folder` register with Keras, by their names.

    Two folders may register one name, and Keras then keeps the class that came last: give these to
    `keras.saving.custom_object_scope`.
    """
    import keras

    package = _package(folder)
    modules = [module for name, module in sys.modules.items() if name.startswith(package)]
    members = [member for module in modules for member in vars(module).values()]
    own = [m for m in members if isinstance(m, type) and m.__module__.startswith(package)]
    return {keras.saving.get_registered_name(made): made for made in own}


def load(folder: Path | str) -> Workload:
    """Return the workload in `folder`, or raise a `BadInputError` that says why it is none."""
    folder = Path(folder).resolve()
    if not (folder / "data.py").is_file():
        raise BadInputError(f"no workload: no data.py in folder {str(folder)!r}")
    data = vars(_module(folder, "data"))
    if not callable(data.get("draw")):
        raise BadInputError(f"no workload: no function draw(rng, batch) in {data['__file__']}")
    description = (data["__doc__"] or folder.name).strip().splitlines()[0]
    settings = {name.lower(): data[name] for name in ("BATCH", "LOSS") if name in data}
    return Workload(folder.name, description, folder, data["draw"], **settings)


def recipes(folder: Path | str) -> tuple[str, ...]:
    """Return the modules with a function `make` in a folder, those of `REMEDIES` first."""
    names = [path.stem for path in sorted(Path(folder).glob("*.py")) if _MAKE.search(_text(path))]
    return tuple(sorted(names, key=[*REMEDIES, *names].index))


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def recipe(folder: Path | str, remedy: str) -> ModuleType:
    """Import the recipe `remedy` of any workload folder: its ``make()`` makes the model.

    Raises `BadInputError` where there is none, or it cannot be imported.
    """
    require("remedy", remedy, recipes(folder) or REMEDIES)
    return _module(Path(folder), remedy)


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
        Names from `WORKLOADS` and `REMEDIES`; others raise `BadInputError`.
    jit : bool
        Compile the steps with XLA.
    folder : path, optional
        Take the recipe from this one instead, such as another commit's; `workload` may then be any
        name. What a shipped workload is trained with does not change.
    **settings
        Passed to `keras.Model.compile`, over the workload's own loss and Adam.
    """
    if folder is None:
        folder = WORKLOADS[require("workload", workload, WORKLOADS)].folder
    trained = WORKLOADS[workload] if workload in WORKLOADS else load(folder)
    model = recipe(folder, remedy).make()
    defaults = {"optimizer": "adam", "loss": trained.loss, "jit_compile": jit}
    model.compile(**defaults | settings)
    return model


def lines_changed(folder: Path | str, remedy: str) -> int:
    """Return how many lines of `code` a recipe changes in the control of its workload's `folder`.

    A recipe that extends a sibling's model counts as that one and its own class's body.

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
    """Return a recipe's lines as Python writes them, with no docstring, its class as `Model`."""
    tree = ast.parse(_text(path))
    for node in ast.walk(tree):
        documented = isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))
        if documented and ast.get_docstring(node) is not None:  # type: ignore[arg-type]
            node.body = node.body[1:] or [ast.Pass()]  # type: ignore[attr-defined]
    text = ast.unparse(tree)
    if model := _MODEL.search(text):
        text = re.sub(rf"\b{model[1]}\b", "Model", text)
    return [each for each in text.splitlines() if each.strip()]


def require_name(name: str) -> str:
    """Return `name` if it reads as one word in a verdict and is no shipped workload's."""
    if name in SHIPPED:
        raise BadInputError(f"workload {name!r} is shipped; rename the folder")
    if not re.fullmatch("[a-z][a-z0-9_]{0,40}", name):
        raise BadInputError(f"workload {name!r}: call the folder by a-z, 0-9 and _ alone")
    return name


def add(folder: Path | str) -> None:
    """Add a user's workload to `WORKLOADS`.

    Raises `BadInputError` where it is none, lacks one of `NEEDED`, or its name is taken.
    """
    folder = Path(folder).resolve()
    name = require_name(folder.name)
    if name in WORKLOADS and WORKLOADS[name].folder != folder:
        raise BadInputError(f"workload {name!r}: two folders have this name; rename one")
    made = load(folder)
    lacking = [f"{each}.py" for each in NEEDED if each not in recipes(folder)]
    if lacking:
        raise BadInputError(f"workload {name!r} lacks {' and '.join(lacking)} in {folder}")
    WORKLOADS[name] = made


def write(folder: Path) -> list[Path]:
    """Write the article's model and two remedies for it into a new `folder`; return the files."""
    name = require_name(folder.resolve().name)
    if folder.exists():
        raise BadInputError(f"{folder}: is there already; choose another folder")
    folder.mkdir(parents=True)
    written = [folder / file for file in ("data.py", "control.py", "tf_cast.py", "ops_where.py")]
    for path in written:
        text = _text(_HERE / "image" / path.name).replace('"remedies.image"', f'"{name}"')
        path.write_text(text, encoding="utf-8")
    return written


def own() -> tuple[str, ...]:
    """Return the names of the users' workloads; raise `BadInputError` where one is unusable."""
    if _PROBLEMS:
        raise BadInputError("; ".join(_PROBLEMS))
    return tuple(name for name in WORKLOADS if name not in SHIPPED)


WORKLOADS = {name: load(_HERE / name) for name in SHIPPED}
_PROBLEMS: list[str] = []
_START = os.environ.get("ASV_CONF_DIR", "")  # asv runs in another folder than it is started in
for _folder in filter(None, os.environ.get(FOLDERS, "").split(os.pathsep)):
    try:
        add(Path(_START, _folder))
    except BadInputError as _error:  # whoever measures is told; the package is of use without it
        _PROBLEMS.append(str(_error))
