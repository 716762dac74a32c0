"""Heat maps of outcomes: remedy by scenario, and remedy by version of Keras."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from reports import heatmap
from reports.evidence import Evidence
from reports.exhibit import Sketch
from reports.tables import Cell, Table
from reports.vocabulary import OUTCOMES, SCENARIO, rank

LEGEND = {
    "kept": "whole",
    "loud": "loud: an error",
    "part": "lost, with a warning",
    "silent": "lost in silence",
}
LEVEL = dict(zip(OUTCOMES, LEGEND, strict=True))
KIND = {"whole": "kept", "warned": "lost", "silent": "silent"}
NONE = "n/a"


def scenarios(evidence: Evidence) -> Iterator[Sketch]:
    """Yield remedies by scenarios: as measured here, else as committed."""
    rows = evidence.frame[evidence.frame["metric"].str.startswith(SCENARIO)]
    rows = rows[rows["value"].isin(range(len(OUTCOMES)))]
    title = "In which situations does a remedy lose state, and where in silence?"
    groups: dict[str, Mapping[tuple[str, str], str]] = {
        str(run): {
            (row.metric.removeprefix(SCENARIO), row.remedy): OUTCOMES[int(row.value)]
            for row in own.itertuples(index=False)
        }
        for run, own in rows.groupby("run")
    }
    where = "measured here"
    if not groups and (known := evidence.survey.matrix):
        where = f"not measured here: the committed survey of Keras {known.keras}"
        groups = {f"Keras {known.keras}, TensorFlow {known.tensorflow}": known.outcomes}
    caption = f"What each remedy keeps in each scenario, {where}; docs/fidelity.md describes them."
    for i, (group, outcomes) in enumerate(groups.items(), 1):
        told = f"{title} ({group})"
        yield _sketch(f"scenarios-{i}", told, caption, "Scenario", outcomes)


def versions(evidence: Evidence) -> Iterator[Sketch]:
    """Yield remedies by the committed versions of Keras."""
    if not (known := evidence.survey.versions):
        return
    title = "With which versions of Keras does a remedy keep the model?"
    found = {
        (f"Keras {survey.keras} (TensorFlow {survey.tensorflow})", remedy): outcome
        for survey in known
        for (scenario, remedy), outcome in survey.outcomes.items()
        if scenario == "keras"
    }
    caption = (
        "A .keras file saved and loaded, version by version. Not measured here: the committed "
        "survey docs/keras_versions.json."
    )
    if found:
        yield _sketch("keras-versions", title, caption, "Version", found)


def _sketch(
    name: str,
    title: str,
    caption: str,
    first: str,
    outcomes: Mapping[tuple[str, str], str],
) -> Sketch:
    remedies = sorted({remedy for _, remedy in outcomes}, key=rank)
    lines: list[tuple[str, Sequence[heatmap.Square]]] = []
    table: list[tuple[Cell, ...]] = []
    for row in dict.fromkeys(row for row, _ in outcomes):
        said = [outcomes.get((row, remedy), NONE) for remedy in remedies]
        lines.append((row, [_square(outcome) for outcome in said]))
        table.append((Cell(row), *(Cell(o, kind=KIND.get(o, "")) for o in said)))
    columns = heatmap.headings(remedies)
    plan = partial(heatmap.grid, title, columns, lines, legend=LEGEND, pitch=0.21)
    made = Table(caption, (first, *remedies), tuple(table))
    return Sketch(name, title, _alt(outcomes, remedies), plan, len(lines), made, "surveys")


def _square(outcome: str) -> heatmap.Square:
    shown = "" if outcome == OUTCOMES[0] else outcome
    return heatmap.Square(shown, LEVEL.get(outcome, ""))


def _alt(outcomes: Mapping[tuple[str, str], str], remedies: Sequence[str]) -> str:
    counts = {
        name: Counter(said for (_, remedy), said in outcomes.items() if remedy == name)
        for name in remedies
    }
    told = (
        f"{name} is whole in {c['whole']} of {sum(c.values())}, lost in silence in {c['silent']}"
        for name, c in counts.items()
    )

    return f"Heat map of outcomes: {'; '.join(told)}."
