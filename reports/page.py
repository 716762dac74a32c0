"""The page, its Markdown and figures, in a folder; asv's history behind it; README's answer."""

import base64
import os
import re
import shutil
import subprocess
import sys
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
from reports.results import Results, gather
from reports.wording import TEMPLATES, counted, listed, printable, prose

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "reports" / "reference"
MARKER = ".made-by-reports.json"
MOST_SECONDS = 900  # asv looks for steps in every series; a value that is not finite hangs it
ASV, ASV_RESULTS = Path("asv.conf.json"), Path(".asv", "results")
_BLOCK = re.compile(r"(<!-- results: begin -->\n).*?(<!-- results: end -->)", re.DOTALL)


class OutputError(ValueError):
    """A page or site cannot be written; the message is one line that says why."""


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
        if figure.kind == "figure":
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
    """Raise `OutputError` unless `out` is absent, empty, or was made here."""
    there = next(path for path in (out, *out.absolute().parents) if path.exists())
    if not there.is_dir():
        raise OutputError(f"{str(there)!r} is a file; name a folder")
    names = sorted(path.name for path in out.iterdir()) if out.exists() else []
    if names and MARKER not in names:
        why = f"holds {names[0]!r}, which this command did not write"
        raise OutputError(f"{str(out)!r} {why}; name a new folder or an empty one")


@contextmanager
def filled(out: Path, files: dict[str, str | bytes]) -> Iterator[Path]:
    """Yield a folder of `files`, path -> content; it is moved into `out`, if all ends well."""
    check(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as work:
        made = Path(work, "new")
        for name, content in {**files, MARKER: ""}.items():
            (made / name).parent.mkdir(parents=True, exist_ok=True)
            (made / name).write_bytes(content.encode() if isinstance(content, str) else content)
        yield made
        shutil.copytree(made, out, copy_function=os.replace, dirs_exist_ok=True)


def has_history() -> bool:
    """Return whether asv has results here, and say that; `OutputError` without its settings."""
    if not ASV.is_file():
        raise OutputError(f"no {str(ASV)!r} here; start it in the repository")
    there = any(ASV_RESULTS.glob("*/*.json"))
    text = "the history: asv publish, some minutes where there are many commits"
    text = text if there else f"no history: {str(ASV_RESULTS)!r} holds no results of asv"
    print(f"reports: {text}", file=sys.stderr, flush=True)
    return there


def publish(into: Path) -> None:
    """Let asv publish its results and asv-tachyon show them, in the folder `into`."""
    with tempfile.TemporaryDirectory() as folder:
        html = Path(folder, "html")
        _command("asv", "publish", "--no-pull", "--html-dir", str(html))
        # asv's own pages ask other hosts for their scripts: only its data are taken.
        shutil.copytree(html / "graphs", into / "graphs")
        for name in ("index.json", "info.json", "regressions.json", "regressions.xml"):
            shutil.copy(html / name, into / name)
    _command("asv_tachyon", "install", "--no-backup", str(into))


def _command(module: str, *words: str) -> None:
    command = [sys.executable, "-m", module, *words]
    try:
        done = subprocess.run(  # noqa: S603  our own interpreter and words
            command, capture_output=True, text=True, timeout=MOST_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise OutputError(f"{module} {words[0]} took over {MOST_SECONDS // 60} minutes") from None
    if done.returncode:
        line = ((done.stderr or done.stdout).strip().splitlines() or ["nothing said"])[-1]
        raise OutputError(f"{module} {words[0]} failed: {printable(line)}")
