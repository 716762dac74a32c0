"""The page and its Markdown twin, rendered from the evidence."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jinja2
import pandas as pd
from markupsafe import Markup

from reports import plot
from reports.answer import answer
from reports.backends import not_run
from reports.claims import ledger
from reports.costs import summary
from reports.environments import commands, facts, side_by_side
from reports.evidence import Evidence
from reports.exhibit import Exhibit
from reports.figures import MOST_FIGURES, started
from reports.health import memory, sessions
from reports.markup import html_row, markdown, markdown_row, slug
from reports.samples import samples
from reports.vocabulary import AXES, PLACEBO, REMEDIES, STEPS
from reports.wording import counted, interval, number

MOST_PROBLEMS = 200
SECTIONS = ("fidelity", "surveys", "figures", "programs", "jax")
# The colours that follow the reader's light or dark theme; the rest read on both.
_THEMED = {
    plot.INK: "currentColor",
    plot.MUTED: "var(--muted)",
    plot.LINE: "var(--line)",
    plot.PAPER: "var(--paper)",
    plot.BAND: "var(--band)",
    plot.KEPT: "var(--whole)",
    plot.EMPTY: "var(--empty)",
    plot.BLUE: "var(--blue)",
    plot.GREEN: "var(--green)",
    plot.ORANGE: "var(--orange)",
    plot.GREY: "var(--grey)",
}


@dataclass(frozen=True)
class Page:
    """A report, rendered: what goes into each of its files."""

    html: str
    markdown: str
    exhibits: Sequence[Exhibit]


def render(evidence: Evidence, results: str, out: str, png: bool = False) -> Page:
    """Render the report.

    Parameters
    ----------
    evidence : Evidence
        What to argue from.
    results, out : str
        The folders as the user named them; they stand in the command that makes it again.
    png : bool
        Whether the figures are drawn as PNG too.
    """
    drawing = started(evidence, png)
    context: dict[str, Any] = {
        "answer": answer(evidence),
        "costs": summary(evidence),
        "memory": memory(evidence),
        "sessions": sessions(evidence),
        "side_by_side": side_by_side(evidence),
        "samples": samples(evidence),
        "most_figures": MOST_FIGURES,
        "claims": ledger(evidence),
        "runs": evidence.runs,
        "environment": facts(evidence),
        "margin": f"{100 * evidence.margin:.3g}\N{NO-BREAK SPACE}%",
        "remedies": {n: REMEDIES[n] for n in REMEDIES if n in set(evidence.frame["remedy"])},
        "placebos": _placebos(evidence),
        "missing": [*missing(evidence), *not_run(evidence)],
        "problems": evidence.problems[:MOST_PROBLEMS],
        "more_problems": max(0, len(evidence.problems) - MOST_PROBLEMS),
        "commands": [
            *commands(evidence),
            shlex.join(
                [
                    *("python", "-m", "reports", "build", "--results", results, "--out", out),
                    *("--threshold", f"{evidence.margin:g}"),
                ]
            ),
        ],
    }
    figures = drawing()
    context |= {name: [f for f in figures if f.section == name] for name in SECTIONS}
    made = engine()
    html = made.get_template("index.html").render(context)
    return Page(html, made.get_template("report.md").render(context), figures)


@lru_cache
def engine() -> jinja2.Environment:
    """Return what renders the templates; it escapes whatever the results say."""
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("reports", "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    made.filters |= {"inline": inline, "slug": slug, "md": markdown}
    made.filters |= {"html_row": html_row, "md_row": markdown_row}
    return made


def inline(figure: Exhibit) -> str:
    """Return a figure as SVG to stand in the page: themed, its title cropped, its ids its own."""
    svg = figure.drawing.svg
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'(\bid="|url\(#|xlink:href="#)', rf"\g<1>{figure.name}-", svg)
    band = figure.drawing.title_band
    box = re.search(r'width="([\d.]+)pt" height="([\d.]+)pt" viewBox="[^"]*"', svg)
    if box:
        width, height = float(box[1]), float(box[2])
        shown = f'viewBox="0 {band:g} {width:g} {height - band:g}" role="img"'
        svg = svg.replace(box[0], f'{shown} aria-labelledby="{figure.name}-alt"', 1)
    for colour, theme in _THEMED.items():
        svg = svg.replace(colour, theme)
    # Safe because matplotlib wrote it and escapes the text that it is given.
    return Markup(svg)  # noqa: S704


def _placebos(evidence: Evidence) -> str:
    rows = evidence.frame[evidence.frame["remedy"] == PLACEBO]
    rows = rows[rows["verdict"] != ""]
    if rows.empty:
        return "No placebo was measured, so nothing vouches for these ratios."
    off = (rows["ratio_ci_low"] > 1) | (rows["ratio_ci_high"] < 1)
    said = f"{len(rows) - int(off.sum())} of {counted(len(rows), 'placebo')} came out as 1"
    steps = rows[rows["metric"].isin(list(STEPS))]
    if steps.empty:
        return f"{said}."
    bounds = interval(steps["ratio_ci_low"].min(), steps["ratio_ci_high"].max())
    return f"{said}; the 99 % intervals of those of the steps lie within {bounds}."


def missing(evidence: Evidence) -> list[str]:
    """Return what the benchmarks name but these results do not hold, most general first."""
    frame = evidence.frame
    lines = []
    for run, rows in frame.groupby("run"):
        here, empty = rows[rows["value"].notna()], rows[rows["value"].isna()]
        said = []
        for axis in ("workload", "device", "remedy", "jit", "mask_dtype", "batch"):
            seen = {str(v) for v in here[axis].dropna()} | {""}
            absent = sorted({str(v) for v in empty[axis].dropna()} - seen)
            said += [f"{axis.replace('_', ' ')} {value}" for value in absent]
        failed = rows[rows["failed"].astype(bool)]
        if said:
            lines.append(f"{run}: nothing was measured for {', '.join(said)}.")
        if len(failed):
            lines.append(f"{run}: {counted(len(failed), 'measurement')} failed: {_failed(failed)}.")
        lines.append(
            f"{run}: {number(len(here))} of {counted(len(rows), 'combination')} that the "
            "benchmarks name have a result; the others do not apply (a remedy that rejects "
            "float32 masks), were not asked for, or failed."
        )
    absent = [name for name in REMEDIES if name not in set(frame["remedy"])]
    if absent:
        lines.append(f"No results name {', '.join(absent)}.")
    return lines


def _failed(rows: Any) -> str:
    named = []
    for row in rows.head(20).itertuples(index=False):
        parts = [getattr(row, axis) for axis in AXES if axis != "backend"]
        named.append(" ".join([row.metric, *(str(p) for p in parts if not pd.isna(p) and p != "")]))
    return "; ".join(named) + ("; and more" if len(rows) > 20 else "")
