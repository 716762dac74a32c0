"""What a model's `call` does on stand-ins of any dtype, without the model itself."""

from __future__ import annotations

import warnings
from typing import Any

from remedies.arrays import leaves, mapped
from remedies.inventory import owned_classes
from remedies.problem import reason
from remedies.rebuild import observe
from remedies.swallowed import explain
from remedies.trip import Subject


class Retrace:
    """What `call` does on stand-ins for all that it is really fed, in a fresh copy of the model."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        call = subject.feed.call or (((subject.feed.x,), {}) if subject.feed.x is not None else ())
        self._call = call
        self._leaves = [_dtype_of(leaf) for leaf in leaves(call)]
        self.possible = bool(call)
        self.on_floats, self.on_true = "", ""
        if self.possible:
            try:
                self.on_floats = self._trace(range(len(self._leaves)))
                self.on_true = self._trace(())
            except _NoCopyError:
                self.possible = False

    def needed(self) -> dict[str, tuple[int, str]]:
        """Return, by path, number and dtype of the tensors that must have their true dtype."""
        if not self.on_floats or self.on_true:
            return {}
        paths = self._paths()
        odd = [n for n, dtype in enumerate(self._leaves) if dtype not in ("", "float32")]
        needed = [n for n in odd if len(odd) == 1 or self._trace((n,))]
        return {paths[n]: (n, self._leaves[n]) for n in needed or odd}

    def _paths(self) -> list[str]:
        import inspect

        args, kwargs = self._call
        call = type(self._subject.model).call
        names = list(inspect.signature(call).parameters)[1:]
        named = [*zip(names, args, strict=False), *sorted(kwargs.items())]
        return [path for name, value in named for path in _leaf_paths(name, value)]

    def _trace(self, floats: Any) -> str:
        import keras

        model, floats = self._subject.model, set(floats)
        classes = owned_classes(model)
        scope = {keras.saving.get_registered_name(cls): cls for cls in classes}
        count = iter(range(10_000))
        args, kwargs = mapped(lambda leaf: _stand_in(leaf, next(count) in floats), self._call)
        with warnings.catch_warnings(), keras.saving.custom_object_scope(scope):
            warnings.simplefilter("ignore")
            try:
                fresh = type(model).from_config(model.get_config())
            except Exception as error:
                raise _NoCopyError from error
            with observe(classes) as calls:
                try:
                    fresh(*args, **kwargs)
                except Exception as error:
                    return next((each.error for each in explain(calls)), reason(error))
        return ""


class _NoCopyError(Exception):
    pass


def _leaf_paths(name: str, value: Any) -> list[str]:
    if isinstance(value, dict):
        return [p for key in sorted(value) for p in _leaf_paths(f'{name}["{key}"]', value[key])]
    if isinstance(value, (list, tuple)):
        return [p for n, part in enumerate(value) for p in _leaf_paths(f"{name}[{n}]", part)]
    return [name]


def _dtype_of(leaf: Any) -> str:
    dtype = getattr(leaf, "dtype", None)
    return str(getattr(dtype, "name", dtype)) if dtype is not None else ""


def _stand_in(leaf: Any, as_float: bool) -> Any:
    import keras

    if leaf is None or isinstance(leaf, (bool, int, float, str)) or not hasattr(leaf, "dtype"):
        return leaf
    dtype = "float32" if as_float else _dtype_of(leaf)
    return keras.KerasTensor(tuple(leaf.shape), dtype)
