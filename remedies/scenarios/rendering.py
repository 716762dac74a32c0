"""The matrix, and the survey of Keras' versions, in Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from remedies.roundtrip import Outcome
from remedies.scenarios.cell import Cell
from remedies.scenarios.matrix import CORE, SCENARIOS

MARKS = ("<!-- generated -->", "<!-- end of generated -->")
BARE_PAGE = "# What each remedy keeps\n\n" + "\n".join(MARKS) + "\n"
LEGEND = """\
- **whole**: everything came back, bit for bit; with (!), although a warning was given.
- **warned**: something was lost, and a warning was given; with a star, the warnings do not name all
  that was lost.
- **SILENT**: something was lost with no warning.
- **loud**: an error stopped it: when the model was made, trained, saved, loaded or used again.
- n/a: the remedy has nothing to show there.
"""
_DEFECTS = {
    "weights_lost": "weights lost",
    "optimizer_variables_lost": "optimizer variables lost",
    "iterations_lost": "iterations lost",
    "outputs_changed": "outputs changed",
    "next_step_changed": "next step changed",
}


def put(page: str, *parts: str) -> str:
    """Return `page` with `parts` between its marks, in place of what is there.

    Raises
    ------
    ValueError
        Where `page` lacks one of `MARKS`.
    """
    start, end = MARKS
    before, _, rest = page.partition(start)
    _, ending, after = rest.partition(end)
    if not ending:
        raise ValueError(f"no place for the table: no lines {start!r} and {end!r}")
    return before + "\n".join([start, *parts, ""]) + end + after


def row(*values: str) -> str:
    """Return a row of a Markdown table."""
    return "| " + " | ".join(value.replace("|", "\\|") for value in values) + " |"


def _head(*values: str) -> list[str]:
    return [row(*values), row(*["---"] * len(values))]


def mark(cell: Cell) -> str:
    """Return the cell's word as it is printed."""
    if cell.outcome is Outcome.SILENT:
        return "SILENT"
    false_alarm = cell.outcome is Outcome.WHOLE and cell.warnings
    return cell.word + ("*" if cell.defects.silent_defects else " (!)" if false_alarm else "")


def losses(cell: Cell) -> str:
    """Return the defects of a cell in words, such as ``weights lost 2, outputs changed 100%``."""
    return ", ".join(
        name.replace("_", " ") + (f" {value:.0%}" if name == "outputs_changed" else f" {value:g}")
        for name, value in asdict(cell.defects).items()
        if value
    )


def matrix_page(
    cells: Sequence[Cell], software: Mapping[str, str], command: str, page: str = BARE_PAGE
) -> str:
    """Return `page` with the matrix between its marks: the core, all of it, and cell by cell.

    Raises
    ------
    ValueError
        Where `page` lacks one of `MARKS`.
    """
    names = {"keras": "Keras", "tensorflow": "TensorFlow", "numpy": "NumPy", "python": "Python"}
    versions = ", ".join(f"{names.get(key, key)} {value}" for key, value in software.items())
    core = [cell for cell in cells if cell.scenario in CORE]
    return put(
        page,
        f"{versions}. Made by `{command}`; not to be edited by hand.\n",
        LEGEND,
        *(
            ["### The core situations\n", *_outcomes(core), "\n### Every situation\n"]
            if core
            else []
        ),
        *_outcomes(cells),
        "\n<details><summary>Cell by cell: what was lost, and why</summary>\n",
        *_details(cells),
        "\n</details>",
    )


def _outcomes(cells: Sequence[Cell]) -> Iterator[str]:
    remedies = list(dict.fromkeys(cell.remedy for cell in cells))
    marks = {(cell.scenario, cell.remedy): mark(cell) for cell in cells}
    yield from _head("situation", "what is done", *remedies)
    group = ""
    for name in dict.fromkeys(cell.scenario for cell in cells):
        scenario = SCENARIOS[name]
        if scenario.group != group:
            group = scenario.group
            yield row(f"**{group}**", *[""] * (len(remedies) + 1))
        words = (marks.get((name, remedy), "") for remedy in remedies)
        bold = ("**SILENT**" if word == "SILENT" else word for word in words)
        yield row(f"`{name}`", scenario.description, *bold)


