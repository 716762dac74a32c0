"""The figures: matplotlib's artists, each drawn once for a light page and once for a dark one."""

from __future__ import annotations

import io
import math
import textwrap
from collections.abc import Callable, Sequence
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


LIGHT = Colors("#1c2128", "#59636e", "#ffffff", "#0068a8", "#a33a00", "#8a939d", "#9a5b00")
DARK = Colors("#e3e7ec", "#a3adb8", "#14181d", "#62b5ec", "#f2825c", "#7d8790", "#e8b04f")
THEMES = {"light": LIGHT, "dark": DARK}
_MARKS = {
    Word.SAME_STEP.value: ("D", "good"),
    Word.SAME.value: ("o", "good"),
    Word.FASTER.value: ("o", "good"),
    Word.PYTHON.value: ("o", "slow"),
    Word.SLOWER.value: ("o", "slow"),
    Word.UNDECIDED.value: ("o", "open"),
    Word.UNRELIABLE.value: ("x", "open"),
}


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
    left, right = _panels(canvas, 0.45 * len(rows), (1.75, 2.0), (4.1, 1.7))
    for place, (_, share, _) in enumerate(rows):
        if share is None:
            left.text(0.01, place, "not measured", va="center", color=colors.muted)
            continue
        color = colors.good if share == 1 else colors.bad
        left.barh(place, share, height=0.55, color=color)
        inside = share > 0.3
        left.text(
            share + (-0.02 if inside else 0.02), place, f"{share:.0%}", va="center",
            ha="right" if inside else "left", color=colors.paper if inside else color,
        )  # fmt: skip
    left.set_xlim(0, 1)
    left.set_xticks([])
    left.spines["bottom"].set_visible(False)
    left.set_title("comes back (two saves and loads)", fontsize=9.5, loc="left", color=colors.muted)
    _intervals(right, colors, [own for _, _, own in rows], 26)
    right.set_title("training step", fontsize=9.5, loc="left", color=colors.muted)
    _names(left, [name for name, _, _ in rows])
    _names(right, [""] * len(rows))


def steps(canvas: Any, colors: Colors, rows: Sequence[tuple[str, Any]]) -> None:
    """Draw the intervals of comparisons, one row for each name."""
    [axes] = _panels(canvas, 0.5 * len(rows), (2.5, 2.6))
    _intervals(axes, colors, [own for _, own in rows], 42)
    _names(axes, [name for name, _ in rows])


def _panels(canvas: Any, height: float, *spans: tuple[float, float]) -> list[Any]:
    """Return axes that are `height` inches high, each from a place on, as wide as is told."""
    foot, head = 0.55, 0.3
    whole = height + foot + head
    canvas.set_size_inches(WIDTH, whole)
    return [
        canvas.add_axes((left / WIDTH, foot / whole, width / WIDTH, height / whole))
        for left, width in spans
    ]


def cast(canvas: Any, colors: Colors, rows: Any, name: Callable[..., str]) -> None:
    """Draw the ratio of the kernel alone by the size of its values, a panel for each device."""
    devices = sorted(set(rows["device"]))
    canvas.set_size_inches(WIDTH, 3.2 * len(devices))
    canvas.set_layout_engine("constrained")
    for device, axes in zip(devices, canvas.subplots(len(devices), squeeze=False)[:, 0],
                            strict=True):  # fmt: skip
        own = rows[rows["device"] == device]
        groups = [*own.groupby(["jit", "kernel", "mask_dtype"], sort=False)]
        for (jit, kernel, mask_dtype), line in groups:
            line = line.sort_values("size")
            color = colors.slow if mask_dtype == "float32" else colors.good
            style = "-" if jit == "xla" else "--"
            axes.plot(line["size"], line["ratio"], style, color=color, marker="o", ms=4,
                      label=name(device, jit, kernel, mask_dtype))  # fmt: skip
            axes.vlines(line["size"], line["low"], line["high"].clip(upper=10), color=color)
        axes.axhline(1, color=colors.muted, linewidth=0.8)
        axes.set_xscale("log")
        ticks = sorted(set(own["size"]))
        axes.set_xticks(ticks, [size(value) for value in ticks])
        axes.minorticks_off()
        axes.set_ylabel("times a bool mask's")
        axes.legend(frameon=False, fontsize=9, labelcolor=colors.ink, loc="upper left",
                    bbox_to_anchor=(1, 1))  # fmt: skip


def _intervals(axes: Any, colors: Colors, rows: Sequence[Any], width: int) -> None:
    """Draw each comparison as a mark with its interval, in percent of the reference's time."""
    reach = 1.0
    for place, own in enumerate(rows):
        drawn = _drawn(own)
        ys = [place + 0.3 * (i - (len(drawn) - 1) / 2) / max(1, len(drawn) - 1)
              for i in range(len(drawn))]  # fmt: skip
        for word, (mark, tone) in _MARKS.items():
            kind = [
                (y, *ends) for y, (found, *ends) in zip(ys, drawn, strict=True) if found == word
            ]
            if kind:
                at, low, center, high = zip(*kind, strict=True)
                axes.scatter(center, at, s=26, color=getattr(colors, tone), marker=mark, zorder=3)
                axes.hlines(at, low, high, color=getattr(colors, tone), linewidth=1.4)
                reach = max(reach, *map(abs, (*low, *high)))
        text = "\n".join(textwrap.wrap(summary(own), width)[:3]) if len(own) else "not measured"
        axes.annotate(text, (1.02, place), xycoords=("axes fraction", "data"), va="center",
                      fontsize=9, color=colors.ink, annotation_clip=False)  # fmt: skip
    end = 1.1 * reach
    axes.set_xlim(-end, end)
    axes.axvline(0, color=colors.muted, linewidth=0.8, zorder=0)
    axes.set_xlabel("% faster | % slower", fontsize=9)
    axes.tick_params(axis="x", labelsize=9)


def _drawn(rows: Any) -> list[tuple[str, float, float, float]]:
    """Return the word and the ends in percent of `_MOST` of `rows`, the extremes among them.

    What is exact is one mark, however many cells it is from.
    """
    exact = [(Word.SAME_STEP.value, 0.0, 0.0, 0.0)] if rows["exact"].any() else []
    made = []
    for row in rows[~rows["exact"].astype(bool)].itertuples(index=False):
        values = row.low, row.ratio, row.high
        if row.unit == "seconds":
            ends = [100 * value / row.seconds if row.seconds else math.nan for value in values]
        else:
            ends = [100 * (value - 1) for value in values]
        if abs(ends[0]) < 1000 > abs(ends[2]):
            made.append((row.word, *ends))
    made.sort(key=lambda each: each[2])
    step = max(1.0, (len(made) - 1) / (_MOST - 1))
    return exact + [made[round(i * step)] for i in range(min(len(made), _MOST))]


def _names(axes: Any, names: Sequence[str]) -> None:
    short = ["\n".join(textwrap.wrap(part, 32)[0] if part else "" for part in name.split("\n"))
             for name in names]  # fmt: skip
    axes.set_yticks(range(len(names)), short)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(names) - 0.4, -0.6)
