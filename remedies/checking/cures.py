"""Experiments on the model at hand: what rebuilds it on load, and which dtypes its `call` needs."""

import functools
import inspect
import itertools
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from remedies.checking.findings import Cure
from remedies.libraries import of_framework, overrides
from remedies.state.difference import STATE
from remedies.state.inventory import layers, leaves, mapped, owned_classes
from remedies.state.methods import methods_of, patched
from remedies.state.trip import Subject, travel

REBUILT = ("weight", "optimizer")
_METHODS = """\
def get_build_config(self):
    return {{"built": True}}

def build_from_config(self, config):
    {}"""


def holds(
    subject: Subject, cls: type, code: str | Mapping[str, Any], kinds: tuple[str, ...] = STATE
) -> bool:
    """Whether all of `kinds` comes back in both generations with `code` in `cls`."""
    try:
        methods = methods_of(code, cls) if isinstance(code, str) else code
    except SyntaxError:  # a key of a dict of layers may be no literal
        return False
    with patched(cls, methods):
        trips = travel(subject, scope=scope_of(subject.model), train=False)
    lost = any(trip.failure or trip.step or trip.of(*kinds) for trip in trips)
    results = "plain" in kinds and any(trip.outputs_changed for trip in trips)
    settings = "setting" in kinds and any(trip.settings for trip in trips)
    return not (lost or results or settings)


def scope_of(model: Any) -> dict[str, type]:
    """Return the classes of `model` that are no framework's, by each name that a file may use."""
    import keras

    classes = owned_classes(model)
    registered = {keras.saving.get_registered_name(cls): cls for cls in classes}
    return registered | {cls.__name__: cls for cls in classes}


def rebuilding_cure(subject: Subject) -> Cure:
    """Return the first methods that rebuild the model and hold; none where none do."""
    cls = type(subject.model)
    for code in () if of_framework(cls) else (*_zeros_codes(subject), build_code(subject.model)):
        if code and holds(subject, cls, code, REBUILT):
            return Cure(code, f"in class {cls.__name__}", True)
    return Cure()


class _Code(str):
    """Text that stands for itself in the `repr` of a structure."""

    __repr__ = str.__str__


def input_code(x: Any) -> str:
    """Return the code that makes the inputs of a functional model that takes `x`."""
    made = 'keras.Input({}, dtype="{}")'
    return repr(mapped(lambda leaf: _Code(made.format((*leaf.shape,)[1:], _dtype_of(leaf))), x))


def _zeros_codes(subject: Subject) -> list[str]:
    args, kwargs = subject.feed.call or ((), {})
    parts = [repr(mapped(_zeros, value)) for value in args]
    parts += [f"{k}={mapped(_zeros, value)!r}" for k, value in kwargs.items() if k != "training"]
    given = ", ".join(parts).replace(", '", ",\n        '").replace("'", '"')
    asked = {*inspect.signature(type(subject.model).call).parameters, *kwargs}
    call = f"self({given}{', training=False' * ('training' in asked)})"
    more = f"self({given}, training=True)  # for what only training uses"
    return [_METHODS.format(text) for text in (call, f"{call}\n    {more}") if parts]


def _zeros(leaf: Any) -> _Code:
    if not hasattr(leaf, "shape"):
        return _Code(repr(leaf))
    dtype = _dtype_of(leaf)
    shape = (1, *(size or 1 for size in leaf.shape[1:])) if len(leaf.shape) else ()
    ops = "tf" if dtype.startswith(("string", "complex")) else "keras.ops"
    return _Code(f'{ops}.zeros({shape}, "{dtype}")')


def build_code(model: Any) -> str:
    """Return methods that build each layer below `model` on the shapes that it has now."""
    below, lines = layers(model), []
    for path, layer in below.items():
        outer = [below[other] for other in below if path.startswith((f"{other}.", f"{other}["))]
        shapes = getattr(layer, "_build_shapes_dict", None)
        whole = layer.built and layer.weights and _builds_all_in_it(layer)
        if shapes and whole and not any(map(_builds_all_in_it, outer)):
            named = ", ".join(f"{name}={shape!r}" for name, shape in shapes.items())
            given = named if len(shapes) > 1 else named.partition("=")[2]
            if not getattr(layer, "stateful", False):  # its state is of the batch's size
                given = re.sub(r"[(][0-9]+", "(None", given)
            lines.append(f"self.{path}.build({given})")
    return _METHODS.format("\n    ".join(lines)) if lines else ""


def _builds_all_in_it(layer: Any) -> bool:
    return of_framework(type(layer)) or overrides(type(layer), "build")


def calling(cls: type, given: Callable[[Any], Any]) -> dict[str, Callable[..., Any]]:
    """Return a `call` for `cls` that gets what `given` makes of its `(args, kwargs)`."""
    original = cls.call  # type: ignore[attr-defined]

    @functools.wraps(original)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        args, kwargs = given((args, kwargs))
        return original(self, *args, **kwargs)

    return {"call": call}


def _numbered(change: Callable[[int, Any], Any], structure: Any) -> Any:
    count = itertools.count()
    return mapped(lambda leaf: change(next(count), leaf), structure)


def casting(cls: type, dtypes: Mapping[int, str]) -> dict[str, Callable[..., Any]]:
    """Return a `call` for `cls` that first casts its tensors, by their number, to `dtypes`."""
    import tensorflow as tf

    def cast(number: int, leaf: Any) -> Any:
        return tf.cast(leaf, dtypes[number]) if number in dtypes else leaf

    return calling(cls, lambda given: _numbered(cast, given))


def raised_on(subject: Subject, floats: Collection[int]) -> str:
    """Return what `call` raises on load on zeros, of float32 those numbered in `floats`; or ""."""
    import tensorflow as tf

    def zeros(number: int, leaf: Any) -> Any:
        if not hasattr(leaf, "dtype"):
            return leaf
        dtype = "float32" if number in floats else _dtype_of(leaf)
        return tf.zeros([size or 1 for size in leaf.shape], dtype)

    cls = type(subject.model)
    if not subject.feed.call:
        return ""
    with patched(cls, calling(cls, lambda _: _numbered(zeros, subject.feed.call))):
        trip = travel(subject, twice=False, train=False)[0]
    return trip.swallowed[0].error if trip.swallowed else ""


def needed_dtypes(subject: Subject) -> dict[str, tuple[int, str]]:
    """Return, by path, number and dtype of the tensors that must not be float32 on load."""
    from tensorflow.python.util import nest

    dtypes = [*map(_dtype_of, leaves(subject.feed.call))]
    odd = [n for n, dtype in enumerate(dtypes) if dtype not in ("", "float32")]
    needed = [n for n in odd if len(odd) == 1 or raised_on(subject, {n})] or odd
    names = [*inspect.signature(type(subject.model).call).parameters][1:]
    paths = [
        (key if where else names[min(key, len(names) - 1)])
        + "".join(f"[{part!r}]" for part in inner).replace("'", '"')
        for (where, key, *inner), _ in nest.flatten_with_tuple_paths(subject.feed.call)
    ]
    return {paths[number]: (number, dtypes[number]) for number in needed}


def _dtype_of(leaf: Any) -> str:
    dtype = getattr(leaf, "dtype", "")
    return str(getattr(dtype, "name", dtype))