def _details(cells: Sequence[Cell]) -> Iterator[str]:
    yield from _head("situation", "remedy", "outcome", "what was lost", "warnings", "why")
    for cell in cells:
        if cell.outcome and (cell.outcome is not Outcome.WHOLE or cell.warnings):
            count = str(cell.warnings or "")
            yield row(cell.scenario, cell.remedy, mark(cell), losses(cell), count, cell.note)


Surveyed = dict[str, dict[tuple[str, str], Cell]]


def survey_page(survey: Mapping[str, Any], page: str = BARE_PAGE) -> str:
    """Return `page` with a survey of Keras' versions between its marks.

    Parameters
    ----------
    survey : mapping
        As `remedies.versions.survey` returns it.
    page : str
        Text with a line for each of `MARKS`.

    Raises
    ------
    ValueError
        Where `page` lacks one of `MARKS`.
    """
    surveyed: Surveyed = {}
    for measured in survey["measured"]:
        cells = [Cell.from_json(data) for data in measured["cells"]]
        surveyed[measured["versions"]["keras"]] = {(c.scenario, c.remedy): c for c in cells}
    pairs = [(m["versions"]["keras"], m["versions"]["tensorflow"]) for m in survey["measured"]]
    failures = [f"- Keras {keras}: {reason}" for keras, reason in survey["failed"].items()]
    return put(
        page,
        "Made by `scripts/keras_versions`; not to be edited by hand. Measured: "
        + "; ".join(f"Keras {keras} on TensorFlow {tensorflow}" for keras, tensorflow in pairs)
        + ".\n",
        LEGEND,
        *_head("situation", "what is done", "remedy", "outcome", "Keras"),
        *_results(surveyed),
        *(["\nNot measured:\n", *failures] if failures else []),
    )


def _results(surveyed: Surveyed) -> Iterator[str]:
    for key in dict.fromkeys(key for cells in surveyed.values() for key in cells):
        versions: dict[str, dict[str, Cell]] = {}
        for keras, cells in surveyed.items():
            if key in cells and cells[key].outcome:
                versions.setdefault(_result(cells[key]), {})[keras] = cells[key]
        scenario, remedy = key
        for result, shown in versions.items():
            last = list(shown.values())[-1]
            why = f": {last.note}" if last.outcome is Outcome.LOUD else ""
            description = SCENARIOS[scenario].description
            where = span(list(shown), list(surveyed))
            yield row(f"`{scenario}`", description, remedy, result + why, where)


def _result(cell: Cell) -> str:
    lost = {words: asdict(cell.defects)[name] for name, words in _DEFECTS.items()}
    counts = {words: f"{value:g} " if "lost" in words else "" for words, value in lost.items()}
    shown = [counts[words] + words for words, value in lost.items() if value]
    shown += [f"warnings: {cell.warnings}"] * bool(cell.warnings)
    return mark(cell) + (f" ({', '.join(shown)})" if shown else "")


def span(versions: Sequence[str], measured: Sequence[str]) -> str:
    """Return `versions` as ranges of neighbours among those `measured`.

    >>> span(["3.0.5", "3.2.1", "3.3.3"], ["3.0.5", "3.1.1", "3.2.1", "3.3.3"])
    '3.0.5, 3.2.1 to 3.3.3'
    """
    if list(versions) == list(measured):
        return f"all {len(measured)}"
    ranges: list[list[str]] = []
    for version in versions:
        place = measured.index(version)
        if ranges and place and ranges[-1][-1] == measured[place - 1]:
            ranges[-1].append(version)
        else:
            ranges.append([version])
    return ", ".join(r[0] if len(r) == 1 else f"{r[0]} to {r[-1]}" for r in ranges)
