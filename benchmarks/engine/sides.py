"""Two copies of `remedies` in one process: the recipes of a base commit and of a head commit."""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from types import ModuleType
from typing import Any

NAMES = ("base", "head")
VARIABLE = "REMEDIES_SIDES"
_PACKAGE = "remedies"


@dataclass(frozen=True)
class Wanted:
    """What a worker is to compare; it travels in the environment variable `VARIABLE`.

    Attributes
    ----------
    folders : dict of str to str
        ``base`` and ``head`` -> the folder that holds its copy of `remedies`.
    lines : tuple of (str, str, str)
        ``(metric, remedy, mask_dtype)`` of the rows to measure; empty for all that there are.
    slowed : tuple of (float, str)
        Trials of the gate itself: a share by which head's rows of a remedy, or of all where none
        is named, are slowed down on purpose, as series of their own.
    """

    folders: dict[str, str]
    lines: tuple[tuple[str, str, str], ...] = ()
    slowed: tuple[tuple[float, str], ...] = ()

    def tell(self) -> None:
        """Put it where the workers that this process starts find it."""
        os.environ[VARIABLE] = json.dumps(asdict(self))

    def takes(self, metric: str, remedy: str, mask_dtype: str) -> bool:
        """Whether this row is to be measured."""
        return not self.lines or (metric, remedy, mask_dtype) in self.lines

    def shares(self, remedy: str) -> list[float]:
        """Return the shares by which a row of `remedy` is slowed down."""
        return [share for share, only in self.slowed if only in ("", remedy)]


def wanted() -> Wanted:
    """Return what this worker was told to compare."""
    told = json.loads(os.environ[VARIABLE])
    lines, slowed = (tuple(map(tuple, told[name])) for name in ("lines", "slowed"))
    return Wanted(told["folders"], lines, slowed)


class Side:
    """One commit's `remedies`: its modules are in `sys.modules` only while it is `active`.

    Parameters
    ----------
    folder : str
        Holds the package `remedies`.
    """

    def __init__(self, folder: str) -> None:
        self._folder, self._modules = folder, dict[str, ModuleType]()
        self._objects = dict[str, Any]()

    @contextmanager
    def active(self) -> Iterator[ModuleType]:
        """Give this commit's `remedies`; what Keras loads is of this commit's classes.

        The two commits register classes of the same names, so the global registry holds whichever
        was imported last. A scope of Keras goes before the registry.
        """
        import keras

        with ExitStack() as stack:
            stack.enter_context(swapped(self._modules, self._folder))
            package = importlib.import_module(_PACKAGE)
            with keras.saving.custom_object_scope(self._objects):
                yield package
            self._objects |= _own(keras.saving.get_custom_objects(), self._modules_now())

    def _modules_now(self) -> Mapping[str, ModuleType]:
        return {name: module for name, module in sys.modules.items() if _is_ours(name)}


def _own(objects: Mapping[str, Any], modules: Mapping[str, ModuleType]) -> dict[str, Any]:
    """Return the registered objects that `modules` themselves define."""
    return {
        name: made
        for name, made in objects.items()
        if _defined(modules.get(getattr(made, "__module__", "")), made)
    }


def _defined(module: ModuleType | None, made: Any) -> bool:
    return getattr(module, getattr(made, "__name__", ""), None) is made


@contextmanager
def swapped(modules: dict[str, ModuleType], folder: str) -> Iterator[None]:
    """Have `modules` in `sys.modules` instead of the package's others; keep those that come."""
    others = {name: sys.modules.pop(name) for name in list(sys.modules) if _is_ours(name)}
    sys.modules |= modules
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        sys.path.remove(folder)
        modules |= {name: sys.modules.pop(name) for name in list(sys.modules) if _is_ours(name)}
        sys.modules |= others


def _is_ours(name: str) -> bool:
    return name == _PACKAGE or name.startswith(f"{_PACKAGE}.")
