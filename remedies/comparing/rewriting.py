"""A remedy on a user's lines: tried with other operations in place, or written as a diff.

Only calls from the user's own lines are touched. Keras' and TensorFlow's own calls are not: so
`keras.ops.where`, which calls `tf.where` itself, does not come back here.
"""

import ast
import difflib
import functools
import inspect
import itertools
import linecache
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple

from remedies.libraries import FRAMEWORKS, is_framework_file
from remedies.state.methods import patched

CONTROL, FUNCTIONAL = "control", "functional_bool_input"
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
_WRITTEN: dict[Any, str] = {ast.BitAnd: "__and__", ast.BitOr: "__or__", ast.BitXor: "__xor__",
                            ast.Invert: "__invert__"}  # fmt: skip
STRICT = "tf.where, tf.gather, tf.boolean_mask, &, | or ~"
REGISTER = "@keras.utils.register_keras_serializable()"  # tf.keras has no `saving`
_IMPORTS = {"keras": "import keras\n", "tf": "import tensorflow as tf\n"}
# Code that calls a user's function only for another: traced or dispatched.
_PASSING_ON = ("tensorflow/python/autograph", "tensorflow/python/util")
_is_framework = functools.lru_cache(maxsize=4096)(is_framework_file)


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
        dtype = getattr(value, "dtype", "")
        name = str(getattr(dtype, "name", dtype))
        if not name.startswith(("float", "bfloat")):
            if name:
                self.dtypes.setdefault(argument, name)
        elif argument in self.dtypes:
            self.at_fault.add(argument)


Sites = dict[tuple[str, str, int], Site]


@contextmanager
def replaced(remedy: str, sites: Sites) -> Iterator[None]:
    """Have the user's code call other operations inside the block, and note its lines in `sites`.

    ``tf_cast`` casts the arguments at fault to the dtype that they have in training; ``ops_where``
    calls Keras' own operations on the lines at fault, and `FUNCTIONAL` on all lines; any other
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
        frame: Any = sys._getframe(1)
        while frame and any(place in frame.f_code.co_filename for place in _PASSING_ON):
            frame = frame.f_back
        if frame is None or _is_framework(frame.f_code.co_filename):
            return original(*args, **kwargs)
        place = frame.f_code.co_filename, frame.f_lineno
        site = Site(operation.rpartition(".")[2], keras_name, arguments, *place)
        site = sites.setdefault((operation, *place), site)
        bound = signature.bind(*args, **kwargs)
        given = bound.arguments
        for name in given.keys() & set(strict.split()):
            site.note(name, given[name])
        if keras_name and (remedy == FUNCTIONAL or (remedy == "ops_where" and site.at_fault)):
            return own(**{arguments[name]: given[name] for name in given if name in arguments})
        if remedy == "tf_cast":
            for name in site.at_fault & given.keys():
                given[name] = keras.ops.cast(given[name], site.dtypes[name])
        return original(*bound.args, **bound.kwargs)

    return wrapper


class Change(NamedTuple):
    """What a user changes."""

    lines: int = 0  # that are added or changed
    places: tuple[str, ...] = ()  # where: ``file.py:12``
    diff: str = ""  # for `patch`; before it stands what no program edits


class Edit(NamedTuple):
    """Bytes of a file, and the text in their place; without a file, a text that the user writes."""

    file: str
    start: int
    end: int
    order: int  # of texts in one place
    text: str


@functools.lru_cache
class _Source:
    """A file of the user's, and where its nodes are in it: `ast` counts bytes."""

    def __init__(self, file: str) -> None:
        self.lines = linecache.getlines(file)
        encoded = [text.encode() for text in self.lines]
        self.text = b"".join(encoded)
        self.tree = ast.parse(self.text)
        self._starts = [0, *itertools.accumulate(map(len, encoded))]

    def span(self, node: Any) -> tuple[int, int]:
        end = self._starts[node.end_lineno - 1] + node.end_col_offset
        return self._starts[node.lineno - 1] + node.col_offset, end

    def edited(self, edits: list[Edit]) -> list[str]:
        """Return the lines after `edits`, which are in order, and the imports that they need."""
        text = self.text
        for edit in reversed(edits):
            text = text[: edit.start] + edit.text.encode() + text[edit.end :]
        after = text.decode().splitlines(keepends=True)
        imports = [n for n in self.tree.body if isinstance(n, (ast.Import, ast.ImportFrom))]
        bound = {alias.asname or alias.name for node in imports for alias in node.names}
        own = [n.lineno - 1 for n in imports if getattr(n, "module", "") != "__future__"]
        for name, statement in _IMPORTS.items():
            if name not in bound and any(f"{name}." in edit.text for edit in edits):
                after.insert(min(own, default=0), statement)
        return after


