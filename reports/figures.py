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
from reports.wording import size

WIDTH = 8.0  # inches
_MOST = 16  # intervals in a row


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
_TONES = dict.fromkeys(Word, "good") | {
    Word.PYTHON: "slow", Word.SLOWER: "slow", Word.UNDECIDED: "open", Word.UNRELIABLE: "open",
}  # fmt: skip


def svg(figure: Figure, theme: str) -> bytes:
    """Return `figure` as SVG in the colours of `theme`, a key of `THEMES`."""
    colors = THEMES[theme]
    style = {
        "svg.fonttype": "none",
        "svg.hashsalt": figure.name,  # equal results give equal files
        "text.parse_math": False,  # a name from a file is no formula
        "font.size": 10.5,
        "font.family": ["sans-serif"],
        "text.color": colors.ink,
        "axes.edgecolor": colors.muted,
        "axes.labelcolor": colors.muted,
        "axes.facecolor": colors.paper,
        "figure.facecolor": colors.paper,
        "xtick.color": colors.muted,
        "ytick.color": colors.ink,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.spines.left": False,
    }
    target = io.BytesIO()
    with mpl.rc_context(style):
        canvas = Canvas(figsize=(WIDTH, 3))
        figure.draw(canvas, colors)
        canvas.savefig(target, format="svg", metadata={"Date": None, "Creator": None})
    return target.getvalue()


def answer(canvas: Any, colors: Colors, rows: Sequence[tuple[str, float | None, Any]]) -> None:
    """Draw what comes back, as bars, and what a training step costs, as intervals."""
    left, right = _panels(canvas, 0.45 * len(rows), (1.75, 1.9), (3.95, 1.6))
    for place, (_, share, _) in enumerate(rows):
        text = "not measured" if share is None else f"{share:.0%}"
        color = colors.good if share == 1 else colors.bad
        inside = (share or 0) > 0.3
        left.barh(place, share or 0, height=0.55, color=color)
        left.text((share or 0) + (-0.02 if inside else 0.02), place, text, va="center",
                  ha="right" if inside else "left",
                  color=colors.paper if inside else colors.ink)  # fmt: skip
    left.set_xlim(0, 1)
    left.set_xticks([])
    left.spines["bottom"].set_visible(False)
    left.set_title("what comes back", fontsize=10, loc="left", color=colors.muted)
    _intervals(right, colors, [own for _, _, own in rows], 30)
    right.set_title("training step", fontsize=10, loc="left", color=colors.muted)
    _names(left, [name for name, _, _ in rows])
    _names(right, [""] * len(rows))


def steps(canvas: Any, colors: Colors, rows: Sequence[tuple[str, Any]]) -> None:
    """Draw the intervals of comparisons, a row for each name."""
    [axes] = _panels(canvas, 0.5 * len(rows), (2.6, 2.5))
    _intervals(axes, colors, [own for _, own in rows], 42)
    _names(axes, [name for name, _ in rows])


def _panels(canvas: Any, height: float, *spans: tuple[float, float]) -> list[Any]:
    """Return axes of `height` inches, each with its left edge and width in inches."""
    foot, head = 0.55, 0.3
    whole = height + foot + head
    canvas.set_size_inches(WIDTH, whole)
    return [
        canvas.add_axes((left / WIDTH, foot / whole, width / WIDTH, height / whole))
        for left, width in spans
    ]


