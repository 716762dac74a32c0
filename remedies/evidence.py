"""Experiments on a user's model: what is at fault, and would a remedy hold."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from remedies.arguments import mapped, spread, tensors
from remedies.problem import one_line
from remedies.rebuild import observe, owned_classes
from remedies.swallowed import explain


@dataclass(frozen=True)
class Retrace:
    """What `call` did on stand-ins (`keras.KerasTensor`) for every argument that it is really fed.

    Attributes
    ----------
    on_floats, on_true : str
        What it raised with float32 for every leaf, and with the true dtypes; empty if nothing.
    """

    on_floats: str
    on_true: str


def registered(model: Any) -> dict[str, type]:
    """Return the user's classes in `model` by the names that Keras looks up on load."""
    import keras

    return {keras.saving.get_registered_name(cls): cls for cls in owned_classes(model)}


def retrace(model: Any, inputs: Any) -> Retrace | None:
    """Trace a fresh copy of `model` as Keras' rebuild does, but with all arguments.

    Returns None where no fresh copy can be made from the model's own config.
    """
    try:
        return Retrace(*(_traced(model, inputs, dtype) for dtype in ("float32", "")))
    except _NoCopyError:
        return None


class _NoCopyError(Exception):
    pass


def _traced(model: Any, inputs: Any, dtype: str) -> str:
    import keras

    with warnings.catch_warnings(), keras.saving.custom_object_scope(registered(model)):
        warnings.simplefilter("ignore")
        try:
            fresh = type(model).from_config(model.get_config())
        except Exception as error:
            raise _NoCopyError from error
        args, kwargs = spread(type(model), mapped(lambda one: _stand_in(one, dtype), inputs))
        with observe((type(model), *owned_classes(model))) as calls:
            try:
                fresh(*args, **kwargs)
            except Exception as error:
                return next((one.error for one in explain(calls)), one_line(error))
    return ""


def _stand_in(array: Any, dtype: str) -> Any:
    import keras

    true = keras.backend.standardize_dtype(np.asarray(array).dtype)
    return keras.KerasTensor(tuple(np.shape(array)), dtype or true)


@contextmanager
def remembering(cls: type, inputs: Any) -> Iterator[None]:
    """Give `cls` the remedy `build_from_config_pair`: it is built by a call on zeros like `inputs`.

    What the user would write, so that it can be tried before it is advised.
    """
    small = mapped(lambda one: np.zeros((1, *np.shape(one)[1:]), np.asarray(one).dtype), inputs)

    def build_from_config(self: Any, config: Any) -> None:
        args, kwargs = spread(cls, tensors(small))
        self(*args, **kwargs)

    trial = {
        "get_build_config": lambda self: {"tried": True},
        "build_from_config": build_from_config,
    }
    kept = {name: vars(cls)[name] for name in trial if name in vars(cls)}
    for name, method in trial.items():
        setattr(cls, name, method)
    try:
        yield
    finally:
        for name in trial:
            if name in kept:
                setattr(cls, name, kept[name])
            else:
                delattr(cls, name)


def code_for(cls: type, inputs: Any) -> str:
    """Return the two methods that `remembering` tried, as a user would write them."""
    described = mapped(_described, inputs)
    args, kwargs = spread(cls, described)
    if kwargs or len(args) > 1:
        stored, call = kwargs or list(args), "self(**zeros)" if kwargs else "self(*zeros)"
    else:
        stored, call = args[0], "self(zeros)"
    return _CODE.format(stored=_literal(stored), zeros=_zeros(stored, "inputs"), call=call)


_CODE = """\
INPUTS = {stored}

def get_build_config(self):
    return {{"inputs": self.INPUTS}}

def build_from_config(self, config):
    inputs = config.get("inputs", self.INPUTS)  # a file saved before this has none
    zeros = {zeros}
    {call}"""


def _described(array: Any) -> str:
    import keras

    shape = ", ".join(map(str, (1, *np.shape(array)[1:])))
    return f"[[{shape}], {keras.backend.standardize_dtype(np.asarray(array).dtype)!r}]"


def _literal(stored: Any) -> str:
    if isinstance(stored, dict):
        return "{" + ", ".join(f'"{key}": {_literal(one)}' for key, one in stored.items()) + "}"
    if isinstance(stored, (list, tuple)):
        return "[" + ", ".join(map(_literal, stored)) + "]"
    return str(stored).replace("'", '"')


def _zeros(stored: Any, place: str) -> str:
    if isinstance(stored, dict):
        flat = all(isinstance(one, str) for one in stored.values())
        if flat:
            return f"{{name: keras.ops.zeros(*one) for name, one in {place}.items()}}"
        parts = [f'"{key}": {_zeros(one, _at(place, key))}' for key, one in stored.items()]
        return "{" + ", ".join(parts) + "}"
    if isinstance(stored, (list, tuple)):
        parts = [_zeros(one, _at(place, number)) for number, one in enumerate(stored)]
        return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"
    return f"keras.ops.zeros(*{place})"


def _at(place: str, key: Any) -> str:
    return f'{place}["{key}"]' if isinstance(key, str) else f"{place}[{key}]"
