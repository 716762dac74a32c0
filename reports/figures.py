"""The figures: matplotlib's artists, for a light page and for a dark one."""

import io
import textwrap
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from reports.judge import shares, summary
from reports.results import Part
from reports.wording import TEMPLATES, size

WIDTH = 8.0  # inches
LONGEST = 10.0  # of a ratio that is drawn: what is further off is not measured often enough
_COLORS = ("ink", "muted", "paper", "good", "bad", "open", "slow")
THEMES = {
    "light": "#1c2128 #59636e #ffffff #0068a8 #a33a00 #8a939d #9a5b00",
    "dark": "#e3e7ec #a3adb8 #14181d #62b5ec #f2825c #7d8790 #e8b04f",
}
_TONES = {"python": "slow", "slower": "slow", "undecided": "open", "unreliable": "open"}


def svg(figure: Part, theme: str) -> bytes:
    """Return `figure` as SVG, in the colours of a theme."""
    colors = SimpleNamespace(**dict(zip(_COLORS, THEMES[theme].split(), strict=True)))
    style = {
        "svg.hashsalt": figure.name,  # equal results give equal files
        **dict.fromkeys(("text.color", "ytick.color"), colors.ink),
        **dict.fromkeys(("axes.facecolor", "figure.facecolor"), colors.paper),
        **dict.fromkeys(("axes.edgecolor", "axes.labelcolor", "xtick.color"), colors.muted),
    }
    target = io.BytesIO()
    with mpl.rc_context(style, TEMPLATES / "figures.mplstyle"):
        canvas = Figure()
        figure.draw(canvas, colors, figure.rows)
        canvas.savefig(target, format="svg", metadata={"Date": None, "Creator": None})
    return target.getvalue()


def steps(canvas: Any, colors: Any, rows: Sequence[tuple[str, Any]]) -> None:
    """Draw the intervals of comparisons, a row for each name, in percent of the baseline's."""
    high = 0.5 * len(rows)
    canvas.set_size_inches(WIDTH, high + 0.85)
    axes = canvas.add_axes((2.6 / WIDTH, 0.55 / (high + 0.85), 2.5 / WIDTH, high / (high + 0.85)))
    for place, (_, own) in enumerate(rows):
        # What is exact is one mark.
        low, center, high = (100 * shares(own, end) for end in ("low", "ratio", "high"))
        near = (low.abs() < 100 * LONGEST) & (high.abs() < 100 * LONGEST)
        marks = {*zip(own["word"][near], low[near], center[near], high[near], strict=True)}
        drawn = sorted(marks, key=lambda each: each[2])
        for i, (word, *ends) in enumerate(drawn):
            y = place + 0.3 * (i - (len(drawn) - 1) / 2) / max(1, len(drawn) - 1)
            color = getattr(colors, _TONES.get(word, "good"))
            mark = {"same step": "D", "unreliable": "x"}.get(word, "o")
            axes.plot(ends[1], y, mark, color=color, markersize=5)
            axes.plot(ends[::2], (y, y), color=color, linewidth=1.4)
        text = "\n".join(textwrap.wrap(summary(own), 48))
        axes.annotate(text, (1.03, place), xycoords=("axes fraction", "data"), va="center",
                      fontsize=8, annotation_clip=False)  # fmt: skip
    names = (textwrap.fill(name, 36, max_lines=3, placeholder=" ...") for name, _ in rows)
    axes.set_yticks(range(len(rows)), [*names])
    axes.tick_params(axis="y", length=0, labelsize=9)
    reach = max(1.0, *map(abs, axes.get_xlim()))
    axes.set(xlim=(-reach, reach), ylim=(len(rows) - 0.4, -0.6), xlabel="% faster  |  % slower")
    axes.xaxis.set_major_formatter(lambda x, _: f"{abs(x):g}")
    axes.axvline(0, color=colors.muted, linewidth=0.8, zorder=0)


def cast(canvas: Any, colors: Any, rows: Sequence[tuple[str, dict[str, Any]]]) -> None:
    """Draw intervals over sizes, a panel for each device and jit, with what memory alone costs."""
    down = (len(rows) + 1) // 2
    canvas.set_size_inches(WIDTH, 2.9 * down)
    canvas.set_layout_engine("constrained")
    grid = canvas.subplots(down, 2, sharey=True, squeeze=False)
    for axes in grid.flat[len(rows) :]:
        axes.set_axis_off()
    for axes, (where, masks) in zip(grid.flat, rows, strict=False):
        sizes = sorted({amount for own in masks.values() for amount in own["size"]})
        axes.axhline(0, color=colors.muted, linewidth=0.8)
        for i, (mask, own) in enumerate(masks.items()):
            color, mark = (colors.good, "o") if mask == "bool" else (colors.slow, "s")
            own = own[(own["low"] > 0) & (own["high"] < LONGEST)]
            at = [sizes.index(amount) + 0.16 * i for amount in own["size"]]
            axes.vlines(at, 100 * (own["low"] - 1), 100 * (own["high"] - 1), color=color)
            axes.plot(at, 100 * (own["ratio"] - 1), mark, color=color, label=f"{mask} mask")
            if more := np.dtype(mask).itemsize - 1:  # values are read and written, 4 bytes each
                axes.axhline(100 * more / 9, color=color, linestyle=":",
                             label=f"{mask} mask, if memory is the limit")  # fmt: skip
        axes.set_xticks(range(len(sizes)), [size(amount) for amount in sizes])
        axes.set(title=where, xlim=(-0.5, len(sizes) - 0.5))
        axes.yaxis.set_major_formatter("{x:.0f} %")
        axes.tick_params(axis="y", labelleft=True)
    canvas.legend(*grid.flat[0].get_legend_handles_labels(), loc="outside lower center", ncols=3,
                  frameon=False, fontsize=9)  # fmt: skip
    canvas.supylabel("slower than on a bool mask", fontsize=9, color=colors.muted)
