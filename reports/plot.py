"""Two kinds of picture, drawn without a display: intervals in rows, and a grid of amounts."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, MaxNLocator

INK, MUTED, LINE, PAPER, BAND = "#1c2128", "#606a75", "#d4d9df", "#ffffff", "#eef2f6"
BLUE, GREEN, ORANGE, GREY = "#0072b2", "#007f5f", "#c65200", "#8a929b"
LOOKS = {
    "same": (BLUE, "o", BLUE),
    "faster": (GREEN, "<", GREEN),
    "slower": (ORANGE, ">", ORANGE),
    "undecided": (BLUE, "D", PAPER),
    "unreliable": (GREY, "x", GREY),
    "loses state": (GREY, "s", PAPER),
    "time": (BLUE, "o", BLUE),
}
LEVELS = {
    "kept": "#e3edf5",
    "part": "#f0b860",
    "all": "#d9703a",
    "silent": "#8b2f6b",
    "": "#f3f4f5",
}
TITLE_BAND = 30.0  # points above every picture, so that a page with a heading can crop them
WIDTH = 7.6
_RC = {
    "font.family": "DejaVu Sans",
    "font.size": 8.5,
    "text.parse_math": False,  # names in results may hold a dollar sign
    "svg.fonttype": "none",
    "axes.edgecolor": LINE,
    "axes.labelcolor": MUTED,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": INK,
    "hatch.linewidth": 0.6,
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


@dataclass(frozen=True)
class Square:
    """One amount in a grid; `level` picks its colour."""

    text: str
    level: str


@dataclass(frozen=True)
class Drawing:
    """A picture as SVG text and PNG bytes; `title_band` is the height of its title in points."""

    svg: str
    png: bytes
    title_band: float = field(default=TITLE_BAND)


def intervals(
    title: str,
    panels: Sequence[str],
    lines: Sequence[Line],
    *,
    label: str,
    band: tuple[float, float] | None = None,
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
    with mpl.rc_context(_RC):
        height = 0.215 * len(lines)
        figure, left = _figure(title, height, [line.label for line in lines], foot=0.85)
        axes = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
        _place(figure, left, height, foot=0.85)
        marks = [m for line in lines for m in line.marks if m]
        for i, (axis, panel) in enumerate(zip(axes, panels, strict=True)):
            axis.set_title(panel, fontsize=8.5, color=MUTED, loc="left")
            own = [(y, m) for y, line in enumerate(lines) if line.marks and (m := line.marks[i])]
            _marks(axis, own)
            # Ratios of all panels share an axis; a save and a load need not.
            _scale(axis, marks if band else [mark for _, mark in own], band)
        _rows(axes, lines)
        _legend(figure, sorted({m.look for m in marks}, key=list(LOOKS).index))
        figure.text(left, 0.36 / figure.get_figheight(), label, color=MUTED)
        return _drawn(figure, title)


def grid(
    title: str, columns: Sequence[str], lines: Sequence[tuple[str, Sequence[Square]]]
) -> Drawing:
    """Draw labelled rows of amounts as a heat map; a row without squares heads a group."""
    with mpl.rc_context(_RC):
        height = 0.3 * len(lines)
        figure, left = _figure(title, height, [name for name, _ in lines], foot=0.35, head=0.55)
        axis = figure.subplots()
        _place(figure, left, height, foot=0.35, head=0.55)
        for y, (_, squares) in enumerate(lines):
            for x, square in enumerate(squares):
                _square(axis, x, y, square)
        axis.set(xlim=(0, len(columns)), ylim=(len(lines), 0))
        axis.xaxis.tick_top()
        axis.set_xticks([x + 0.5 for x in range(len(columns))], columns, fontsize=7.5)
        axis.set_yticks([y + 0.5 for y in range(len(lines))], [name for name, _ in lines])
        for tick, (_, squares) in zip(axis.get_yticklabels(), lines, strict=True):
            tick.set_fontweight("normal" if squares else "bold")
        axis.tick_params(length=0)
        axis.spines[:].set_visible(False)
        said = {"kept": "kept", "part": "part of it lost", "all": "lost", "silent": "silently lost"}
        handles = [Rectangle((0, 0), 1, 1, facecolor=LEVELS[level]) for level in said]
        figure.legend(
            handles,
            said.values(),
            loc="lower right",
            ncols=4,
            frameon=False,
            fontsize=7.5,
            handlelength=1,
            handleheight=1,
            borderaxespad=0.2,
        )
        return _drawn(figure, title)


def _figure(
    title: str, height: float, labels: Sequence[str], foot: float, head: float = 0.3
) -> tuple[Figure, float]:
    total = height + foot + head + TITLE_BAND / 72
    figure = Figure(figsize=(WIDTH, total), facecolor=PAPER)
    FigureCanvasAgg(figure)
    figure.text(0.012, 1 - 20 / 72 / total, title[:110], fontsize=10.5, fontweight="bold")
    longest = max((len(label) for label in labels), default=0)
    return figure, min(0.45, (0.25 + 0.073 * longest) / WIDTH)


def _place(figure: Figure, left: float, height: float, foot: float, head: float = 0.3) -> None:
    total = figure.get_figheight()
    top = 1 - (TITLE_BAND / 72 + head) / total
    figure.subplots_adjust(left, foot / total, 0.985, top, wspace=0.07)


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


def _scale(axis: Any, marks: Sequence[Mark], band: tuple[float, float] | None) -> None:
    values = [v for m in marks for v in (m.low, m.middle, m.high, *m.quartiles)]
    values = [v for v in values if math.isfinite(v)]
    if band:
        values += [2 * band[0] - 1, 2 * band[1] - 1]
        axis.axvspan(*band, color=BAND, zorder=0, linewidth=0)
        axis.axvline(1, color=MUTED, linewidth=0.8, zorder=1)
    low, high = (min(values), max(values)) if band else (0.0, max(values, default=1.0))
    if low > 0 and high / low > 2:
        axis.set_xscale("log")
        axis.set_xlim(low / 1.1, high * 1.1)
        axis.xaxis.set_minor_formatter(FuncFormatter(lambda *_: ""))
    else:
        space = 0.06 * (high - low) or 1.0
        axis.set_xlim(low - space if band else 0, high + space)
        axis.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.4g}"))
    axis.grid(axis="x", color=LINE, linewidth=0.6)
    axis.set_axisbelow(True)
    axis.spines[["top", "right", "left"]].set_visible(False)
    axis.tick_params(length=0)


def _rows(axes: Sequence[Any], lines: Sequence[Line]) -> None:
    axes[0].set_ylim(len(lines) - 0.4, -0.6)
    axes[0].set_yticks(range(len(lines)), [line.label for line in lines])
    for tick, line in zip(axes[0].get_yticklabels(), lines, strict=True):
        tick.set_fontweight("normal" if line.marks else "bold")


def _legend(figure: Figure, looks: Sequence[str]) -> None:
    from matplotlib.lines import Line2D

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


def _square(axis: Any, x: int, y: int, square: Square) -> None:
    silent = square.level == "silent"
    axis.add_patch(
        Rectangle(
            (x, y),
            1,
            1,
            facecolor=LEVELS[square.level],
            edgecolor=PAPER,
            linewidth=2,
        )
    )
    axis.text(
        x + 0.5,
        y + 0.5,
        square.text,
        ha="center",
        va="center",
        fontsize=8,
        color="#fffffe" if silent else "#111111",
        fontweight="bold" if square.level in ("all", "silent") else "normal",
    )


def _drawn(figure: Figure, title: str) -> Drawing:
    svg, png = io.StringIO(), io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": title}):
        figure.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
    figure.savefig(png, format="png", dpi=160, metadata={"Software": None})
    return Drawing(svg.getvalue(), png.getvalue())
