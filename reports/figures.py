"""The figures: matplotlib's artists, for a light page and for a dark one."""

import io
import math
import re
import textwrap
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure as Canvas

from reports import wording
from reports.parts import Figure
from reports.results import summary
from reports.vocabulary import TEMPLATES

WIDTH = 8.0  # inches
_QUIET = ("axes.edgecolor", "axes.labelcolor", "axes.titlecolor", "xtick.color")
_COLORS = ("ink", "muted", "paper", "good", "bad", "open", "slow")
THEMES = {
    "light": "#1c2128 #59636e #ffffff #0068a8 #a33a00 #8a939d #9a5b00",
    "dark": "#e3e7ec #a3adb8 #14181d #62b5ec #f2825c #7d8790 #e8b04f",
}
_TONES = {"python": "slow", "slower": "slow", "undecided": "open", "unreliable": "open"}


def svg(figure: Figure) -> dict[str, bytes]:
    """Return `figure` as SVG by theme: the dark one has the same lines in other colours."""
    light, dark = (THEMES[theme].split() for theme in ("light", "dark"))
    colors = SimpleNamespace(**dict(zip(_COLORS, light, strict=True)))
    style = {
        "svg.hashsalt": figure.name,  # equal results give equal files
        **dict.fromkeys(("text.color", "ytick.color"), colors.ink),
        **dict.fromkeys(("axes.facecolor", "figure.facecolor"), colors.paper),
        **dict.fromkeys(_QUIET, colors.muted),
    }
    target = io.BytesIO()
    with mpl.rc_context(style, TEMPLATES / "figures.mplstyle"):
        canvas = Canvas()
        figure.draw(canvas, colors, figure.rows)
        canvas.savefig(target, format="svg", metadata={"Date": None, "Creator": None})
    text = target.getvalue()
    other = {first.encode(): second.encode() for first, second in zip(light, dark, strict=True)}
    swapped = re.sub(b"|".join(other), lambda match: other[match[0]], text)
    return {"light": text, "dark": swapped}


def steps(canvas: Any, colors: Any, rows: Sequence[tuple[str, Any]]) -> None:
    """Draw the intervals of comparisons, a row for each name, in percent of the reference's."""
    axes = _panel(canvas, [name for name, _ in rows], 0.5)
    reach = 1.0
    for place, (_, own) in enumerate(rows):
        drawn = _drawn(own)
        for i, (word, low, center, high) in enumerate(drawn):
            y = place + 0.3 * (i - (len(drawn) - 1) / 2) / max(1, len(drawn) - 1)
            color = getattr(colors, _TONES.get(word, "good"))
            mark = {"same step": "D", "unreliable": "x"}.get(word, "o")
            axes.plot(center, y, mark, color=color, markersize=5)
            axes.plot((low, high), (y, y), color=color, linewidth=1.4)
            reach = max(reach, abs(low), abs(high))
        _say(axes, place, own)
    axes.set(xlim=(-1.1 * reach, 1.1 * reach), xlabel="% faster  |  % slower")
    axes.xaxis.set_major_formatter(lambda x, _: f"{abs(x):g}")
    axes.axvline(0, color=colors.muted, linewidth=0.8, zorder=0)


def cast(canvas: Any, colors: Any, rows: Sequence[tuple[str, dict[str, Any]]]) -> None:
    """Draw intervals over sizes, a panel for each device and jit, with what memory alone costs."""
    down = math.ceil(len(rows) / 2)
    canvas.set_size_inches(WIDTH, 2.9 * down)
    canvas.set_layout_engine("constrained")
    grid = canvas.subplots(down, 2, sharey=True, squeeze=False)
    ends = [
        end for _, masks in rows for own in masks.values() for end in (*own["low"], *own["high"])
    ]
    reach = 100 * (max((end for end in ends if end < 3), default=1.5) - 1)
    floor = 100 * (min((end for end in ends if end > 0), default=0.7) - 1)
    for place, axes in enumerate(grid.flat):
        if place >= len(rows):
            axes.set_axis_off()
            continue
        where, masks = rows[place]
        sizes = sorted({size for own in masks.values() for size in own["size"]})
        axes.axhline(0, color=colors.muted, linewidth=0.8)
        for i, (mask, own) in enumerate(masks.items()):
            color = colors.slow if mask != "bool" else colors.good
            low, center, high = (100 * (own[end] - 1) for end in ("low", "ratio", "high"))
            at = [sizes.index(size) + 0.16 * i for size in own["size"]]
            axes.vlines(at, low.clip(floor), high.clip(upper=reach), color=color, linewidth=1.4)
            axes.plot(at, center, "so"[mask == "bool"], color=color, markersize=5)
            axes.text(0.02, 0.93 - 0.1 * i, f"{'■●'[mask == 'bool']} {mask} mask", color=color,
                      transform=axes.transAxes, fontsize=9)  # fmt: skip
            if more := np.dtype(mask).itemsize - 1:  # values are read and written, 4 bytes each
                axes.axhline(100 * more / 9, color=color, linestyle=":", linewidth=1)
                axes.text(-0.45, 100 * more / 9, "if memory is the limit", color=color,
                          va="bottom", fontsize=8)  # fmt: skip
        axes.set_xticks(range(len(sizes)), [wording.size(size) for size in sizes])
        axes.set(title=where, xlim=(-0.5, len(sizes) - 0.5), ylim=(floor - 5, reach + 5))
        axes.yaxis.set_major_formatter("{x:.0f} %")
        axes.tick_params(axis="y", labelleft=True)
    canvas.supylabel("slower than on a bool mask", fontsize=9, color=colors.muted)
    canvas.supxlabel("bytes of the values", fontsize=9, color=colors.muted)


def _panel(canvas: Any, names: Sequence[str], height: float) -> Any:
    """Return axes with `names` at the left of rows that are `height` inches high."""
    rows = height * len(names)
    canvas.set_size_inches(WIDTH, rows + 0.85)
    axes = canvas.add_axes((2.6 / WIDTH, 0.55 / (rows + 0.85), 2.5 / WIDTH, rows / (rows + 0.85)))
    short = ("\n".join(textwrap.fill(part, 36, max_lines=2, placeholder=" ...")
                       for part in name.split("\n")) for name in names)  # fmt: skip
    axes.set_yticks(range(len(names)), [*short])
    axes.tick_params(axis="y", length=0, labelsize=9)
    axes.set_ylim(len(names) - 0.4, -0.6)
    return axes


def _say(axes: Any, place: int, rows: Any) -> None:
    """Write at the right what `rows` say together."""
    text = "\n".join(textwrap.wrap(summary(rows), 48, max_lines=3))
    axes.annotate(text, (1.03, place), xycoords=("axes fraction", "data"), va="center", fontsize=8,
                  annotation_clip=False)  # fmt: skip


def _drawn(rows: Any) -> list[tuple[str, float, float, float]]:
    """Return the word and the ends in percent of `rows`; what is exact is one mark."""
    made = set()
    for row in rows.itertuples(index=False):
        first, unit = (0.0, row.seconds) if row.unit == "seconds" else (1.0, 1.0)
        low, center, high = (
            100 * (end - first) / unit if unit else math.nan
            for end in (row.low, row.ratio, row.high)
        )
        if abs(low) < 1000 > abs(high):
            made.add((str(row.word), low, center, high))
    return sorted(made, key=lambda each: each[2])
