"""The page, its Markdown and its figures, and the answer in the README."""

import base64
import re
from pathlib import Path
from typing import Any

import jinja2

from reports import figures, parts
from reports.answer import answer
from reports.claims import claims
from reports.costs import costs
from reports.frame import COLUMNS
from reports.gpus import gpus
from reports.kept import kept
from reports.measured import measured, missing
from reports.parts import Figure
from reports.results import Results
from reports.vocabulary import TEMPLATES, prose
from reports.wording import counted, listed

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "reports" / "reference"
_BLOCK = re.compile(r"(<!-- results: begin -->\n).*?(<!-- results: end -->)", re.DOTALL)


def engine() -> jinja2.Environment:
    """Return the templates' engine: HTML is escaped by itself, Markdown by the filter `cell`."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=jinja2.select_autoescape(["html"]),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    made.filters |= {"cell": parts.escape, "tone": parts.tone}
    return made


def scope(results: Results) -> str:
    """Return in a sentence or two what all of it was measured on."""
    machines = []
    for machine, facts in sorted(results.run.facts.items()):
        names = [name for name in sorted(facts) if re.match("keras|tensorflow", name)]
        current = [*map(facts.get, ("cpu", "gpu")), *(f"{name} {facts[name]}" for name in names)]
        machines.append(f"{machine} ({', '.join(filter(None, current)) or 'nothing known of it'})")
    times = counted(results.run.frame["launch"].max() + 1, "fresh process", "fresh processes")
    noun = "machine" if len(machines) == 1 else "machines"
    where = f"Measured on the {noun} {listed(machines)}"
    return f"{where}; what was timed, in up to {times}. {results.gpu}"


def render(results: Results, history: str = "") -> dict[str, str | bytes]:
    """Return the report, path -> content; `history` is the address of asv's, where there is one."""
    making = (answer, kept, costs, gpus, claims, measured, missing)
    sections = [make(results) for make in making]
    pictures: dict[str, dict[str, str]] = {}
    files: dict[str, str | bytes] = {}
    for figure in (part for section in sections for part in section.parts):
        if isinstance(figure, Figure):
            for theme, svg in figures.svg(figure).items():
                files[f"figures/{figure.name}-{theme}.svg"] = svg
                address = f"data:image/svg+xml;base64,{base64.b64encode(svg).decode()}"
                pictures.setdefault(figure.name, {})[theme] = address
    values: dict[str, Any] = {"sections": sections, "pictures": pictures, "history": history}
    title, *problem = prose("problem")
    values |= {"title": title, "problem": problem, "scope": scope(results)}
    for name in ("index.html", "report.md"):
        files[name] = engine().get_template(name).render(values).strip() + "\n"
    tables = {"results": results.everything[[*COLUMNS]], "comparisons": results.judged}
    for name, table in tables.items():
        files[f"{name}.csv"] = table.to_csv(index=False, lineterminator="\n")
    return files


class ReadmeError(ValueError):
    """The file cannot be updated; the message is one line that says why."""


def update(results: Results, root: Path = ROOT) -> Path:
    """Write the answer into `root`'s README.md, and return that."""
    readme = root / "README.md"
    text = readme.read_text(encoding="utf-8")
    if not _BLOCK.search(text):
        raise ReadmeError(f"{str(readme)!r} has no '<!-- results: begin -->' and end")
    template = engine().get_template("readme.md")
    made = template.render(answer=answer(results), scope=scope(results)).strip()
    text = _BLOCK.sub(lambda match: f"{match[1]}\n{made}\n\n{match[2]}", text)
    readme.write_text(text, encoding="utf-8")
    return readme
