r"""Cells and words escaped for the page and for Markdown; functions, as macros take far longer.

>>> html_row((Cell("<b>"), Cell("1.2", struck=True, note="loses state")))
Markup('<tr><th scope="row">&lt;b&gt;</th><td><s>1.2</s> <small>loses state</small></td></tr>')
>>> print(markdown_row((Cell("a|b"), Cell("1.2", struck=True, note="loses state"))))
| a\|b | ~~1.2~~ (loses state) |
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from markupsafe import Markup, escape

from reports.tables import Cell


@lru_cache(maxsize=4096)
def slug(text: str) -> str:
    """Return `text` as the name of a CSS class."""
    return re.sub(r"[^a-z]+", "-", text.lower()).strip("-")


@lru_cache(maxsize=65536)
def markdown(text: object) -> Markup:
    """Escape what Markdown would take for HTML, formatting, a table or a link."""
    plain = str(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    # An underscore inside a word and a bracket without a target are only themselves.
    escaped = re.sub(r"[\\`*|~]|(?<!\w)_|_(?!\w)|\](?=[(\[:])", r"\\\g<0>", plain)
    return Markup(escaped.replace("\n", " "))  # noqa: S704 - all of HTML's own is escaped above


def html_row(row: Sequence[Cell]) -> Markup:
    """Return a row of a table; its first cell names it."""
    head, *cells = map(_html, row)
    text = "".join(f"<td>{cell}</td>" for cell in cells)
    return Markup(f'<tr><th scope="row">{head}</th>{text}</tr>')  # noqa: S704 - escaped by _html


@lru_cache(maxsize=65536)
def _html(cell: Cell) -> str:
    text = str(escape(cell.text))
    text = f"<s>{text}</s>" if cell.struck else text
    text = f'<span class="{slug(cell.kind)}">{text}</span>' if cell.kind else text
    return f"{text} <small>{escape(cell.note)}</small>" if cell.note else text


def markdown_row(row: Sequence[Cell]) -> Markup:
    """Return a row of a Markdown table."""
    return Markup(f"| {' | '.join(map(_markdown, row))} |")  # noqa: S704 - escaped by markdown


@lru_cache(maxsize=65536)
def _markdown(cell: Cell) -> str:
    text = f"~~{markdown(cell.text)}~~" if cell.struck else markdown(cell.text)
    return f"{text} ({markdown(cell.note)})" if cell.note else str(text)
