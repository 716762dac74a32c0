"""The page, its Markdown, tables and figures, with how all was measured; README's answer."""

import base64
import html
import itertools
import math
import re
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd

from remedies import REMEDIES, WORKLOADS
from remedies.intervals import MARGIN, Word, more_launches
from remedies.metrics import METRICS
from reports import OutputError, figures
from reports.answer import answer
from reports.claims import claims
from reports.costs import costs, gpus
from reports.frame import COLUMNS
from reports.results import Part, Results, Section, gather
from reports.wording import BASELINE, NOTHING, TEMPLATES, counted, listed, percent, prose

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "reports" / "reference"
_BLOCK = re.compile(r"(<!-- results: begin -->\n).*?(<!-- results: end -->)", re.DOTALL)
_TONES = {  # of a table's cell, by how its text begins
    r"no (result|difference)|not (known|established)|\N{EN DASH}$": "open",
    "same (step|program|within)|holds|everything": "good",
    "no:|does not hold|only once": "bad",
    r"takes .* times as long|\d.* slower|(\d|up to).* more Python": "slow",
    r"\d.* faster": "good",
}
_HEALTH = {
    "foreign_load": "cores that other processes used, other sessions among them",
    "steal": "time that the hypervisor took",
    "clock_share": "the clock's share of a sample",
    "throttled": "time that a GPU was throttled",
}


def tone(text: str) -> str:
    """Return the class of a table's cell."""
    return next((name for begins, name in _TONES.items() if re.match(begins, text)), "")


def escape(text: Any) -> str:
    """Return `text` so that Markdown shows it as it is, in one line of a table."""
    plain = html.escape(" ".join(str(text).split()), quote=False)
    return re.sub(r"([\\`*\[\]|~])|(?<!\w)(_)|(_)(?!\w)", lambda match: f"\\{match[0]}", plain)


def _filled(template: str, **values: Any) -> str:
    """Return a template filled: HTML is escaped by itself, Markdown by the filter `cell`."""
    engine = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=template.endswith(".html"),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    engine.filters |= {"cell": escape, "tone": tone}
    return engine.get_template(template).render(values).strip()


def render(results: Results, history: str = "") -> dict[str, str | bytes]:
    """Return the report, path -> content; `history` is the address of asv's, where there is one."""
    sections = [make(results) for make in (answer, costs, gpus, claims, measured, missing)]
    pictures: dict[str, str] = {}
    files: dict[str, str | bytes] = {}
    drawn = [part for section in sections for part in section.parts if part.draw]
    for figure, theme in itertools.product(drawn, figures.THEMES):
        svg = figures.svg(figure, theme)
        files[f"figures/{figure.name}-{theme}.svg"] = svg
        pictures[f"{figure.name}-{theme}"] = base64.b64encode(svg).decode()
    title, *problem = prose("problem")
    for name in ("index.html", "report.md"):
        files[name] = _filled(
            name, title=title, problem=problem, scope=scope(results), sections=sections,
            answer=sections[0], pictures=pictures, history=history,
        ) + "\n"  # fmt: skip
    tables = {"results": results.run.frame[[*COLUMNS]], "comparisons": results.judged}
    for name, table in tables.items():
        files[f"{name}.csv"] = table.to_csv(index=False, lineterminator="\n")
    return files


def published() -> str:
    """Return in Markdown what the published results say: the sentence and the table."""
    return _filled("answer.md", answer=answer(gather(REFERENCE)))


def update(results: Results, root: Path = ROOT) -> Path:
    """Write the answer into `root`'s README.md, and return that."""
    readme = root / "README.md"
    text = readme.read_text(encoding="utf-8")
    if not _BLOCK.search(text):
        raise OutputError(f"{str(readme)!r} has no '<!-- results: begin -->' and end")
    made = _filled("readme.md", answer=answer(results), scope=scope(results))
    text = _BLOCK.sub(lambda match: f"{match[1]}\n{made}\n\n{match[2]}", text)
    readme.write_text(text, encoding="utf-8")
    return readme


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
    steps = "; a step on a CPU, in one thread" * ("cpu" in results.timed)
    return f"{where} (a session is one fresh process){steps}. {results.gpu}"


def measured(results: Results) -> Section:
    """Return the section on how it was measured."""
    sessions, judged = results.run.sessions, results.judged
    decided = ~judged["word"].isin([Word.UNDECIDED.value, Word.UNRELIABLE.value])
    text = (
        f"{counted(len(sessions), 'session')}, each a fresh process that measures one thing, gave "
        f"{counted(len(results.run.frame), 'value')} and {counted(len(judged), 'comparison')} of "
        f"a step, save, load or bare tf.where with the baseline's; {decided.sum():,} are decided."
    )
    limit = f"{100 * MARGIN:g}"
    method = [text.format(baseline=BASELINE, limit=limit) for text in prose("method")]
    machines = {
        machine: results.run.facts[machine] | _when(own)
        for machine, own in sessions.groupby("machine")
    }
    rows = [
        {"fact": name} | {machine: facts.get(name, NOTHING) for machine, facts in machines.items()}
        for name in dict.fromkeys(name for facts in machines.values() for name in facts)
    ]
    parts = [Part("note", "", method), Part("table", "The machines.", rows)]
    return Section("measured", "How it was measured", text, parts)


def _when(sessions: Any) -> dict[str, str]:
    ends = pd.to_datetime(sessions["started"].agg(["min", "max"]), unit="s")
    facts = {
        "commit": listed(sorted({commit[:8] for commit in sessions["commit"]})) or NOTHING,
        "setting": listed(sorted({*sessions["setting"]})),
        "measured": f"{' to '.join(ends.dt.strftime('%Y-%m-%d %H:%M'))} UTC",
        "sessions": f"{len(sessions):,}, {sessions['seconds'].sum() / 60:,.0f} minutes in all",
    }
    health = pd.DataFrame([*sessions["health"]])
    for name in (name for name in _HEALTH if name in health):
        written = "{:.2g}".format if "load" in name else percent
        typical, worst = map(written, health[name].agg(["median", "max"]))
        facts[_HEALTH[name]] = f"median {typical}, worst {worst}"
    return facts


def missing(results: Results) -> Section:
    """Return the section on what was not measured, and what was left out."""
    frame = results.run.frame
    lines = [] if results.gpus else [results.gpu]
    for axis, names in (("workload", WORKLOADS), ("remedy", REMEDIES)):
        absent = [name for name in names if name not in {*frame[axis]}]
        lines += [f"{axis}: {listed(absent)}."] if absent else []
    absent = [metric.label for name, metric in METRICS.items() if name not in {*frame["metric"]}]
    lines += [f"{listed(absent)}."] if absent else []
    undecided = results.judged[results.judged["word"] == Word.UNDECIDED.value]
    timed = undecided[(undecided["low"] > 0) & (undecided["high"] < math.inf)]
    more = sorted(more_launches(r.low, r.high, r.launches) for r in timed.itertuples())
    half = f"; about {more[len(more) // 2]} more launches would decide half of them" if more else ""
    if len(undecided):
        lines.append(f"undecided: {counted(len(undecided), 'comparison')}{half}.")
    failed = [f"{name}: {reason or 'no reason given'}." for name, reason in results.run.failures]
    left_out = [f"{note}." for note in results.run.problems]
    first = lines[0] if lines else "Everything that this suite measures was measured."
    lines.append("Other versions of Keras: docs/keras_versions.md in the repository.")
    notes = {"": lines, "Sessions that gave no values": failed, "Left out": left_out}
    parts = [Part("note", head, items) for head, items in notes.items() if items]
    return Section("missing", "What was not measured", first, parts)
