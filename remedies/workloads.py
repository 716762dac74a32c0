"""The model families that remedies are written for: folders of recipes, and what they are fed."""

import hashlib
import importlib
import os
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np

from remedies.problem import BadInputError, refusing

Inputs = dict[str, np.ndarray]
_HERE = Path(__file__).parent
_SETTINGS = ("BATCH", "LOSS")


@dataclass(frozen=True)
class Workload:
    """A model family: a folder of recipes with a ``data.py`` beside them."""

    name: str  # that of its folder
    description: str  # the first line of its ``data.py``
    folder: Path
    draw: Callable[[np.random.Generator, int], tuple[Inputs, np.ndarray]]  # rng, batch: bool masks
    batch: int = 32  # that it is timed at unless said otherwise: `BATCH` in ``data.py``
    loss: str = "mse"  # the Keras loss that it is trained with: `LOSS` in ``data.py``

    def data(
        self, batch: int, mask_dtype: str = "bool", seed: int = 0
    ) -> tuple[Inputs, np.ndarray]:
        """Return one batch of inputs and targets, the same for the same arguments.

        >>> inputs, targets = WORKLOADS["image"].data(4, "float32")
        >>> inputs["mask"].shape, inputs["mask"].dtype.name, targets.shape
        ((4, 32, 32, 3), 'float32', (4, 2))
        """
        inputs, targets = self.draw(np.random.default_rng(seed), batch)
        return inputs | {"mask": inputs["mask"].astype(mask_dtype)}, targets


def load(folder: Path | str) -> Workload:
    """Return the workload in `folder`, or raise a `BadInputError` that says why it is none."""
    folder = Path(folder).resolve()
    if not (folder / "data.py").is_file():
        raise BadInputError(f"no workload: no data.py in folder {str(folder)!r}")
    module = load_module(folder, "data")
    if not callable(getattr(module, "draw", None)):
        raise BadInputError(f"no workload: no function draw(rng, batch) in {module.__file__}")
    description = (module.__doc__ or folder.name).strip().splitlines()[0]
    settings = {key.lower(): value for key, value in vars(module).items() if key in _SETTINGS}
    return Workload(folder.name, description, folder, module.draw, **settings)


def load_module(folder: Path, name: str) -> ModuleType:
    """Import ``name.py`` of a workload folder, in which ``from .name import`` means its siblings.

    Raises `BadInputError` where it cannot be imported.
    """
    with refusing(f"{folder / name}.py cannot be imported"):
        return importlib.import_module(f"{_package(folder)}.{name}")


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


def _package(folder: Path) -> str:
    """Return the package that `folder` is, so that two folders may hold modules of one name."""
    folder = folder.resolve()
    if folder.parent == _HERE:
        return f"{__package__}.{folder.name}"
    name = f"workload_{hashlib.sha256(str(folder).encode()).hexdigest()[:12]}"
    sys.modules.setdefault(name, ModuleType(name)).__path__ = [str(folder)]
    return name


SHIPPED = ("image", "attention", "inpaint")
FOLDERS = "TF_WHERE_WORKLOADS"  # users' folders, as PATH has its own
NEEDED = ("control", "ops_where")
WORKLOADS = {name: load(_HERE / name) for name in SHIPPED}
_PROBLEMS: list[str] = []


def require_name(name: str) -> str:
    """Return `name` if it reads as one word in a verdict and is no shipped workload's."""
    if name in SHIPPED:
        raise BadInputError(f"workload {name!r} is shipped; rename the folder")
    if not re.fullmatch("[a-z][a-z0-9_]{0,40}", name):
        raise BadInputError(f"workload {name!r}: call the folder by a-z, 0-9 and _ alone")
    return name


def add(folder: Path | str) -> None:
    """Add a user's workload to `WORKLOADS`, in this process and in those that it starts.

    Raises `BadInputError` where it is none, lacks one of `NEEDED`, or its name is taken.
    """
    folder = Path(folder).resolve()
    name = require_name(folder.name)
    if name in WORKLOADS and WORKLOADS[name].folder != folder:
        raise BadInputError(f"workload {name!r}: two folders have this name; rename one")
    made = load(folder)
    lacking = [f"{recipe}.py" for recipe in NEEDED if not (folder / f"{recipe}.py").is_file()]
    if lacking:
        raise BadInputError(f"workload {name!r} lacks {' and '.join(lacking)} in {folder}")
    WORKLOADS[name] = made
    os.environ[FOLDERS] = os.pathsep.join(dict.fromkeys([*_folders(), str(folder)]))


def _folders() -> list[str]:
    here = os.environ.get("ASV_CONF_DIR", "")  # asv runs in another folder than it is started in
    names = os.environ.get(FOLDERS, "").split(os.pathsep)
    return [str(Path(here, name).resolve()) for name in names if name]


def write(folder: Path) -> list[Path]:
    """Write the article's model and two remedies for it into a new `folder`; return the files."""
    name = require_name(folder.resolve().name)
    if folder.exists():
        raise BadInputError(f"{folder}: is there already; choose another folder")
    folder.mkdir(parents=True)
    written = [folder / file for file in ("data.py", "control.py", "tf_cast.py", "ops_where.py")]
    for path in written:
        text = (_HERE / "image" / path.name).read_text(encoding="utf-8")
        path.write_text(text.replace('"remedies.image"', f'"{name}"'), encoding="utf-8")
    return written


def own() -> tuple[str, ...]:
    """Return the names of the users' workloads; raise `BadInputError` where one is unusable."""
    if _PROBLEMS:
        raise BadInputError("; ".join(_PROBLEMS))
    return tuple(name for name in WORKLOADS if name not in SHIPPED)


for _folder in _folders():
    try:
        add(_folder)
    except BadInputError as _error:  # whoever measures is told; the package is of use without it
        _PROBLEMS.append(str(_error))
