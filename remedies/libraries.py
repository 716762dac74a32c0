"""Whose code a class or a file is: a framework's, an installed library's or the user's own."""

import inspect
import sys
import sysconfig
from pathlib import Path
from typing import Any

FRAMEWORKS = ("keras", "tensorflow", "numpy", "jax", "optree", "h5py", "wrapt", "absl")
_PYTHON, _SITES = Path(sysconfig.get_path("stdlib")), {"site-packages", "dist-packages"}
# The parts of this package that watch or drive a model; recipes and scenarios are models.
_PARTS = (".", "checking", "comparing", "state", "steps")
_OWN = {Path(__file__).parent / part for part in _PARTS}


def of_framework(cls: Any) -> bool:
    """Whether a class or function belongs to Keras, TensorFlow or what they stand on."""
    root = str(getattr(cls, "__module__", "")).partition(".")[0]
    return root in (*FRAMEWORKS, "builtins", "tensorflow_core")


def parameters(method: Any) -> dict[str, inspect.Parameter]:
    """Return the parameters of a class's method that have names, but for `self`."""
    named = list(inspect.signature(method).parameters.values())[1:]
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return {each.name: each for each in named if each.kind not in variadic}


def definer(cls: type, method: str) -> type:
    """Return the class that `cls` has `method` from; `object` where there is none."""
    return next((base for base in cls.__mro__ if method in vars(base)), object)


def overrides(cls: type, method: str) -> bool:
    """Whether a class has `method` of its own or of another class that is no framework's."""
    return not of_framework(definer(cls, method))


def of_user(cls: type) -> bool:
    """Whether a class is the user's own, and no installed package's."""
    path = Path(getattr(sys.modules.get(cls.__module__), "__file__", None) or "?")
    return not (of_framework(cls) or _SITES & {*path.parts} or path.is_relative_to(_PYTHON))


def is_framework_file(filename: str) -> bool:
    """Whether a frame's file is a framework's, Python's own or one that watches from here."""
    path = Path(filename)
    if filename.startswith("<") or path.parent in _OWN:
        return True
    loaded = [getattr(sys.modules.get(name), "__file__", None) for name in FRAMEWORKS]
    if any(path.is_relative_to(Path(file).parent) for file in loaded if file):
        return True
    return path.is_relative_to(_PYTHON) and not _SITES & {*path.parts}