def change(edits: Iterable[Edit]) -> Change:
    """Return the change that `edits`, and the imports that they need, are together."""
    text, lines, places = "", 0, []
    for file, own in itertools.groupby(sorted({*edits}), key=lambda edit: edit.file):
        if not file:
            text = "".join(f"{edit.text}\n" for edit in own)
            lines = sum(written[:1] not in ("", "#") for written in text.splitlines())
            continue
        before, after = _Source(file).lines, _Source(file).edited([*own])
        path, here = Path(file).resolve(), Path.cwd()
        name = path.relative_to(here) if path.is_relative_to(here) else path.name
        text += "".join(difflib.unified_diff(before, after, f"a/{name}", f"b/{name}"))
        for kind, i, _, j, end in difflib.SequenceMatcher(None, before, after).get_opcodes():
            if kind != "equal":
                places.append(f"{path.name}:{i + 1}")
                lines += sum(bool(written.strip()) for written in after[j:end])
    return Change(lines, tuple(places), text)


def in_class(cls: type, text: str, *, above: bool = False) -> Edit:
    """Return the edit that pastes `text` at the end of the body of `cls`, or above it."""
    try:
        file = inspect.getfile(cls)
        source = _Source(file)
        classes = (node for node in ast.walk(source.tree) if isinstance(node, ast.ClassDef))
        node = next(node for node in classes if node.name == cls.__name__)
    except (OSError, TypeError, StopIteration):  # a notebook's
        place = "above" if above else "in"
        return Edit("", 0, 0, 0, f"# {place} class {cls.__name__}:\n{text}")
    start, end = source.span(node)
    if above:
        return Edit(file, start, start, 0, f"{text}\n{' ' * node.col_offset}")
    inner = " " * node.body[0].col_offset
    return Edit(file, end, end, 0, "\n\n" + textwrap.indent(text, inner))


def writing(remedy: str, sites: Iterable[Site]) -> Iterator[Edit]:
    """Yield the edits that write `remedy` on the lines of `sites`."""
    for site in sites:
        source = _Source(site.file)
        for number, node in enumerate(ast.walk(source.tree)):  # the outer ones first
            name, given = _called(node, site)
            if name != site.name or not node.lineno <= site.number <= node.end_lineno:  # type: ignore[attr-defined]
                continue
            if remedy == "tf_cast":
                for argument in site.at_fault & given.keys():
                    start, end = source.span(given[argument])
                    yield Edit(site.file, start, start, number, "tf.cast(")
                    yield Edit(site.file, end, end, -number, f', "{site.dtypes[argument]}")')
            elif isinstance(node, ast.Call):
                own = f"keras.ops.{site.keras_name}"
                yield Edit(site.file, *source.span(node.func), 0, own)
                for keyword in node.keywords:
                    if keyword.arg in site.arguments:
                        start, _ = source.span(keyword)
                        renamed = site.arguments[keyword.arg]
                        yield Edit(site.file, start, start + len(keyword.arg), 0, renamed)


def _called(node: Any, site: Site) -> tuple[str, dict[str, Any]]:
    """Return the name of what `node` calls, and its arguments by the names that `site` has."""
    if isinstance(node, ast.Call):
        module, _, name = ast.unparse(node.func).rpartition(".")
        named = {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
        given = dict(zip(site.arguments, node.args, strict=False))
        return ("" if module.startswith("keras") else name), given | named
    parts = [getattr(node, name) for name in ("left", "right", "operand") if hasattr(node, name)]
    name = _WRITTEN.get(type(getattr(node, "op", None)), "")
    return name, dict(zip(site.arguments, parts, strict=False))
