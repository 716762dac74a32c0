"""Amounts in a grid: a heat map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.collections import PolyCollection
from matplotlib.patches import Rectangle

from reports.plot import EMPTY, INK, KEPT, PAPER, STYLE, Drawing, canvas, drawn, labels, place

LEVELS = {
    "kept": KEPT,
    "part": "#f0b860",
    "all": "#d9703a",
    "silent": "#8b2f6b",
    "loud": "#c3cbd3",
    "": EMPTY,
}
LEGEND = {"kept": "kept", "part": "part of it lost", "all": "lost", "silent": "silently lost"}


@dataclass(frozen=True)
class Square:
    """One amount in a grid; `level` picks its colour."""

    text: str
    level: str


def grid(
    title: str,
    columns: Sequence[str],
    lines: Sequence[tuple[str, Sequence[Square]]],
    legend: Mapping[str, str] = LEGEND,
    pitch: float = 0.3,
    *,
    png: bool = False,
) -> Drawing:
    """Draw labelled rows of amounts as a heat map; a row without squares heads a group.

    `legend` says what a level means; `pitch` is the height of a row in inches.
    """
    with mpl.rc_context(STYLE):
        height = pitch * len(lines)
        figure, left = canvas(
            title, height, [name for name, row in lines if row], foot=0.35, head=0.55
        )
        axis = figure.subplots()
        place(figure, left, height, foot=0.35, head=0.55)
        placed = [(x, y, s) for y, (_, row) in enumerate(lines) for x, s in enumerate(row)]
        corners = [[(x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1)] for x, y, _ in placed]
        faces = [LEVELS[square.level] for _, _, square in placed]
        axis.add_collection(
            PolyCollection(corners, facecolors=faces, edgecolors=PAPER, linewidths=2)
        )
        for x, y, square in placed:
            _text(axis, x, y, square)
        axis.set(xlim=(0, len(columns)), ylim=(len(lines), 0))
        axis.xaxis.tick_top()
        axis.set_xticks([x + 0.5 for x in range(len(columns))], columns, fontsize=7.5)
        labels(axis, [(y + 0.5, name, not squares) for y, (name, squares) in enumerate(lines)])
        axis.tick_params(length=0)
        axis.spines[:].set_visible(False)
        handles = [Rectangle((0, 0), 1, 1, facecolor=LEVELS[level]) for level in legend]
        figure.legend(
            handles,
            legend.values(),
            loc="lower right",
            ncols=4,
            frameon=False,
            fontsize=7.5,
            handlelength=1,
            handleheight=1,
            borderaxespad=0.2,
        )
        return drawn(figure, title, png)


def headings(names: Sequence[str]) -> list[str]:
    """Return names as headings of columns, long ones on two lines, broken nearest to the middle."""
    return [_broken(name) if len(name) > 12 else name for name in names]


def _broken(name: str) -> str:
    ends = [place + 1 for place, letter in enumerate(name[:-1]) if letter == "_"]
    if not ends:
        return name
    end = min(ends, key=lambda place: abs(2 * place - len(name)))
    return f"{name[:end]}\n{name[end:]}"


def _ink(level: str) -> str:
    """Return the colour of the text: the reader's own on the fields that follow their theme."""
    return INK if level in ("kept", "") else "#fffffe" if level == "silent" else "#111111"


def _text(axis: Any, x: int, y: int, square: Square) -> None:
    if not square.text:
        return
    axis.text(
        x + 0.5,
        y + 0.5,
        square.text,
        ha="center",
        va="center",
        fontsize=8,
        color=_ink(square.level),
        fontweight="bold" if square.level in ("all", "silent") else "normal",
    )
