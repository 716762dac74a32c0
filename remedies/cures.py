"""Code to paste that mends a class, written for the model at hand and tried before it is given."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np

from remedies.arrays import mapped
from remedies.difference import STATE
from remedies.inventory import is_variable, layers
from remedies.libraries import definer, of_framework
from remedies.patching import methods_of, patched
from remedies.trip import Subject, travel

_LONGEST = 60


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
    with ExitStack() as stack:
        stack.enter_context(patched(cls, methods))
        trips = travel(subject, scope=scope, train=False)
    wrong = (t.failure or t.of(*kinds) or (t.outputs_changed and "plain" in kinds) for t in trips)
    return not any(wrong)


@dataclass(frozen=True)
class Cure:
    """Methods for a class that rebuild the model, and whether they hold here."""

    code: str
    cured: bool | None

    @property
    def words(self) -> str:
        """How it was tried."""
        if not self.code:
            return ""
        return {
            True: "tried: the model comes back whole, twice over",
            False: "tried: by itself it does not bring everything back",
            None: "not tried",
        }[self.cured]


def rebuilding_cure(subject: Subject) -> Cure:
    """Return the first methods that rebuild the model and hold, or the last that do not."""
    cls = type(subject.model)
    if of_framework(cls):
        return Cure("", None)
    call = subject.feed.call or (((subject.feed.x,), {}) if subject.feed.x is not None else ())
    code = ""
    options = [zeros_code(cls, call), zeros_code(cls, call, training=True)] if call else []
    for code in [option for option in (*options, build_code(subject.model)) if option]:
        if holds(subject, cls, code, ("weight", "optimizer")):
            return Cure(code, True)
    return Cure(code, False if code else None)


def zeros_code(cls: type, call: tuple[Any, ...], *, training: bool = False) -> str:
    """Return methods that build the model by a call on zeros like its inputs; empty if none can."""
    args, kwargs = call or ((), {})
    inputs = {key: value for key, value in kwargs.items() if key not in ("training", "mask")}
    flag = "training" in kwargs or _takes(cls, "training")
    if inputs and args:
        names = list(inspect.signature(cls.call).parameters)[1:]  # type: ignore[attr-defined]
        inputs, args = dict(zip(names, args, strict=False)) | inputs, ()
    if not (args or inputs):
        return ""
    stored = inputs or (list(args) if len(args) > 1 else args[0])
    how = "**zeros" if inputs else "*zeros" if len(args) > 1 else "zeros"
    try:
        described = mapped(_described, stored)
    except TypeError:
        return ""
    odd = any(name in str(described) for name in ("'string'", "'complex"))
    make = "tf.zeros" if odd else "keras.ops.zeros"
    calls = [f"self({how}{', training=False' if flag else ''})"]
    calls += [f"self({how}, training=True)  # for the layers that only training uses"] * training
    return _ZEROS.format(
        stored=_literal(described),
        zeros=_zeros(described, "inputs", make),
        calls="\n    ".join(calls),
    )


_ZEROS = """\
INPUTS = {stored}

def get_build_config(self):
    return {{"inputs": self.INPUTS}}

