"""Operations that a user's code calls, given other ones for a while: to try a remedy as if written.

Only calls from the user's own lines are touched. Keras' and TensorFlow's own calls are not: so
`keras.ops.where`, which calls `tf.where` itself, does not come back here.
"""

import functools
import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

from remedies.libraries import FRAMEWORKS, is_framework_file
from remedies.state.methods import patched

# TensorFlow's operation -> its arguments that take no floats, and Keras' own operation instead:
# of those that have one which casts.
OPERATIONS = {
    "where": ("condition", "where"),
    "logical_and": ("x y", "logical_and"),
    "logical_or": ("x y", "logical_or"),
    "logical_not": ("x", "logical_not"),
    "reduce_any": ("input_tensor", "any"),
    "reduce_all": ("input_tensor", "all"),
    "gather": ("indices", ""),
    "gather_nd": ("indices", ""),
    "scatter_nd": ("indices", ""),
    "nn.embedding_lookup": ("ids", ""),
    "math.segment_sum": ("segment_ids", ""),
    "math.unsorted_segment_sum": ("segment_ids", ""),
    "boolean_mask": ("mask", ""),
    "one_hot": ("indices", ""),
    "repeat": ("repeats", ""),
}
OPERATORS = {"__and__": "x y", "__or__": "x y", "__xor__": "x y", "__invert__": "x"}  # of tensors
STRICT = "tf.where, tf.gather, tf.boolean_mask, &, | or ~"


@dataclass
class Site:
    """A user's line that calls an operation."""

    name: str
    keras_name: str  # Keras' own instead, or an empty text
    arguments: dict[str, str]  # TensorFlow's names of what it takes -> Keras' names
    file: str
    number: int
    dtypes: dict[str, str] = field(default_factory=dict)  # the first that is no float, of each
    at_fault: set[str] = field(default_factory=set)  # those that were given floats too, and raise

    def note(self, argument: str, value: Any) -> None:
        """Remember of which dtype an argument is, or that it is at fault."""
        dtype = str(getattr(getattr(value, "dtype", ""), "name", getattr(value, "dtype", "")))
        if not dtype.startswith(("float", "bfloat")):
            if dtype:
                self.dtypes.setdefault(argument, dtype)
        elif argument in self.dtypes:
            self.at_fault.add(argument)


Sites = dict[tuple[str, str, int], Site]


@contextmanager
def replaced(remedy: str, sites: Sites) -> Iterator[None]:
    """Have the user's code call other operations inside the block, and note its lines in `sites`.

    ``tf_cast`` casts the arguments at fault to the dtype that they have in training; ``ops_where``
    calls Keras' own operations on the lines at fault, and ``every_ops`` on all lines; any other
    remedy changes none.
    """
    with ExitStack() as stack:
        for holder, name, operation in list(_places()):
            # A module's names are replaced as a class's are.
            wrapper = _wrapped(operation, vars(holder)[name], remedy, sites)
            stack.enter_context(patched(holder, {name: wrapper}))
        yield


def _places() -> Iterator[tuple[Any, str, str]]:
    """Yield where operations are: in TensorFlow's public modules, the users' and `tf.Tensor`."""
    import tensorflow as tf

    yield from ((tf.Tensor, name, name) for name in OPERATORS)
    operations = {
        id(attrgetter(name)(api)): name for api in (tf.compat.v1, tf) for name in OPERATIONS
    }
    for place, module in list(sys.modules.items()):
        public = place == "tensorflow" or place.startswith("tensorflow._api")
        if public or place.partition(".")[0] not in FRAMEWORKS:
            for name, value in list(getattr(module, "__dict__", {}).items()):
                if id(value) in operations:
                    yield module, name, operations[id(value)]


def _wrapped(operation: str, original: Any, remedy: str, sites: Sites) -> Callable[..., Any]:
    import keras

    strict, keras_name = OPERATIONS.get(operation) or (OPERATORS[operation], "")
    signature = inspect.signature(original)
    own = getattr(keras.ops, keras_name) if keras_name else original
    arguments = dict(zip(signature.parameters, inspect.signature(own).parameters, strict=False))

    @functools.wraps(original)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        place = _user_line()
        if place is None:
            return original(*args, **kwargs)
        site = Site(operation.rpartition(".")[2], keras_name, arguments, *place)
        site = sites.setdefault((operation, *place), site)
        bound = signature.bind(*args, **kwargs)
        given = bound.arguments
        for name in given.keys() & set(strict.split()):
            site.note(name, given[name])
        if keras_name and (remedy == "every_ops" or (remedy == "ops_where" and site.at_fault)):
            named = {arguments[name]: each for name, each in given.items() if name in arguments}
            return own(**named)
        if remedy == "tf_cast":
            for name in site.at_fault & given.keys():
                given[name] = keras.ops.cast(given[name], site.dtypes[name])
        return original(*bound.args, **bound.kwargs)

    return wrapper


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
