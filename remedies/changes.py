"""What a user changes for a remedy: lines of their own files, as a unified diff to paste."""

from __future__ import annotations

import ast
import difflib
import inspect
import linecache
import textwrap
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from remedies.replacing import OPERATORS, Site


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
    start: int
    end: int
    text: str


def at_sites(remedy: str, sites: Iterable[Site]) -> Change:
    """Return the change that writes `remedy` on the lines of `sites`."""
    by_file: dict[str, list[Site]] = defaultdict(list)
    for site in sites:
        by_file[site.file].append(site)
    places = [f"{Path(site.file).name}:{site.number}" for own in by_file.values() for site in own]
    diffs = [_in_file(remedy, Path(file), own) for file, own in by_file.items()]
    changed = sum(_added(diff) for diff in diffs)
    return Change(changed or len(places), tuple(dict.fromkeys(places)), "".join(diffs))


def in_class(cls: type, code: str) -> Change:
    """Return the change that pastes `code` at the end of the body of `cls`."""
    lines = [text for text in code.splitlines() if text.strip()]
    try:
        file = Path(inspect.getfile(cls))
        source = file.read_text(encoding="utf-8")
        node = _class(ast.parse(source), cls)
    except (OSError, TypeError, SyntaxError, StopIteration):
        return Change(len(lines), (f"class {cls.__name__}",), code)
    kept = source.splitlines(keepends=True)
    indent = " " * node.body[0].col_offset
    end = node.end_lineno or len(kept)
    after = [*kept[:end], "\n", textwrap.indent(code, indent), "\n", *kept[end:]]
    text = "".join(after)
    text = _imported(text, "keras", "keras") if "keras." in code else text
    text = _imported(text, "tensorflow", "tf") if "tf." in code else text
    return Change(len(lines), (f"{file.name}:{end}",), _diff(file, source, text))


def _class(tree: ast.Module, cls: type) -> ast.ClassDef:
    named = (n for n in ast.walk(tree) if isinstance(n, ast.ClassDef) and n.name == cls.__name__)
    return next(named)


def _in_file(remedy: str, file: Path, sites: list[Site]) -> str:
    try:
        source = "".join(linecache.getlines(str(file)))
        tree = ast.parse(source)
    except SyntaxError:
        return ""
    edits: list[_Edit] = []
    for site in sites:
        for node in ast.walk(tree):
            if _calls(node, site):
                edits += _edits(remedy, node, site, source)
    text = source
    for edit in sorted(set(edits), key=lambda edit: (edit.start, edit.end), reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    if not edits:
        return ""
    asked = ("tensorflow", "tf") if remedy == "tf_cast" else ("keras", "keras")
    return _diff(file, source, _imported(text, *asked))


def _calls(node: ast.AST, site: Site) -> bool:
    if not isinstance(node, (ast.Call, ast.BinOp, ast.UnaryOp)):
        return False
    if not node.lineno <= site.number <= (node.end_lineno or node.lineno):
        return False
    if site.operation in OPERATORS:
        kinds = {"__and__": ast.BitAnd, "__or__": ast.BitOr, "__xor__": ast.BitXor,
                 "__invert__": ast.Invert}  # fmt: skip
        return not isinstance(node, ast.Call) and isinstance(node.op, kinds[site.operation.name])
    if not isinstance(node, ast.Call):
        return False
    name = ast.unparse(node.func)
    own = site.operation.name.rpartition(".")[2]
    return name.rpartition(".")[2] == own and not name.startswith("keras.")


def _edits(remedy: str, node: ast.AST, site: Site, source: str) -> Iterable[_Edit]:
    operation = site.operation
    if remedy != "tf_cast":
        if isinstance(node, ast.Call):
            yield from _renamed(node, site, source)
        else:
            parts = [ast.get_source_segment(source, part) for part in _operands(node)]
            start, end = _span(node, source)
            yield _Edit(
                start, end, f"keras.ops.{operation.keras_name}({', '.join(map(str, parts))})"
            )
        return
    for name, part in _given(node, site).items():
        if name in site.at_fault:
            start, end = _span(part, source)
            yield _Edit(start, start, "tf.cast(")
            yield _Edit(end, end, f', "{site.dtype(name)}")')


def _renamed(node: ast.Call, site: Site, source: str) -> Iterable[_Edit]:
    start, end = _span(node.func, source)
    yield _Edit(start, end, f"keras.ops.{site.operation.keras_name}")
    for keyword in node.keywords:
        own = site.operation.given.get(keyword.arg or "")
        if own and own != keyword.arg:
            first = _offset(source, keyword.lineno, keyword.col_offset)
            yield _Edit(first, first + len(keyword.arg or ""), own)
    names = {keyword.arg for keyword in node.keywords}
    for name, value in site.operation.defaults.items():
        if name not in names:
            last = _span(node, source)[1] - 1
            yield _Edit(last, last, f", {name}={value!r}")


def _given(node: ast.AST, site: Site) -> dict[str, ast.AST]:
    """Return the nodes of an operation's strict arguments by their names."""
    if not isinstance(node, ast.Call):
        return dict(zip(site.operation.arguments, _operands(node), strict=False))
    order = list(site.operation.given) or ["", *site.operation.arguments]
    if site.operation.name == "one_hot":
        order = ["indices"]
    given: dict[str, ast.AST] = dict(zip(order, node.args, strict=False))
    return given | {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}


def _operands(node: ast.AST) -> list[ast.AST]:
    if isinstance(node, ast.BinOp):
        return [node.left, node.right]
    return [node.operand] if isinstance(node, ast.UnaryOp) else []


def _span(node: ast.AST, source: str) -> tuple[int, int]:
    return (
        _offset(source, node.lineno, node.col_offset),  # type: ignore[attr-defined]
        _offset(source, node.end_lineno, node.end_col_offset),  # type: ignore[attr-defined]
    )


def _offset(source: str, number: int, column: int) -> int:
    lines = source.splitlines(keepends=True)
    return sum(map(len, lines[: number - 1])) + len(
        lines[number - 1].encode()[:column].decode(errors="replace")
    )


def _imported(text: str, module: str, name: str) -> str:
    """Return `text` with `module` imported as `name`, after its first imports."""
    tree = ast.parse(text)
    bound = [
        (alias.name, alias.asname or alias.name)
        for node in tree.body
        if isinstance(node, ast.Import)
        for alias in node.names
    ]
    if (module, name) in bound:
        return text
    imports = [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
    own = [n for n in imports if not (isinstance(n, ast.ImportFrom) and n.module == "__future__")]
    before = own[0].lineno - 1 if own else max((n.end_lineno or 0 for n in imports), default=0)
    lines = text.splitlines(keepends=True)
    added = f"import {module}" + f" as {name}" * (module != name) + "\n"
    return "".join([*lines[:before], added, *lines[before:]])


def _diff(file: Path, before: str, after: str) -> str:
    try:
        name = str(file.resolve().relative_to(Path.cwd()))
    except ValueError:
        name = file.name
    lines = difflib.unified_diff(
        before.splitlines(keepends=True),
        after.splitlines(keepends=True),
        f"a/{name}",
        f"b/{name}",
    )
    return "".join(text if text.endswith("\n") else f"{text}\n" for text in lines)


def _added(diff: str) -> int:
    return sum(text.startswith("+") and not text.startswith("+++") for text in diff.splitlines())
