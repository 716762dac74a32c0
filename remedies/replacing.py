"""Operations that a user's code calls, given other ones for a while: to try a remedy as if written.

Only calls from the user's own lines are touched. Keras' and TensorFlow's own calls are not: so
`keras.ops.where`, which calls `tf.where` itself, does not come back here.
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Container, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

from remedies.libraries import FRAMEWORKS, is_framework_file
from remedies.patching import patched


class Operation(NamedTuple):
    """An operation that is strict about a dtype, its arguments at fault, and Keras' own instead.

    `given` names Keras' argument for each of TensorFlow's; those that it lacks Keras cannot be
    given. Operators are given by position.
    """

    name: str
    arguments: tuple[str, ...]
    dtype: str
    keras_name: str = ""
    given: Mapping[str, str] = MappingProxyType({})
    defaults: Mapping[str, Any] = MappingProxyType({})


_REDUCED = {"input_tensor": "x", "axis": "axis", "keepdims": "keepdims"}
_PAIR = {"x": "x1", "y": "x2"}
OPERATIONS = (
    Operation(
        "where", ("condition",), "bool", "where", {"condition": "condition", "x": "x1", "y": "x2"}
    ),
    Operation(
        "gather",
        ("indices",),
        "int32",
        "take",
        {"params": "x", "indices": "indices", "axis": "axis"},
        {"axis": 0},
    ),
    Operation("nn.embedding_lookup", ("ids",), "int32"),
    Operation("gather_nd", ("indices",), "int32"),
    Operation("boolean_mask", ("mask",), "bool"),
    Operation("one_hot", ("indices",), "int32"),
    Operation("logical_and", ("x", "y"), "bool", "logical_and", _PAIR),
    Operation("logical_or", ("x", "y"), "bool", "logical_or", _PAIR),
    Operation("logical_not", ("x",), "bool", "logical_not", {"x": "x"}),
    Operation("reduce_any", ("input_tensor",), "bool", "any", _REDUCED),
    Operation("reduce_all", ("input_tensor",), "bool", "all", _REDUCED),
)
OPERATORS = (
    Operation("__and__", ("left", "right"), "bool", "logical_and"),
    Operation("__or__", ("left", "right"), "bool", "logical_or"),
    Operation("__xor__", ("left", "right"), "bool", "logical_xor"),
    Operation("__invert__", ("left",), "bool", "logical_not"),
)
STRICT = "tf.where, tf.gather, tf.boolean_mask, &, | or ~"


@dataclass
class Site:
    """A user's line that calls an operation.

    Attributes
    ----------
    operation : Operation
        What it calls.
    file, number : str, int
        Where.
    dtypes : dict of str to str
        Argument -> the first dtype other than a float that it was given.
    at_fault : set of str
        Arguments that were given floats, on which the operation raises.
    """

    operation: Operation
    file: str
    number: int
    dtypes: dict[str, str] = field(default_factory=dict)
    at_fault: set[str] = field(default_factory=set)

    def dtype(self, argument: str) -> str:
        """Return the dtype that an argument must have."""
        return self.dtypes.get(argument, self.operation.dtype)


Key = tuple[str, str, int]
Sites = dict[Key, Site]


@contextmanager
def replaced(remedy: str, sites: Sites) -> Iterator[None]:
    """Have the user's code call other operations inside the block.

    Parameters
    ----------
    remedy : str
        ``tf_cast``: the arguments are cast to the dtype that they have in training; ``ops_where``:
        Keras' own operation in place of TensorFlow's, where there is one, on the lines at fault;
        ``every_ops``: on all lines; empty: nothing is changed, the lines are noted.
    sites : dict
        The lines that call one of `OPERATIONS` or `OPERATORS`, filled as they are called.
    """
    import tensorflow as tf

    with ExitStack() as stack:
        wrappers = {
            id(original): _wrapped(operation, original, remedy, sites)
            for operation in OPERATIONS
            for module in (tf, tf.compat.v1)
            if (original := _attribute(module, operation.name))
        }
        for holder, name in list(_holders(wrappers)):
            stack.enter_context(_swapped(holder, name, wrappers[id(vars(holder)[name])]))
        operators = {
            operation.name: _wrapped(operation, getattr(tf.Tensor, operation.name), remedy, sites)
            for operation in OPERATORS
        }
        stack.enter_context(patched(tf.Tensor, operators))
        yield


def _attribute(module: Any, dotted: str) -> Any:
    return functools.reduce(lambda held, name: getattr(held, name, None), dotted.split("."), module)


def _holders(originals: Container[int]) -> Iterator[tuple[Any, str]]:
    """Yield the places of functions, given by `id`: public ones, and names in users' modules."""
    import tensorflow as tf

    public = [tf, tf.math, tf.nn, tf.compat.v1, tf.compat.v2, tf.compat.v1.math, tf.compat.v2.math]
    users = [
        module
        for name, module in list(sys.modules.items())
        if name.partition(".")[0] not in (*FRAMEWORKS, "remedies")
        and not _is_framework(getattr(module, "__file__", None) or "<built in>")
    ]
    for holder in {id(module): module for module in (*public, *users)}.values():
        for name, value in list(getattr(holder, "__dict__", {}).items()):
            if id(value) in originals:
                yield holder, name


