"""Tables that read the same on the page, in Markdown and beside a figure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Cell:
    """One value of a table.

    Attributes
    ----------
    text : str
        What it says.
    struck : bool
        Whether it is no result, and shown struck through.
    note : str
        What stands beside it, not struck through.
    kind : str
        What it is: a verdict, an outcome, ``"lost"`` or ``"kept"``; it picks the colour.
    """

    text: str
    struck: bool = False
    note: str = ""
    kind: str = ""


@dataclass(frozen=True)
class Table:
    """A caption, a head and rows; the first cell of each row names it."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