def cast(canvas: Any, colors: Colors, rows: Any) -> None:
    """Draw the ratio of the kernel alone by the size of its values, a panel for each device."""
    devices = sorted({*rows["device"]})
    canvas.set_size_inches(WIDTH, 3.2 * len(devices))
    canvas.set_layout_engine("constrained")
    panels = canvas.subplots(len(devices), squeeze=False)[:, 0]
    for device, axes in zip(devices, panels, strict=True):
        own = rows[rows["device"] == device]
        ticks = sorted({*own["size"]})
        for place, ((jit, _, mask_dtype), part) in enumerate(
            own.groupby(["jit", "kernel", "mask_dtype"], sort=False)
        ):
            part = part.sort_values("size")
            color = colors.good if mask_dtype == "bool" else colors.slow
            style = "-" if jit == "xla" else "--"
            at = part["size"] * 1.06**place  # beside each other, not one over the other
            axes.plot(at, part["ratio"], style, color=color, marker="o", ms=4,
                      label=f"{mask_dtype} mask, {jit}")  # fmt: skip
            axes.vlines(at, part["low"], part["high"].clip(upper=3), color=color, linewidth=1)
        axes.axhline(1, color=colors.muted, linewidth=0.8)
        axes.set_xscale("log")
        axes.set_xticks(ticks, [size(value) for value in ticks])
        axes.minorticks_off()
        axes.set_title(f"tf.where after tf.cast, on {device}", fontsize=10, loc="left")
        axes.set_xlabel("bytes of its values")
        axes.set_ylabel("time, by tf.where's\non a bool mask")
        axes.legend(frameon=False, labelcolor=colors.ink, loc="upper left", bbox_to_anchor=(1, 1))


def _intervals(axes: Any, colors: Colors, rows: Sequence[Any], width: int) -> None:
    """Draw each comparison as a mark with its interval, in percent of the reference's time."""
    reach = 1.0
    for place, own in enumerate(rows):
        drawn = _drawn(own)
        for i, (word, low, center, high) in enumerate(drawn):
            y = place + 0.3 * (i - (len(drawn) - 1) / 2) / max(1, len(drawn) - 1)
            color = getattr(colors, _TONES[Word(word)])
            mark = {Word.SAME_STEP: "D", Word.UNRELIABLE: "x"}.get(Word(word), "o")
            axes.plot(center, y, mark, color=color, markersize=5)
            axes.plot((low, high), (y, y), color=color, linewidth=1.4)
            reach = max(reach, abs(low), abs(high))
        parts = summary(own).split("; ")  # the worst is first; the table has the rest
        text = textwrap.fill(f"{parts[0]}{' ...' if len(parts) > 1 else ''}", width)
        axes.annotate(text if len(own) else "not measured", (1.03, place), va="center", fontsize=9,
                      xycoords=("axes fraction", "data"), annotation_clip=False)  # fmt: skip
    axes.set_xlim(-1.1 * reach, 1.1 * reach)
    axes.axvline(0, color=colors.muted, linewidth=0.8, zorder=0)
    axes.set_xlabel("% faster | % slower", fontsize=9.5)


def _drawn(rows: Any) -> list[tuple[str, float, float, float]]:
    """Return the word and the ends in percent of `_MOST` of `rows`, the extremes among them.

    What is exact is one mark, however many cells it is from.
    """
    exact = [(Word.SAME_STEP.value, 0.0, 0.0, 0.0)] if rows["exact"].any() else []
    made = []
    for row in rows[~rows["exact"].astype(bool)].itertuples(index=False):
        ends = (row.low, row.ratio, row.high)
        if row.unit == "seconds":
            ends = tuple(1 + end / row.seconds if row.seconds else math.nan for end in ends)
        low, center, high = (100 * (end - 1) for end in ends)
        if abs(low) < 1000 > abs(high):
            made.append((row.word, low, center, high))
    made.sort(key=lambda each: each[2])
    step = max(1.0, (len(made) - 1) / (_MOST - 1))
    return exact + [made[round(i * step)] for i in range(min(len(made), _MOST))]


def _names(axes: Any, names: Sequence[str]) -> None:
    short = ["\n".join(textwrap.shorten(part, 36, placeholder=" ...") for part in name.split("\n"))
             for name in names]  # fmt: skip
    axes.set_yticks(range(len(names)), short)
    axes.tick_params(axis="y", length=0, labelsize=10)
    axes.set_ylim(len(names) - 0.4, -0.6)