@contextmanager
def _swapped(holder: Any, name: str, value: Any) -> Iterator[None]:
    before = vars(holder)[name]
    setattr(holder, name, value)
    try:
        yield
    finally:
        setattr(holder, name, before)


def _wrapped(operation: Operation, original: Any, remedy: str, sites: Sites) -> Callable[..., Any]:
    signature = inspect.signature(original)
    # Operators call their arguments by names of their own.
    strict = dict(zip(operation.arguments, signature.parameters, strict=False))
    strict = {name: strict[name] if name in strict and operation in OPERATORS else name
              for name in operation.arguments}  # fmt: skip

    @functools.wraps(original)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        place = _user_line()
        if place is None:
            return original(*args, **kwargs)
        site = sites.setdefault((operation.name, *place), Site(operation, *place))
        bound = signature.bind(*args, **kwargs)
        given = {name: own for name, own in strict.items() if own in bound.arguments}
        for name, own in given.items():
            _note(site, name, bound.arguments[own])
        if remedy == "every_ops" or (remedy == "ops_where" and site.at_fault):
            if (called := _keras(operation, bound.arguments)) is not None:
                return called()
        elif remedy == "tf_cast":
            for name in site.at_fault & given.keys():
                own = given[name]
                bound.arguments[own] = _cast(bound.arguments[own], site.dtype(name))
        return original(*bound.args, **bound.kwargs)

    return wrapper


def _note(site: Site, name: str, value: Any) -> None:
    if not hasattr(value, "shape") or not hasattr(value, "dtype"):
        return
    dtype = str(getattr(value.dtype, "name", value.dtype))
    if not dtype.startswith(("float", "bfloat")):
        site.dtypes.setdefault(name, dtype)
    else:  # none of the operations takes floats there
        site.at_fault.add(name)


def _cast(value: Any, dtype: str) -> Any:
    import keras
    import tensorflow as tf

    if isinstance(value, keras.KerasTensor):
        return keras.ops.cast(value, dtype)
    return tf.cast(value, dtype) if hasattr(value, "dtype") else value


def _keras(operation: Operation, arguments: Mapping[str, Any]) -> Callable[[], Any] | None:
    """Return the call of Keras' own operation, or None where it cannot be given all of them."""
    import keras

    if not operation.keras_name:
        return None
    function = getattr(keras.ops, operation.keras_name)
    if not operation.given:
        return functools.partial(function, *arguments.values())
    named = {name: value for name, value in arguments.items() if value is not None}
    if not named.keys() <= operation.given.keys():
        return None
    own = {operation.given[name]: value for name, value in named.items()}
    return functools.partial(function, **{**operation.defaults, **own})


def _user_line() -> tuple[str, int] | None:
    """Return the line that called an operation, or None where that is Keras' or TensorFlow's."""
    frame = sys._getframe(2)
    while frame and _passes_on(frame.f_code.co_filename):
        frame = frame.f_back  # type: ignore[assignment]
    if frame is None or _is_framework(frame.f_code.co_filename):
        return None
    return frame.f_code.co_filename, frame.f_lineno


@functools.lru_cache(maxsize=4096)
def _passes_on(file: str) -> bool:
    """Whether code of a file calls a user's function only for another: traced or dispatched."""
    return "tensorflow/python/autograph" in file or "tensorflow/python/util" in file


_is_framework = functools.lru_cache(maxsize=4096)(is_framework_file)
