"""Operations that a user's code calls, given other ones for a while: to try a remedy as if written.

Only calls from the user's own lines are touched. Keras' and TensorFlow's own calls are not: so
`keras.ops.where`, which calls `tf.where` itself, does not come back here.
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from remedies.libraries import FRAMEWORKS, is_framework_file
from remedies.patching import patched


class Operation(NamedTuple):
    """An operation, its arguments that must have a dtype, and Keras' own operation instead.

    `renamed` gives Keras' names for TensorFlow's arguments where they differ, and `added` what
    Keras must be given besides. Operators are methods of `tf.Tensor`.
    """

    name: str
    strict: tuple[str, ...]
    dtype: str
    keras_name: str = ""
    renamed: Mapping[str, str] = {}
    added: Mapping[str, Any] = {}


_PAIR = {"x": "x1", "y": "x2"}
_REDUCED = {"input_tensor": "x"}
OPERATIONS = (
    Operation("where", ("condition",), "bool", "where", _PAIR),
    Operation("gather", ("indices",), "int32", "take", {"params": "x"}, {"axis": 0}),
    Operation("nn.embedding_lookup", ("ids",), "int32"),
    Operation("gather_nd", ("indices",), "int32"),
    Operation("boolean_mask", ("mask",), "bool"),
    Operation("one_hot", ("indices",), "int32"),
    Operation("logical_and", ("x", "y"), "bool", "logical_and", _PAIR),
    Operation("logical_or", ("x", "y"), "bool", "logical_or", _PAIR),
    Operation("logical_not", ("x",), "bool", "logical_not"),
    Operation("reduce_any", ("input_tensor",), "bool", "any", _REDUCED),
    Operation("reduce_all", ("input_tensor",), "bool", "all", _REDUCED),
)
OPERATORS = (
    *(Operation(name, ("x", "y"), "bool") for name in ("__and__", "__or__", "__xor__")),
    Operation("__invert__", ("x",), "bool"),
)
STRICT = "tf.where, tf.gather, tf.boolean_mask, &, | or ~"


@dataclass
class Site:
    """A user's line that calls an operation; `arguments` are TensorFlow's names for its own.

    Attributes
    ----------
    dtypes : dict of str to str
        Argument -> the first dtype other than a float that it was given.
    at_fault : set of str
        Arguments that were given floats, on which the operation raises.
    """

    operation: Operation
    arguments: tuple[str, ...]
    file: str
    number: int
    dtypes: dict[str, str] = field(default_factory=dict)
    at_fault: set[str] = field(default_factory=set)

    def note(self, name: str, value: Any) -> None:
        """Remember of which dtype an argument was, or that it was at fault."""
        if hasattr(value, "shape") and hasattr(value, "dtype"):
            dtype = str(getattr(value.dtype, "name", value.dtype))
            if dtype.startswith(("float", "bfloat")):  # no operation takes them there
                self.at_fault.add(name)
            else:
                self.dtypes.setdefault(name, dtype)

    def dtype(self, argument: str) -> str:
        """Return the dtype that an argument must have."""
        return self.dtypes.get(argument, self.operation.dtype)


Sites = dict[tuple[str, str, int], Site]


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
    with ExitStack() as stack:
        for holder, name, operation in list(_places()):
            # A module's names are replaced as a class's are.
            wrapper = _wrapped(operation, vars(holder)[name], remedy, sites)
            stack.enter_context(patched(holder, {name: wrapper}))
        yield


def _places() -> Iterator[tuple[Any, str, Operation]]:
    """Yield where operations are: TensorFlow's public names, and names in users' modules."""
    import tensorflow as tf

    operations = {
        id(functools.reduce(getattr, operation.name.split("."), module)): operation
        for operation in OPERATIONS
        for module in (tf, tf.compat.v1)
    }
    public = [tf, tf.math, tf.nn, tf.compat.v1, tf.compat.v2, tf.compat.v1.math, tf.compat.v2.math]
    users = [
        module
        for name, module in list(sys.modules.items())
        if name.partition(".")[0] not in (*FRAMEWORKS, "remedies")
        and not _is_framework(getattr(module, "__file__", None) or "<built in>")
    ]
    for holder in {id(module): module for module in (*public, *users)}.values():
        for name, value in list(getattr(holder, "__dict__", {}).items()):
            if id(value) in operations:
                yield holder, name, operations[id(value)]
    yield from ((tf.Tensor, operator.name, operator) for operator in OPERATORS)


def _wrapped(operation: Operation, original: Any, remedy: str, sites: Sites) -> Callable[..., Any]:
    import keras

    signature = inspect.signature(original)

    @functools.wraps(original)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        place = _user_line()
        if place is None:
            return original(*args, **kwargs)
        key = (operation.name, *place)
        site = sites.setdefault(key, Site(operation, tuple(signature.parameters), *place))
        bound = signature.bind(*args, **kwargs)
        given = bound.arguments
        for name in operation.strict:
            site.note(name, given.get(name))
        if remedy == "every_ops" or (remedy == "ops_where" and site.at_fault):
            if (called := _keras(operation, given)) is not None:
                return called()
        elif remedy == "tf_cast":
            for name in site.at_fault & given.keys():
                given[name] = keras.ops.cast(given[name], site.dtype(name))
        return original(*bound.args, **bound.kwargs)

    return wrapper


def _keras(operation: Operation, given: Mapping[str, Any]) -> Callable[[], Any] | None:
    """Return the call of Keras' own operation, or None where it cannot be given all of them."""
    import keras

    if not operation.keras_name:
        return None
    function = getattr(keras.ops, operation.keras_name)
    named = {operation.renamed.get(name, name): value for name, value in given.items()}
    own = {name: value for name, value in named.items() if value is not None}
    fits = own.keys() <= inspect.signature(function).parameters.keys()
    return functools.partial(function, **{**operation.added, **own}) if fits else None


def _user_line() -> tuple[str, int] | None:
    """Return the line that called an operation, or None where that is Keras' or TensorFlow's."""
    frame = sys._getframe(2)
    while frame and any(place in frame.f_code.co_filename for place in _PASSING_ON):
        frame = frame.f_back  # type: ignore[assignment]
    if frame is None or _is_framework(frame.f_code.co_filename):
        return None
    return frame.f_code.co_filename, frame.f_lineno


# Code that calls a user's function only for another: traced or dispatched.
_PASSING_ON = ("tensorflow/python/autograph", "tensorflow/python/util")
_is_framework = functools.lru_cache(maxsize=4096)(is_framework_file)