def build_from_config(self, config):
    inputs = config.get("inputs", self.INPUTS)  # a file saved before this has none
    zeros = {zeros}
    {calls}"""


def _takes(cls: type, name: str) -> bool:
    return name in inspect.signature(cls.call).parameters  # type: ignore[attr-defined]


def _described(leaf: Any) -> str:
    import keras
    import tensorflow as tf

    if leaf is None or isinstance(leaf, (bool, tf.RaggedTensor, tf.SparseTensor)):
        raise TypeError("zeros cannot stand for this")
    dtype = getattr(leaf, "dtype", None) or np.asarray(leaf).dtype
    name = getattr(dtype, "name", None) or keras.backend.standardize_dtype(dtype)
    shape = ", ".join(str(size or 1) for size in (1, *tuple(np.shape(leaf))[1:]))
    return f"[[{shape}], {name!r}]" if np.ndim(leaf) else f"[[], {name!r}]"


def _literal(described: Any) -> str:
    if isinstance(described, dict):
        return "{" + ", ".join(f'"{k}": {_literal(part)}' for k, part in described.items()) + "}"
    if isinstance(described, (list, tuple)):
        return "[" + ", ".join(map(_literal, described)) + "]"
    return str(described).replace("'", '"')


def _zeros(described: Any, place: str, make: str) -> str:
    if isinstance(described, dict):
        if all(isinstance(part, str) for part in described.values()):
            return f"{{name: {make}(*spec) for name, spec in {place}.items()}}"
        parts = [f'"{k}": {_zeros(part, _at(place, k), make)}' for k, part in described.items()]
        return "{" + ", ".join(parts) + "}"
    if isinstance(described, (list, tuple)):
        parts = [_zeros(part, _at(place, number), make) for number, part in enumerate(described)]
        return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"
    return f"{make}(*{place})"


def _at(place: str, key: Any) -> str:
    return f'{place}["{key}"]' if isinstance(key, str) else f"{place}[{key}]"


def build_code(model: Any) -> str:
    """Return methods that build each layer below `model` on the shapes that it has now."""
    lines = [f"self.{path}.build({shapes})" for path, shapes in _builds("", model)]
    if not lines or len(lines) > _LONGEST:
        return ""
    body = "\n    ".join(lines)
    return (
        'def get_build_config(self):\n    return {"built": True}\n\n'
        f"def build_from_config(self, config):\n    {body}"
    )


def _builds(prefix: str, owner: Any) -> list[tuple[str, str]]:
    """Return (path, shapes) of the layers to build, those inside of a composite one by one."""
    calls = []
    below = layers(owner)
    for path, layer in below.items():
        inner = any(
            path.startswith((f"{outer}.", f"{outer}[")) and _atomic(below[outer])
            for outer in below
            if outer != path
        )
        if inner or not _atomic(layer) or not layer.built or not layer.weights:
            continue
        shapes = getattr(layer, "_build_shapes_dict", None)
        if shapes:
            parts = [_unbatched(shape) for shape in shapes.values()]
            named = [f"{name}={part}" for name, part in zip(shapes, parts, strict=True)]
            calls.append((prefix + path, parts[0] if len(parts) == 1 else ", ".join(named)))
    return calls


def _atomic(layer: Any) -> bool:
    """Whether a layer's own `build` makes all that is in it."""
    cls = type(layer)
    return of_framework(cls) or not of_framework(definer(cls, "build"))


def _unbatched(shape: Any) -> str:
    if isinstance(shape, dict):
        return repr({key: (None, *tuple(part)[1:]) for key, part in shape.items()})
    if isinstance(shape, (list, tuple)) and shape and isinstance(shape[0], (list, tuple)):
        return repr([(None, *tuple(part)[1:]) for part in shape])
    return repr((None, *tuple(shape)[1:])) if shape else repr(shape)


def config_code(thing: Any) -> tuple[str, list[str]]:
    """Return `get_config` (and `from_config`) for `thing`, and the arguments it keeps nowhere."""
    import keras

    cls = type(thing)
    asked = constructor(cls)
    missing = [
        name for name in asked if not hasattr(thing, name) and not hasattr(thing, f"_{name}")
    ]
    entries, nested = [], []
    for name in asked:
        attribute = f"self.{name}" if hasattr(thing, name) or name in missing else f"self._{name}"
        value = getattr(thing, name, getattr(thing, f"_{name}", None))
        if hasattr(value, "get_config") or (callable(value) and not isinstance(value, type)):
            nested.append(name)
            attribute = f"keras.saving.serialize_keras_object({attribute})"
        entries.append(f'"{name}": {attribute}')
    if isinstance(thing, (keras.Layer, keras.optimizers.Optimizer)):
        entries[:0] = _inherited(cls)
    code = f"def get_config(self):\n    return {{{', '.join(entries)}}}"
    if nested:
        keys = ", ".join(f'"{name}"' for name in nested)
        code += (
            "\n\n@classmethod\ndef from_config(cls, config):\n"
            f"    for name in ({keys},):\n"
            "        config[name] = keras.saving.deserialize_keras_object(config[name])\n"
            "    return cls(**config)"
        )
    return code, missing


