"""Amounts made of parts, as stacked bars in rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.collections import PolyCollection
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, MaxNLocator

from reports.plot import (
    BLUE,
    GREY,
    LINE,
    MUTED,
    ORANGE,
    STYLE,
    Drawing,
    canvas,
    drawn,
    labels,
    place,
)

COLOURS = (BLUE, ORANGE, GREY)


@dataclass(frozen=True)
class Bar:
    """A labelled row of parts, none negative; without parts it is the heading of a group."""

    label: str
    parts: tuple[float, ...] = ()

    @property
    def heads(self) -> bool:
        """Whether it is a heading."""
        return not self.parts


def stacks(
    title: str, parts: Sequence[str], bars: Sequence[Bar], label: str, *, png: bool = False
) -> Drawing:
    """Draw `bars` from top to bottom, each a stack of `parts`; `label` names the axis."""
    with mpl.rc_context(STYLE):
        height = 0.215 * len(bars)
        figure, left = canvas(
            title, height, [bar.label for bar in bars if bar.parts], foot=0.85, head=0.1
        )
        axis = figure.subplots()
        place(figure, left, height, foot=0.85, head=0.1)
        for i, colour in enumerate(COLOURS[: len(parts)]):
            _part(axis, bars, i, colour)
        axis.set_ylim(len(bars) - 0.4, -0.6)
        axis.set_xlim(0, 1.03 * max((sum(bar.parts) for bar in bars), default=1.0) or 1.0)
        labels(axis, [(y, bar.label, not bar.parts) for y, bar in enumerate(bars)])
        axis.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
        axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.4g}"))
        axis.grid(axis="x", color=LINE, linewidth=0.6)
        axis.set_axisbelow(True)
        axis.spines[["top", "right", "left"]].set_visible(False)
        axis.tick_params(length=0)
        handles = [Rectangle((0, 0), 1, 1, facecolor=c) for c in COLOURS[: len(parts)]]
        figure.legend(
            handles, parts, loc="lower right", ncols=3, frameon=False, fontsize=7.5, handlelength=1
        )
        figure.text(left, 0.36 / figure.get_figheight(), label, color=MUTED)
        return drawn(figure, title, png)


def _part(axis: Any, bars: Sequence[Bar], part: int, colour: str) -> None:
    corners = []
    for y, bar in enumerate(bars):
        if bar.parts:
            start = sum(bar.parts[:part])
            end = start + bar.parts[part]
            corners.append([(start, y - 0.34), (end, y - 0.34), (end, y + 0.34), (start, y + 0.34)])
    axis.add_collection(PolyCollection(corners, facecolors=colour, linewidths=0))
