"""The page, its Markdown and its figures, in a folder, and the answer in the README."""

import base64
import json
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jinja2

from reports import figures, parts
from reports.answer import answer
from reports.claims import claims
from reports.costs import costs
from reports.frame import COLUMNS
from reports.gpus import gpus
from reports.measured import measured, missing
from reports.parts import Figure
from reports.results import Results, gather
from reports.wording import TEMPLATES, counted, listed, prose

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "reports" / "reference"
MARKER = ".made-by-reports.json"
_BLOCK = re.compile(r"(<!-- results: begin -->\n).*?(<!-- results: end -->)", re.DOTALL)


class OutputError(ValueError):
    """The folder or file is not ours to replace; the message is one line that says why."""


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
    times = counted(results.run.frame["launch"].max() + 1, "session")
    noun = "machine" if len(machines) == 1 else "machines"
    where = f"Measured on the {noun} {listed(machines)}; what was timed, in up to {times}"
    return f"{where} (a session is one fresh process). {results.gpu}"


def render(results: Results, history: str = "") -> dict[str, str | bytes]:
    """Return the report, path -> content; `history` is the address of asv's, where there is one."""
    making = (answer, costs, gpus, claims, measured, missing)
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
    values["answer"] = sections[0]
    for name in ("index.html", "report.md"):
        files[name] = engine().get_template(name).render(values).strip() + "\n"
    tables = {"results": results.run.frame[[*COLUMNS]], "comparisons": results.judged}
    for name, table in tables.items():
        files[f"{name}.csv"] = table.to_csv(index=False, lineterminator="\n")
    return files


def published() -> str:
    """Return in Markdown what the published results say: the sentence and the table."""
    return engine().get_template("answer.md").render(answer=answer(gather(REFERENCE))).strip()


def update(results: Results, root: Path = ROOT) -> Path:
    """Write the answer into `root`'s README.md, and return that."""
    readme = root / "README.md"
    text = readme.read_text(encoding="utf-8")
    if not _BLOCK.search(text):
        raise OutputError(f"{str(readme)!r} has no '<!-- results: begin -->' and end")
    template = engine().get_template("readme.md")
    made = template.render(answer=answer(results), scope=scope(results)).strip()
    text = _BLOCK.sub(lambda match: f"{match[1]}\n{made}\n\n{match[2]}", text)
    readme.write_text(text, encoding="utf-8")
    return readme


def check(out: Path) -> None:
    """Raise `OutputError` unless `out` is absent, empty, or was made here and left as it was."""
    there = next(path for path in (out, *out.absolute().parents) if path.exists())
    if not there.is_dir():
        raise OutputError(f"{str(there)!r} is a file; name a folder")
    strange = sorted(_files(out) - _listed(out / MARKER)) if out.exists() else []
    if strange:
        more = f" and {len(strange) - 1} more" if len(strange) > 1 else ""
        why = f"holds {strange[0]!r}{more}, which this command did not write"
        raise OutputError(f"{str(out)!r} {why}; name a new folder or an empty one")


def _files(folder: Path) -> set[str]:
    paths = (path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
    return {path.relative_to(folder).as_posix() for path in paths}


def _listed(marker: Path) -> set[str]:
    try:
        return {*json.loads(marker.read_text(encoding="utf-8"))["files"], MARKER}
    except (OSError, ValueError, TypeError, KeyError):
        return set()


@contextmanager
def replaced(out: Path, files: dict[str, str | bytes]) -> Iterator[Path]:
    """Yield a folder of `files`, path -> content; it takes the place of `out`, if all ends well."""
    check(out)
    target = out.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as work:
        made = Path(work, "new")
        for name, content in files.items():
            (made / name).parent.mkdir(parents=True, exist_ok=True)
            (made / name).write_bytes(content.encode() if isinstance(content, str) else content)
        yield made
        (made / MARKER).write_text(json.dumps({"files": sorted(_files(made))}), encoding="utf-8")
        check(out)  # somebody may have put a file there meanwhile
        if target.exists():
            target.rename(Path(work, "old"))
        made.rename(target)