# What every layer's config holds; an `__init__` without **kwargs may take none of it.
_OF_KERAS = {
    "name": "self.name",
    "dtype": "self.dtype_policy.name",
    "trainable": "self.trainable",
}


def _inherited(cls: type) -> list[str]:
    if takes_kwargs(cls):
        return ["**super().get_config()"]
    names = inspect.signature(cls.__init__).parameters  # type: ignore[misc]
    return [f'"{name}": {value}' for name, value in _OF_KERAS.items() if name in names]


def takes_kwargs(cls: type) -> bool:
    """Whether `__init__` takes what it does not name, as Keras' own arguments are."""
    parameters = inspect.signature(cls.__init__).parameters.values()  # type: ignore[misc]
    return any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)


def constructor(cls: type) -> list[str]:
    """Return the arguments of a class's `__init__` that are its own, and not Keras'."""
    if of_framework(definer(cls, "__init__")):
        return []
    signature = inspect.signature(cls.__init__)  # type: ignore[misc]
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return [
        name
        for name, parameter in signature.parameters.items()
        if parameter.kind in kinds and name not in ("self", *_OF_KERAS)
    ]


def compile_code(model: Any) -> str:
    """Return `get_compile_config` and `compile_from_config` for an overridden `compile`; or ""."""
    parameters = inspect.signature(type(model).compile).parameters.values()
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    names = [each.name for each in parameters if each.kind in kinds and each.name != "self"]
    standard = _standard(model)
    kept = [name for name in names if name in standard or hasattr(model, name)]
    needed = [p.name for p in parameters if p.kind in kinds and p.default is p.empty]
    if not kept or any(name not in kept for name in needed if name != "self"):
        return ""
    entries = [
        f'"{name}": config.get("{name}")'
        if name in standard
        else f'"{name}": keras.saving.serialize_keras_object(self.{name})'
        for name in kept
    ]
    body = ",\n        ".join(entries)
    code = "def get_compile_config(self):\n"
    if any(name in standard for name in kept):
        code += "    config = super().get_compile_config()\n"
    code += f"    return {{\n        {body},\n    }}\n\n"
    code += "def compile_from_config(self, config):\n"
    code += "    self.compile(**keras.saving.deserialize_keras_object(config))"
    return code + "".join(f"\n    {line}" for line in build_lines(model))


def _standard(model: Any) -> set[str]:
    import keras

    config = getattr(getattr(model, "_compile_config", None), "config", {}) or {}
    names = set(inspect.signature(keras.Model.compile).parameters)
    return {name for name in names & set(config) if not isinstance(config[name], str) or True}


def build_lines(model: Any, owner: str = "self") -> list[str]:
    """Return the lines that build each optimizer of `model` on the variables it trains now."""
    import keras

    lines = []
    for name, value in sorted(vars(model).items()):
        if isinstance(value, keras.optimizers.Optimizer) and value.built and name[0] != "_":
            trains = list(getattr(value, "_trainable_variables", ()))
            lines.append(f"{owner}.{name}.build({_expression(model, trains, owner)})")
    return lines


def _expression(model: Any, variables: list[Any], owner: str) -> str:
    ids = [id(variable) for variable in variables]
    for path, layer in {"": model, **layers(model)}.items():
        if [id(variable) for variable in layer.trainable_variables] == ids:
            return f"{owner}{'.' * bool(path)}{path}.trainable_variables"
    return f"{owner}.trainable_variables"


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
