"""What a user changes for a remedy: lines of their own files, as a unified diff to paste."""

from __future__ import annotations

import ast
import contextlib
import difflib
import inspect
import itertools
import linecache
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from remedies.comparing.replacing import Operation, Site

_OPERATORS = {ast.BitAnd: "__and__", ast.BitOr: "__or__", ast.BitXor: "__xor__",
              ast.Invert: "__invert__"}  # fmt: skip
_IMPORTS = {"keras": "import keras\n", "tf": "import tensorflow as tf\n"}


@dataclass(frozen=True)
class Change:
    """A change to a user's files.

    Attributes
    ----------
    lines : int
        How many lines are added or changed.
    places : tuple of str
        ``file.py:12`` for each.
    diff : str
        As `git apply` and `patch` take it from the folder of the files; where the lines cannot be
        edited by a program, the text to write.
    """

    lines: int
    places: tuple[str, ...] = ()
    diff: str = ""


class _Edit(NamedTuple):
    """Bytes of a file, and the text in their place; `order` is that of texts in one place."""

    start: int
    end: int
    order: int
    text: str


class _Source:
    """A file of the user's, and where its nodes are in it: `ast` counts bytes."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.lines = [text.encode() for text in linecache.getlines(file)]
        self.text = b"".join(self.lines)
        self.tree = ast.parse(self.text)
        self._starts = [0, *itertools.accumulate(map(len, self.lines))]

    def span(self, node: Any) -> tuple[int, int]:
        """Return where `node` begins and ends."""
        end = self._starts[node.end_lineno - 1] + node.end_col_offset
        return self._starts[node.lineno - 1] + node.col_offset, end

    def diff(self, edits: list[_Edit]) -> str:
        """Return the diff of `edits` and of the imports that they need."""
        text = self.text
        for edit in sorted(edits, reverse=True):
            text = text[: edit.start] + edit.text.encode() + text[edit.end :]
        after = text.decode().splitlines(keepends=True)
        imports = [n for n in self.tree.body if isinstance(n, (ast.Import, ast.ImportFrom))]
        bound = {alias.asname or alias.name for node in imports for alias in node.names}
        own = [n.lineno - 1 for n in imports if getattr(n, "module", "") != "__future__"]
        for name, statement in _IMPORTS.items():
            if name not in bound and any(f"{name}." in edit.text for edit in edits):
                after.insert(min(own, default=0), statement)
        path = Path(self.file).resolve()
        name = str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else path.name
        before = [each.decode() for each in self.lines]
        lines = difflib.unified_diff(before, after, f"a/{name}", f"b/{name}")
        return "".join(each if each.endswith("\n") else f"{each}\n" for each in lines)


def at_sites(remedy: str, sites: Iterable[Site]) -> Change:
    """Return the change that writes `remedy` on the lines of `sites`."""
    own = (site for site in sites if remedy == "tf_cast" or site.operation.keras_name)
    ordered = sorted(own, key=lambda site: (site.file, site.number))
    places = dict.fromkeys(f"{Path(site.file).name}:{site.number}" for site in ordered)
    diff = ""
    for file, here in itertools.groupby(ordered, key=lambda site: site.file):
        with contextlib.suppress(SyntaxError):  # a notebook's cell is no Python
            source = _Source(file)
            diff += source.diff([*_edits(remedy, list(here), source)])
    return Change(_added(diff) or len(places), tuple(places), diff)


def in_class(cls: type, code: str) -> Change:
    """Return the change that pastes `code` at the end of the body of `cls`."""
    try:
        source = _Source(inspect.getfile(cls))
        classes = (node for node in ast.walk(source.tree) if isinstance(node, ast.ClassDef))
        node = next(node for node in classes if node.name == cls.__name__)
    except (OSError, TypeError, SyntaxError, StopIteration):
        lines = sum(bool(text.strip()) for text in code.splitlines())
        return Change(lines, (f"class {cls.__name__}",), code)
    _, end = source.span(node)
    pasted = "\n\n" + textwrap.indent(code, " " * node.body[0].col_offset)
    diff = source.diff([_Edit(end, end, 0, pasted)])
    return Change(_added(diff), (f"{Path(source.file).name}:{node.end_lineno}",), diff)


def _added(diff: str) -> int:
    added = (text for text in diff.splitlines() if text[:1] == "+" and text[:3] != "+++")
    return sum(text != "+" for text in added)


def _edits(remedy: str, sites: list[Site], source: _Source) -> Iterator[_Edit]:
    for number, node in enumerate(ast.walk(source.tree)):  # the outer ones first
        name, parts = _called(node)
        own = [site for site in sites if site.operation.name.rpartition(".")[2] == name]
        for site in [s for s in own if node.lineno <= s.number <= node.end_lineno][:1]:  # type: ignore[attr-defined]
            given = dict(zip(site.arguments, parts, strict=False))
            given |= {each.arg: each.value for each in getattr(node, "keywords", ())}
            if remedy != "tf_cast":
                yield from _keras_own(node, site.operation, source)
                continue
            for argument in site.at_fault & given.keys():
                start, end = source.span(given[argument])
                yield _Edit(start, start, number, "tf.cast(")
                yield _Edit(end, end, -number, f', "{site.dtype(argument)}")')


def _called(node: Any) -> tuple[str, list[Any]]:
    """Return the name of what `node` calls, and what it is given by position."""
    if isinstance(node, ast.Call):
        module, _, name = ast.unparse(node.func).rpartition(".")
        return ("" if module.startswith("keras") else name), node.args
    if isinstance(node, (ast.BinOp, ast.UnaryOp)):
        parts = [node.left, node.right] if isinstance(node, ast.BinOp) else [node.operand]
        return _OPERATORS.get(type(node.op), ""), parts
    return "", []


def _keras_own(node: Any, operation: Operation, source: _Source) -> Iterator[_Edit]:
    yield _Edit(*source.span(node.func), 0, f"keras.ops.{operation.keras_name}")
    for keyword in node.keywords:
        if keyword.arg in operation.renamed:
            start, _ = source.span(keyword)
            yield _Edit(start, start + len(keyword.arg), 0, operation.renamed[keyword.arg])
    names = {keyword.arg for keyword in node.keywords}
    end = source.span(node)[1] - 1
    for name in operation.added.keys() - names:
        yield _Edit(end, end, 0, f", {name}={operation.added[name]!r}")
