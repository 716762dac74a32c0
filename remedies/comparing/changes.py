"""What a user changes for a remedy: lines of their own files, as a unified diff to paste."""

import ast
import difflib
import functools
import inspect
import itertools
import linecache
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from remedies.comparing.replacing import Site

REGISTER = "@keras.utils.register_keras_serializable()"  # tf.keras has no `saving`
_OPERATORS: dict[Any, str] = {ast.BitAnd: "__and__", ast.BitOr: "__or__", ast.BitXor: "__xor__",
                              ast.Invert: "__invert__"}  # fmt: skip
_IMPORTS = {"keras": "import keras\n", "tf": "import tensorflow as tf\n"}


class Change(NamedTuple):
    """What a user changes."""

    lines: int = 0  # that are added or changed
    places: tuple[str, ...] = ()  # where: ``file.py:12``
    diff: str = ""  # for `patch`; before it stands what no program edits, as a notebook's cell


class Edit(NamedTuple):
    """Bytes of a file, and the text in their place; without a file, a text that the user writes."""

    file: str
    start: int
    end: int
    order: int  # of texts in one place
    text: str


def by_hand(text: str) -> Edit:
    """Return the edit that leaves `text` to the user."""
    return Edit("", 0, 0, 0, text)


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
        """Return where `node` begins and ends."""
        end = self._starts[node.end_lineno - 1] + node.end_col_offset
        return self._starts[node.lineno - 1] + node.col_offset, end


def change(edits: Iterable[Edit]) -> Change:
    """Return the change that `edits`, and the imports that they need, are together."""
    text, lines, places = "", 0, []
    for file, own in itertools.groupby(sorted({*edits}), key=lambda edit: edit.file):
        if not file:
            text = "".join(f"{edit.text}\n" for edit in own)
            lines = sum(written[:1] not in ("", "#") for written in text.splitlines())
            continue
        before, after = _Source(file).lines, _edited(_Source(file), [*own])
        path, here = Path(file).resolve(), Path.cwd()
        name = path.relative_to(here) if path.is_relative_to(here) else path.name
        diff = difflib.unified_diff(before, after, f"a/{name}", f"b/{name}")
        text += "".join(each if each.endswith("\n") else f"{each}\n" for each in diff)
        for kind, i, _, j, end in difflib.SequenceMatcher(None, before, after).get_opcodes():
            if kind != "equal":
                places.append(f"{path.name}:{i + 1}")
                lines += sum(bool(written.strip()) for written in after[j:end])
    return Change(lines, tuple(places), text)


def _edited(source: _Source, edits: list[Edit]) -> list[str]:
    text = source.text
    for edit in reversed(edits):
        text = text[: edit.start] + edit.text.encode() + text[edit.end :]
    after = text.decode().splitlines(keepends=True)
    imports = [n for n in source.tree.body if isinstance(n, (ast.Import, ast.ImportFrom))]
    bound = {alias.asname or alias.name for node in imports for alias in node.names}
    own = [n.lineno - 1 for n in imports if getattr(n, "module", "") != "__future__"]
    for name, statement in _IMPORTS.items():
        if name not in bound and any(f"{name}." in edit.text for edit in edits):
            after.insert(min(own, default=0), statement)
    return after


def in_class(cls: type, text: str, *, above: bool = False) -> Edit:
    """Return the edit that pastes `text` at the end of the body of `cls`, or above it."""
    try:
        file = inspect.getfile(cls)
        source = _Source(file)
        classes = (node for node in ast.walk(source.tree) if isinstance(node, ast.ClassDef))
        node = next(node for node in classes if node.name == cls.__name__)
    except (OSError, TypeError, SyntaxError, StopIteration):
        return by_hand(f"# {'above' if above else 'in'} class {cls.__name__}:\n{text}")
    start, end = source.span(node)
    if above:
        return Edit(file, start, start, 0, f"{text}\n{' ' * node.col_offset}")
    inner = " " * node.body[0].col_offset
    return Edit(file, end, end, 0, "\n\n" + textwrap.indent(text, inner))


def writing(remedy: str, sites: Iterable[Site]) -> Iterator[Edit]:
    """Yield the edits that write `remedy` on the lines of `sites`."""
    for site in sites:
        try:
            source = _Source(site.file)
        except SyntaxError:  # a notebook's cell is no Python
            yield by_hand(f"{remedy} at {site.file}:{site.number}, tf.{site.name}")
            continue
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
    name = _OPERATORS.get(type(getattr(node, "op", None)), "")
    return name, dict(zip(site.arguments, parts, strict=False))
