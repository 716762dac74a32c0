"""Medians and their intervals in rows: a forest plot."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator

from reports.plot import (
    BAND,
    BLUE,
    GREEN,
    GREY,
    LINE,
    MUTED,
    ORANGE,
    PAPER,
    STYLE,
    Drawing,
    canvas,
    drawn,
    labels,
    place,
)

LOOKS = {
    "same": (BLUE, "o", BLUE),
    "faster": (GREEN, "<", GREEN),
    "slower": (ORANGE, ">", ORANGE),
    "undecided": (BLUE, "D", PAPER),
    "unreliable": (GREY, "x", GREY),
    "loses state": (GREY, "s", PAPER),
    "time": (BLUE, "o", BLUE),
}


@dataclass(frozen=True)
class Mark:
    """A median with its 99 % interval, and its quartiles where they are known."""

    low: float
    middle: float
    high: float
    look: str
    quartiles: tuple[float, float] = (math.nan, math.nan)


@dataclass(frozen=True)
class Line:
    """A labelled row of marks, one a panel; without marks it is the heading of a group."""

    label: str
    marks: tuple[Mark | None, ...] = ()

    @property
    def heads(self) -> bool:
        """Whether it is a heading."""
        return not self.marks


def intervals(
    title: str,
    panels: Sequence[str],
    lines: Sequence[Line],
    *,
    label: str,
    band: tuple[float, float] | None = None,
    png: bool = False,
) -> Drawing:
    """Draw medians and intervals in rows, the panels side by side.

    Parameters
    ----------
    title, label : str
        The question that the picture answers, and what its axis measures.
    panels : sequence of str
        Titles of the panels.
    lines : sequence of Line
        From top to bottom.
    band : tuple of float
        The margin around 1, for ratios; without it the values are seconds from 0.
    """
    with mpl.rc_context(STYLE):
        height = 0.215 * len(lines)
        figure, left = canvas(
            title, height, [line.label for line in lines if line.marks], foot=0.85
        )
        axes = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
        place(figure, left, height, foot=0.85)
        marks = [m for line in lines for m in line.marks if m]
        far = bool(band) or all(
            _far([line.marks[i] for line in lines if line.marks]) for i in range(len(panels))
        )
        for i, (axis, panel) in enumerate(zip(axes, panels, strict=True)):
            axis.set_title(panel, fontsize=8.5, color=MUTED, loc="left")
            own = [(y, m) for y, line in enumerate(lines) if line.marks and (m := line.marks[i])]
            _marks(axis, own)
            # Ratios of all panels share an axis; a save and a load only share where it begins.
            shared = marks if band else [m for _, m in own]
            _scale(axis, shared, band, max(2, 6 - len(panels)), far)
        axes[0].set_ylim(len(lines) - 0.4, -0.6)
        labels(axes[0], [(y, line.label, not line.marks) for y, line in enumerate(lines)])
        _legend(figure, sorted({m.look for m in marks}, key=list(LOOKS).index))
        figure.text(left, 0.36 / figure.get_figheight(), label, color=MUTED)
        return drawn(figure, title, png)


def _marks(axis: Any, marks: Sequence[tuple[int, Mark]]) -> None:
    # One artist a look, not one a mark: drawing time goes with their number.
    for look in {mark.look: None for _, mark in marks}:
        edge, shape, face = LOOKS[look]
        own = [(y, mark) for y, mark in marks if mark.look == look]
        spans = [(y, max(m.low, -1e300), min(m.high, 1e300)) for y, m in own]
        boxes = [(y, *m.quartiles) for y, m in own if not math.isnan(sum(m.quartiles))]
        for bars, width, alpha in ((spans, 1.4, 1.0), (boxes, 5, 0.3)):
            if bars:
                axis.hlines(*zip(*bars, strict=True), color=edge, linewidth=width, alpha=alpha)
        axis.plot(
            [mark.middle for _, mark in own],
            [y for y, _ in own],
            shape,
            markersize=5,
            markeredgecolor=edge,
            markerfacecolor=face,
        )


def _values(marks: Iterable[Mark | None]) -> list[float]:
    values = (v for m in marks if m for v in (m.low, m.middle, m.high, *m.quartiles))
    return [v for v in values if math.isfinite(v)]


def _far(marks: Iterable[Mark | None]) -> bool:
    """Return whether marks lie so far from 0 that an axis from 0 would hide what differs."""
    values = _values(marks)
    return not values or min(values) > max(values) / 2


def _scale(
    axis: Any, marks: Sequence[Mark], band: tuple[float, float] | None, ticks: int, far: bool
) -> None:
    values = _values(marks)
    if band:
        values += [2 * band[0] - 1, 2 * band[1] - 1]
        axis.axvspan(*band, color=BAND, zorder=0, linewidth=0)
        axis.axvline(1, color=MUTED, linewidth=0.8, zorder=1)
    low, high = min(values, default=0.0), max(values, default=1.0)
    low = low if far else 0.0
    if low > 0 and high / low > 2:
        axis.set_xscale("log")
        axis.set_xlim(low / 1.1, high * 1.1)
        axis.xaxis.set_minor_formatter(FuncFormatter(lambda *_: ""))
    else:
        space = 0.06 * (high - low) or 1.0
        axis.set_xlim(low - space if far else 0, high + space)
        axis.xaxis.set_major_locator(MaxNLocator(ticks, steps=[1, 2, 5, 10]))
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.4g}"))
    axis.grid(axis="x", color=LINE, linewidth=0.6)
    axis.set_axisbelow(True)
    axis.spines[["top", "right", "left"]].set_visible(False)
    axis.tick_params(length=0)


def _legend(figure: Figure, looks: Sequence[str]) -> None:
    said = {"time": "median, quartiles and 99 % interval"}
    handles = [
        Line2D([], [], color=c, marker=m, markerfacecolor=f, markersize=5, linewidth=1.2)
        for c, m, f in (LOOKS[look] for look in looks)
    ]
    figure.legend(
        handles,
        [said.get(look, look) for look in looks],
        loc="lower right",
        ncols=6,
        frameon=False,
        fontsize=7.5,
        borderaxespad=0.2,
    )
