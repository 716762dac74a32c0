"""The figures: matplotlib's artists, each drawn once for a light page and once for a dark one."""

from __future__ import annotations

import io
import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure as Canvas

from remedies.intervals import Word
from reports.parts import Figure
from reports.results import summary

WIDTH = 8.0  # inches


@dataclass(frozen=True)
class Colors:
    """What a figure is drawn with."""

    ink: str
    muted: str
    paper: str
    good: str
    bad: str
    open: str
    slow: str


THEMES = {
    "light": Colors("#1c2128", "#59636e", "#ffffff", "#0068a8", "#a33a00", "#8a939d", "#9a5b00"),
    "dark": Colors("#e3e7ec", "#a3adb8", "#14181d", "#62b5ec", "#f2825c", "#7d8790", "#e8b04f"),
}
_TONES = {"python": "slow", "slower": "slow", "undecided": "open", "unreliable": "open"}


def svg(figure: Figure, theme: str) -> bytes:
    """Return `figure` as SVG in the colours of `theme`, a key of `THEMES`."""
    colors = THEMES[theme]
    style = {
        "svg.fonttype": "none",
        "svg.hashsalt": figure.name,  # equal results give equal files
        "text.parse_math": False,  # a name from a file is no formula
        "font.size": 10.5,
        "font.family": ["sans-serif"],
        "axes.edgecolor": colors.muted,
        "axes.facecolor": colors.paper,
        "figure.facecolor": colors.paper,
        "axes.titlesize": 10.5,
        "axes.titlelocation": "left",
        **dict.fromkeys(("text.color", "ytick.color"), colors.ink),
        **dict.fromkeys(("axes.labelcolor", "axes.titlecolor", "xtick.color"), colors.muted),
        **{f"axes.spines.{side}": False for side in ("top", "right", "left")},
    }
    target = io.BytesIO()
    with mpl.rc_context(style):
        canvas = Canvas()
        figure.draw(canvas, colors)
        canvas.savefig(target, format="svg", metadata={"Date": None, "Creator": None})
    return target.getvalue()


def answer(canvas: Any, colors: Colors, rows: Sequence[tuple[str, float | None, Any]]) -> None:
    """Draw what comes back, as bars, and what a training step costs, as intervals."""
    left, right = _panels(canvas, 0.45 * len(rows), (1.75, 1.9), (3.95, 1.6))
    for place, (_, share, _) in enumerate(rows):
        text = "not measured" if share is None else f"{share:.0%}"
        width, inside = share or 0, (share or 0) > 0.3
        left.barh(place, width, height=0.55, color=colors.good if width == 1 else colors.bad)
        left.text(width + (-0.02 if inside else 0.02), place, text, va="center",
                  ha="right" if inside else "left",
                  color=colors.paper if inside else colors.ink)  # fmt: skip
    left.set(xlim=(0, 1), xticks=[], title="what comes back")
    left.spines["bottom"].set_visible(False)
    _names(left, [name for name, _, _ in rows])
    _intervals(right, colors, [own for _, _, own in rows], 30)
    _names(right, [""] * len(rows))
    right.set_title("training step")


def steps(canvas: Any, colors: Colors, rows: Sequence[tuple[str, Any]]) -> None:
    """Draw the intervals of comparisons, a row for each name."""
    [axes] = _panels(canvas, 0.5 * len(rows), (2.6, 2.5))
    _intervals(axes, colors, [own for _, own in rows], 42)
    _names(axes, [name for name, _ in rows])


def _panels(canvas: Any, height: float, *spans: tuple[float, float]) -> list[Any]:
    """Return axes of `height` inches, each with its left edge and width in inches."""
    foot, whole = 0.55, height + 0.85
    canvas.set_size_inches(WIDTH, whole)
    return [
        canvas.add_axes((left / WIDTH, foot / whole, width / WIDTH, height / whole))
        for left, width in spans
    ]


def _intervals(axes: Any, colors: Colors, rows: Sequence[Any], width: int) -> None:
    """Draw each comparison as a mark with its interval, in percent of the reference's time."""
    reach = 1.0
    for place, own in enumerate(rows):
        drawn = _drawn(own)
        for i, (word, low, center, high) in enumerate(drawn):
            y = place + 0.3 * (i - (len(drawn) - 1) / 2) / max(1, len(drawn) - 1)
            color = getattr(colors, _TONES.get(word, "good"))
            mark = {"same step": "D", "unreliable": "x"}.get(word, "o")
            axes.plot(center, y, mark, color=color, markersize=5)
            axes.plot((low, high), (y, y), color=color, linewidth=1.4)
            reach = max(reach, abs(low), abs(high))
        first, *more = summary(own).split("; ")  # the worst is first; the table has the rest
        text = textwrap.fill(first + " ..." * bool(more), width) if len(own) else "not measured"
        axes.annotate(text, (1.03, place), xycoords=("axes fraction", "data"), va="center",
                      fontsize=9, annotation_clip=False)  # fmt: skip
    axes.set(xlim=(-1.1 * reach, 1.1 * reach), xlabel="% faster | % slower")
    axes.axvline(0, color=colors.muted, linewidth=0.8, zorder=0)


def _drawn(rows: Any) -> list[tuple[str, float, float, float]]:
    """Return the word and the ends in percent of `rows`; what is exact is one mark."""
    made = set()
    for row in rows.itertuples(index=False):
        ends = (row.low, row.ratio, row.high)
        if row.unit == "seconds":
            ends = tuple(1 + end / row.seconds if row.seconds else math.nan for end in ends)
        low, center, high = (100 * (end - 1) for end in ends)
        if abs(low) < 1000 > abs(high):
            made.add((Word(row.word).value, low, center, high))
    return sorted(made, key=lambda each: each[2])


def _names(axes: Any, names: Sequence[str]) -> None:
    short = ["\n".join(textwrap.shorten(part, 36, placeholder=" ...") for part in name.split("\n"))
             for name in names]  # fmt: skip
    axes.set_yticks(range(len(names)), short)
    axes.tick_params(axis="y", length=0, labelsize=10)
    axes.set_ylim(len(names) - 0.4, -0.6)
