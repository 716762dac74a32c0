"""The page, its Markdown and its figures, from sections."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2

from reports import figures, parts
from reports.answer import answer
from reports.claims import claims
from reports.costs import costs
from reports.frame import COLUMNS
from reports.kept import kept, situations
from reports.measured import devices, measured, missing
from reports.parts import Figure, Section
from reports.results import Results
from reports.wording import counted, listed

TITLE = "A Keras model that uses tf.where: what to change so that it survives saving and loading"
PROBLEM = (
    "After loading, it trains from scratch: Keras cannot rebuild a subclassed model whose call "
    "uses tf.where with a bool input, so that weights and optimizer state are lost. No error is "
    "raised. This page says which change keeps the model, and what the change costs."
)


@dataclass(frozen=True)
class Page:
    """A report: path below its folder -> content."""

    files: dict[str, str | bytes]


def engine() -> jinja2.Environment:
    """Return the templates' engine: HTML is escaped by itself, Markdown by the filter `cell`."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=jinja2.select_autoescape(["html"]),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    made.filters["cell"] = parts.cell
    return made


def sections(results: Results) -> list[Section]:
    """Return the sections of the page, in order."""
    making = (answer, kept, costs, devices, situations, claims, measured, missing)
    return [make(results) for make in making]


def scope(results: Results) -> str:
    """Return in a sentence or two what all of it was measured on."""
    machines = []
    for machine, facts in sorted(results.run.facts.items()):
        known = [facts.get(name, "") for name in ("cpu", "gpu")]
        packages = [name for name in facts if name.startswith(("keras", "tensorflow"))]
        known += [f"{name} {facts[name]}" for name in sorted(packages) if facts[name]]
        machines.append(f"{machine} ({', '.join(filter(None, known)) or 'nothing known of it'})")
    timed = results.axis("device", "step_seconds")
    gpu = "" if any(device != "cpu" for device in timed) else " No GPU was measured."
    launches = results.frame["launch"].max() + 1
    return f"Measured on {listed(machines)}, in {counted(launches, 'launch', 'launches')}.{gpu}"


def render(results: Results, history: str = "") -> Page:
    """Return the report; `history` is the address of asv's, where there is one."""
    made = sections(results)
    drawn: dict[str, Any] = {}
    files: dict[str, str | bytes] = {}
    for figure in (part for section in made for part in section.parts if isinstance(part, Figure)):
        images = {theme: figures.svg(figure, theme) for theme in figures.THEMES}
        files |= {f"figures/{figure.name}-{theme}.svg": svg for theme, svg in images.items()}
        drawn[figure.name] = {theme: _address(svg) for theme, svg in images.items()}
    common = {"title": TITLE, "problem": PROBLEM, "scope": scope(results), "sections": made}
    templates = engine()
    files["index.html"] = templates.get_template("index.html").render(
        **common, pictures=drawn, history=history
    )
    files["report.md"] = templates.get_template("report.md").render(**common).strip() + "\n"
    files["results.csv"] = results.everything[list(COLUMNS)].to_csv(
        index=False, lineterminator="\n"
    )
    return Page(files)


def _address(svg: bytes) -> str:
    return f"data:image/svg+xml;base64,{base64.b64encode(svg).decode()}"
