"""Values over a size, as lines: marks where measured, dashes where calculated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.ticker import FuncFormatter

from reports.plot import (
    BLUE,
    GREEN,
    GREY,
    LINE,
    MUTED,
    ORANGE,
    STYLE,
    Drawing,
    canvas,
    drawn,
    place,
)
from reports.wording import amount

COLOURS = (BLUE, ORANGE, GREEN, GREY)
MARKS = ("o", "s", "^", "D")


@dataclass(frozen=True)
class Curve:
    """One line: ``points`` are (size, value, low, high); one that is calculated is dashed.

    `look` counts the colours and marks, so that a calculated line matches its measured one.
    """

    label: str
    points: tuple[tuple[float, float, float, float], ...]
    look: int
    calculated: bool = False


def panels(
    title: str,
    told: Sequence[tuple[str, Sequence[Curve], float]],
    label: str,
    *,
    png: bool = False,
) -> Drawing:
    """Draw panels side by side, each given as ``(title, curves, a line to draw across it)``."""
    with mpl.rc_context(STYLE):
        figure, left = canvas(title, 2.6, ["1.000"], foot=1.05)
        axes = figure.subplots(1, len(told), squeeze=False)[0]
        place(figure, left, 2.6, foot=1.05)
        figure.subplots_adjust(wspace=0.16)
        for axis, (panel, curves, bound) in zip(axes, told, strict=True):
            axis.set_title(panel, fontsize=8.5, color=MUTED, loc="left")
            axis.axhline(bound, color=MUTED, linewidth=0.8)
            for curve in curves:
                _curve(axis, curve)
            _dress(axis)
            axis.set_xlabel(label, fontsize=8)
        handles = {
            text: handle
            for axis in axes
            for handle, text in zip(*axis.get_legend_handles_labels(), strict=True)
        }
        figure.legend(
            handles.values(),
            handles.keys(),
            loc="lower right",
            ncols=3,
            frameon=False,
            fontsize=7.5,
        )
        return drawn(figure, title, png)


def _curve(axis: Any, curve: Curve) -> None:
    colour, mark = COLOURS[curve.look % len(COLOURS)], MARKS[curve.look % len(MARKS)]
    sizes, values = [p[0] for p in curve.points], [p[1] for p in curve.points]
    if curve.calculated:
        axis.plot(sizes, values, "--", color=colour, linewidth=1, label=curve.label)
        return
    axis.plot(sizes, values, f"{mark}-", color=colour, linewidth=1.2, markersize=4.5)
    axis.plot([], [], f"{mark}-", color=colour, markersize=4.5, label=curve.label)
    axis.vlines(
        sizes, [p[2] for p in curve.points], [p[3] for p in curve.points], color=colour, alpha=0.5
    )


def _dress(axis: Any) -> None:
    axis.set_xscale("log")
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: amount(value)))
    axis.xaxis.set_minor_formatter(FuncFormatter(lambda *_: ""))
    axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.3g}"))
    low, high = axis.get_ylim()
    axis.set_ylim(min(0.0, low), high * 1.05)
    axis.grid(color=LINE, linewidth=0.6)
    axis.set_axisbelow(True)
    axis.spines[["top", "right"]].set_visible(False)
    axis.tick_params(length=0, which="both")
