"""What all pictures share: colours, a canvas with a title, and how one becomes SVG and PNG."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.transforms import ScaledTranslation, blended_transform_factory

INK, MUTED, LINE, PAPER, BAND = "#1c2128", "#606a75", "#d4d9df", "#ffffff", "#eef2f6"
BLUE, GREEN, ORANGE, GREY = "#0072b2", "#007f5f", "#c65200", "#8a929b"
KEPT, EMPTY = "#e3edf5", "#f3f4f5"
TITLE_BAND = 30.0  # points above every picture, so that a page with a heading can crop them
WIDTH = 7.6
MOST_CHARACTERS = 110
STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 8.5,
    "text.parse_math": False,  # names in results may hold a dollar sign
    "svg.fonttype": "none",
    "axes.edgecolor": LINE,
    "axes.labelcolor": MUTED,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": INK,
    "text.hinting": "none",  # the default takes a fifth of the drawing time
}

_ROOT = (
    'stroke-linejoin="round" stroke-linecap="butt" '
    "font-family=\"'DejaVu Sans', Verdana, sans-serif\""
)


@dataclass(frozen=True)
class Drawing:
    """A picture as SVG text; `title_band` is the height of its title in points.

    `png` is empty unless asked for: it takes longer to draw than all the rest.
    """

    svg: str
    png: bytes = b""
    title_band: float = field(default=TITLE_BAND)


def canvas(
    title: str, height: float, labels: Sequence[str], foot: float, head: float = 0.3
) -> tuple[Figure, float]:
    """Return an empty picture with its title, and where its panels begin (a share of its width).

    `height` is that of the rows; `foot` and `head` are what lies under and over them, in inches.
    """
    total = height + foot + head + TITLE_BAND / 72
    figure = Figure(figsize=(WIDTH, total), facecolor=PAPER)
    FigureCanvasAgg(figure)
    figure.text(
        0.012, 1 - 20 / 72 / total, title[:MOST_CHARACTERS], fontsize=10.5, fontweight="bold"
    )
    longest = max((len(label) for label in labels), default=0)
    return figure, min(0.45, (0.25 + 0.073 * longest) / WIDTH)


def place(figure: Figure, left: float, height: float, foot: float, head: float = 0.3) -> None:
    """Put the panels of `figure` between its head and its foot."""
    total = figure.get_figheight()
    top = 1 - (TITLE_BAND / 72 + head) / total
    figure.subplots_adjust(left, foot / total, 0.985, top, wspace=0.07)


def labels(axis: Any, rows: Sequence[tuple[float, str, bool]]) -> None:
    """Write the label of each row, given as ``(y, label, whether it is a heading)``.

    A heading has no marks beside it, so it begins at the picture's edge and has its whole width.
    """
    # Text, not ticks: a tick is six artists, and they took half of the drawing time.
    axis.set_yticks([])
    beside = axis.get_yaxis_transform() + ScaledTranslation(-6 / 72, 0, axis.figure.dpi_scale_trans)
    at_edge = blended_transform_factory(axis.figure.transFigure, axis.transData)
    for y, label, heading in rows:
        if heading:
            text = label[:MOST_CHARACTERS]
            # Its own paper, because it reaches over the lines of the panel.
            paper = {"facecolor": PAPER, "edgecolor": "none", "pad": 1}
            axis.text(0.012, y, text, transform=at_edge, va="center", fontweight="bold", bbox=paper)
        else:
            axis.text(0, y, label, transform=beside, ha="right", va="center")


def drawn(figure: Figure, title: str, png: bool = False) -> Drawing:
    """Return `figure` as SVG, and as PNG where asked; the same bytes for the same picture."""
    svg, pixels = io.StringIO(), io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": title}):
        figure.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
    if png:
        # Compressing harder takes as long as drawing, for files a little smaller.
        quick = {"compress_level": 1}
        metadata = {"Software": None}
        figure.savefig(pixels, format="png", dpi=120, metadata=metadata, pil_kwargs=quick)
    return Drawing(unstyled(svg.getvalue()), pixels.getvalue())


def unstyled(svg: str) -> str:
    """Return matplotlib's SVG with attributes for its styles, and fonts that every system has.

    A content security policy forbids `style`, and an attribute gives way to the page's style sheet.
    """
    svg = re.sub(r"<style[^>]*>.*?</style>", "", svg, flags=re.DOTALL)
    svg = svg.replace("<svg ", f"<svg {_ROOT} ", 1)
    # Text cannot look like a tag: "<" is escaped in it.
    return re.sub(r'(<[a-z][^<>]*) style="([^"]*)"', lambda tag: tag[1] + _attributes(tag[2]), svg)


def _attributes(style: str) -> str:
    pairs = (rule.split(":") for rule in style.split(";"))
    kept = ((name.strip(), value.strip()) for name, value in pairs)
    return "".join(f' {name}="{value}"' for name, value in kept if name != "font-family")
