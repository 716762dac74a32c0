"""What a model's `call` does on stand-ins of any dtype, tried in a fresh copy of the model."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterable, Iterator
from typing import Any

from remedies.cures import scope_of
from remedies.inventory import owned_classes
from remedies.problem import reason
from remedies.rebuild import explain, observe
from remedies.state import leaves, mapped
from remedies.trip import Subject


class NoCopyError(Exception):
    """The model cannot be made anew from its config, or was never called."""


class Retrace:
    """What `call` raises on stand-ins for all that it is really fed; empty where it does not.

    Attributes
    ----------
    on_floats, on_true : str
        On float32 for every tensor, as Keras rebuilds a model, and on the true dtypes.

    Raises
    ------
    NoCopyError
        Where that cannot be tried.
    """

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._dtypes = [_dtype_of(leaf) for leaf in leaves(subject.feed.call)]
        self.on_floats = self._trace(range(len(self._dtypes)))
        self.on_true = self._trace(())

    def needed(self) -> dict[str, tuple[int, str]]:
        """Return, by path, number and dtype of the tensors that must have their true dtype."""
        if not self.on_floats or self.on_true:
            return {}
        names = list(inspect.signature(type(self._subject.model).call).parameters)[1:]
        args, kwargs = self._subject.feed.call
        named = [*zip(names, args, strict=False), *sorted(kwargs.items())]
        paths = [path for name, value in named for path in _paths(name, value)]
        odd = [n for n, dtype in enumerate(self._dtypes) if dtype not in ("", "float32")]
        needed = [n for n in odd if len(odd) == 1 or self._trace((n,))]
        return {paths[n]: (n, self._dtypes[n]) for n in needed or odd}

    def _trace(self, floats: Iterable[int]) -> str:
        import keras

        model, call = self._subject.model, self._subject.feed.call
        if not call:
            raise NoCopyError
        numbers, count = set(floats), iter(range(10_000))
        args, kwargs = mapped(lambda leaf: _stand_in(leaf, next(count) in numbers), call)
        with warnings.catch_warnings(), keras.saving.custom_object_scope(scope_of(model)):
            warnings.simplefilter("ignore")
            try:
                fresh = type(model).from_config(model.get_config())
            except Exception as error:
                raise NoCopyError from error
            with observe(owned_classes(model)) as calls:
                try:
                    fresh(*args, **kwargs)
                except Exception as error:
                    return next((each.error for each in explain(calls)), reason(error))
        return ""


def _paths(name: str, value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key in sorted(value):
            yield from _paths(f'{name}["{key}"]', value[key])
    elif isinstance(value, (list, tuple)):
        for number, part in enumerate(value):
            yield from _paths(f"{name}[{number}]", part)
    else:
        yield name


def _dtype_of(leaf: Any) -> str:
    dtype = getattr(leaf, "dtype", "")
    return str(getattr(dtype, "name", dtype))


def _stand_in(leaf: Any, as_float: bool) -> Any:
    import keras

    if not hasattr(leaf, "dtype"):
        return leaf
    return keras.KerasTensor(tuple(leaf.shape), "float32" if as_float else _dtype_of(leaf))
