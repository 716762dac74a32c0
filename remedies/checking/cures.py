"""Experiments on the model at hand: what rebuilds it on load, and which dtypes its `call` needs."""

from __future__ import annotations

import functools
import inspect
import json
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from remedies.checking.findings import Cure
from remedies.libraries import definer, of_framework
from remedies.patching import methods_of, patched
from remedies.problem import reason
from remedies.state.arrays import leaves, mapped
from remedies.state.difference import STATE
from remedies.state.inventory import is_variable, layers, owned_classes
from remedies.state.rebuild import explain, observe
from remedies.state.trip import Subject, travel

REBUILT = ("weight", "optimizer")
_LONGEST = 60
_METHODS = """\
def get_build_config(self):
    return {{"built": True}}

def build_from_config(self, config):
    {}"""


def holds(
    subject: Subject,
    cls: type,
    code: str | Mapping[str, Any],
    kinds: tuple[str, ...] = STATE,
    scope: Mapping[str, Any] | None = None,
) -> bool:
    """Whether the model comes back whole in both generations with `code` in `cls`.

    Only differences of `kinds` count, for a model may have other troubles too.
    """
    try:
        methods = methods_of(code, cls) if isinstance(code, str) else code
    except SyntaxError:
        return False
    with patched(cls, methods):
        trips = travel(subject, scope=scope, train=False)
    wrong = (t.failure or t.of(*kinds) or (t.outputs_changed and "plain" in kinds) for t in trips)
    return not any(wrong)


def rebuilding_cure(subject: Subject) -> Cure:
    """Return the first methods that rebuild the model and hold; none where none do."""
    cls, call = type(subject.model), subject.feed.call
    if of_framework(cls):
        return Cure()
    options = [zeros_code(cls, call), zeros_code(cls, call, training=True)] if call else []
    for code in [option for option in (*options, build_code(subject.model)) if option]:
        if holds(subject, cls, code, REBUILT):
            return Cure(code, f"in class {cls.__name__}", True)
    return Cure()


def zeros_code(cls: type, call: tuple[Any, ...], *, training: bool = False) -> str:
    """Return methods that build the model by a call on zeros like its inputs; empty if none can."""
    args, kwargs = call
    named = {name: value for name, value in kwargs.items() if name != "training"}
    try:
        parts = [*map(_zeros, args), *(f"{name}={_zeros(value)}" for name, value in named.items())]
    except (TypeError, ValueError):
        return ""
    if not parts:
        return ""
    asked = inspect.signature(cls.call).parameters  # type: ignore[attr-defined]
    flag = ["training=False"] if "training" in {**asked, **kwargs} else []
    calls = [f"self({', '.join([*parts, *flag])})"]
    if training:
        calls.append(f"self({', '.join([*parts, 'training=True'])})  # for what only training uses")
    return _METHODS.format("\n    ".join(calls))


def _zeros(value: Any) -> str:
    """Return the text that makes zeros like a structure of tensors, a batch of one."""
    import keras
    import tensorflow as tf

    if isinstance(value, Mapping):
        parts = [f"{json.dumps(name)}: {_zeros(part)}" for name, part in value.items()]
        return "{" + ",\n        ".join(parts) + "}"
    if isinstance(value, (list, tuple)):
        return f"({', '.join(map(_zeros, value))}{',' * (len(value) == 1)})"
    if value is None or isinstance(value, bool):
        return repr(value)
    if isinstance(value, (tf.RaggedTensor, tf.SparseTensor)):
        raise TypeError("zeros cannot stand for this")
    array = value if hasattr(value, "shape") else np.asarray(value)
    dtype = getattr(array.dtype, "name", "") or keras.backend.standardize_dtype(array.dtype)
    shape = tuple(array.shape)
    made = tuple(size or 1 for size in (1, *shape[1:])) if shape else ()
    ops = "tf" if dtype.startswith(("string", "complex")) else "keras.ops"
    return f'{ops}.zeros({made}, "{dtype}")'


def build_code(model: Any) -> str:
    """Return methods that build each layer below `model` on the shapes that it has now."""
    below, lines = layers(model), []
    for path, layer in below.items():
        outer = [other for other in below if path.startswith((f"{other}.", f"{other}["))]
        inner = any(_atomic(below[other]) for other in outer)
        shapes = getattr(layer, "_build_shapes_dict", None)
        if shapes and layer.built and layer.weights and _atomic(layer) and not inner:
            parts = {name: repr(_unbatched(shape)) for name, shape in shapes.items()}
            named = [f"{name}={part}" for name, part in parts.items()]
            given = next(iter(parts.values())) if len(parts) == 1 else ", ".join(named)
            lines.append(f"self.{path}.build({given})")
    return _METHODS.format("\n    ".join(lines)) if 0 < len(lines) <= _LONGEST else ""


def _atomic(layer: Any) -> bool:
    """Whether a layer's own `build` makes all that is in it."""
    cls = type(layer)
    return of_framework(cls) or not of_framework(definer(cls, "build"))


def _unbatched(shape: Any) -> Any:
    if isinstance(shape, dict):
        return {name: _unbatched(part) for name, part in shape.items()}
    if shape and isinstance(shape[0], (list, tuple, dict)):
        return [_unbatched(part) for part in shape]
    return (None, *tuple(shape)[1:]) if shape else shape


def casting(cls: type, dtypes: Mapping[int, str]) -> dict[str, Callable[..., Any]]:
    """Return a `call` for `cls` that first casts its tensors, by their number, to `dtypes`."""
    import tensorflow as tf

    original = cls.call  # type: ignore[attr-defined]

    @functools.wraps(original)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        count = iter(range(1_000))

        def cast(leaf: Any) -> Any:
            number = next(count)
            fits = number in dtypes and (tf.is_tensor(leaf) or is_variable(leaf))
            return tf.cast(leaf, dtypes[number]) if fits else leaf

        args, kwargs = mapped(cast, (args, kwargs))
        return original(self, *args, **kwargs)

    return {"call": call}


def scope_of(model: Any) -> dict[str, type]:
    """Return the classes of `model` that are no framework's, by each name that a file may use."""
    import keras

    classes = owned_classes(model)
    registered = {keras.saving.get_registered_name(cls): cls for cls in classes}
    return registered | {cls.__name__: cls for cls in classes}


class NoCopyError(Exception):
    """The model cannot be made anew from its config, or was never called."""


class Retrace:
    """What `call` raises on stand-ins for all that it is really fed; empty where it does not.

    `on_floats` is on float32 for every tensor, as Keras rebuilds a model, and `on_true` on the true
    dtypes. Raises `NoCopyError` where that cannot be tried.
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
