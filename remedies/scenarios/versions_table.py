"""The core of the matrix over versions of Keras, as a page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from remedies.roundtrip import Outcome
from remedies.scenarios.cell import Cell
from remedies.scenarios.matrix import SCENARIOS
from remedies.scenarios.table import LEGEND, mark, row

_DEFECTS = {
    "weights_lost": "weights lost",
    "optimizer_variables_lost": "optimizer variables lost",
    "iterations_lost": "iterations lost",
    "outputs_changed": "outputs changed",
    "next_step_changed": "next step changed",
}
Versions = dict[str, dict[tuple[str, str], Cell]]


def markdown(survey: Mapping[str, Any]) -> str:
    """Return the page of what `remedies.versions.survey` found."""
    found: Versions = {}
    software = {}
    for measured in survey["measured"]:
        keras = measured["versions"]["keras"]
        software[keras] = measured["versions"]
        cells = map(Cell.from_json, measured["cells"])
        found[keras] = {(cell.scenario, cell.remedy): cell for cell in cells}
    parts = [
        "# What each remedy keeps, version by version\n",
        "Made by `scripts/keras_versions`; not to be edited by hand.\n\n" + LEGEND,
        "\n## The `.keras` file, version by remedy by defect\n",
        *_by_defect(found, software),
        "\n## Every scenario of the core\n",
        "The result, and the versions that show it.\n",
        *_by_result(found),
        *_failures(survey["failed"]),
    ]
    return "\n".join(parts) + "\n"


def _by_defect(found: Versions, software: Mapping[str, Mapping[str, str]]) -> Iterable[str]:
    yield row("Keras", "TensorFlow", "Python", "remedy", "outcome", *_DEFECTS.values(), "warnings")
    yield row(*["---"] * (len(_DEFECTS) + 6))
    for keras, cells in found.items():
        versions = software[keras]
        for (scenario, remedy), cell in cells.items():
            if scenario == "keras":
                lost = (f"{asdict(cell.defects)[name]:g}" for name in _DEFECTS)
                given = str(cell.warnings)
                where = keras, versions["tensorflow"], versions["python"]
                yield row(*where, remedy, mark(cell), *lost, given)


def _by_result(found: Versions) -> Iterable[str]:
    yield row("scenario", "what is done", "remedy", "result", "Keras")
    yield row(*["---"] * 5)
    for key in dict.fromkeys(key for cells in found.values() for key in cells):
        results: dict[str, dict[str, Cell]] = {}
        for keras, cells in found.items():
            if key in cells and cells[key].outcome:
                results.setdefault(_result(cells[key]), {})[keras] = cells[key]
        scenario, remedy = key
        for result, shown in results.items():
            about, last = SCENARIOS[scenario].about, list(shown.values())[-1]
            why = f": {last.note}" if last.outcome is Outcome.LOUD else ""
            where = span(list(shown), list(found))
            yield row(f"`{scenario}`", about, remedy, result + why.replace("|", "\\|"), where)


def _result(cell: Cell) -> str:
    lost = {words: asdict(cell.defects)[name] for name, words in _DEFECTS.items()}
    counted = {words: f"{value:g} " if "lost" in words else "" for words, value in lost.items()}
    shown = [counted[words] + words for words, value in lost.items() if value]
    shown += [f"warnings: {cell.warnings}"] * bool(cell.warnings)
    return mark(cell) + (f" ({', '.join(shown)})" if shown else "")


def span(versions: list[str], measured: list[str]) -> str:
    """Return `versions` as ranges of neighbours among those `measured`."""
    if versions == measured:
        return f"all {len(measured)}"
    ranges: list[list[str]] = []
    for version in versions:
        place = measured.index(version)
        if ranges and place and ranges[-1][-1] == measured[place - 1]:
            ranges[-1].append(version)
        else:
            ranges.append([version])
    return ", ".join(r[0] if len(r) == 1 else f"{r[0]} to {r[-1]}" for r in ranges)


def _failures(failed: Mapping[str, str]) -> Iterable[str]:
    if failed:
        yield "\n## Not measured\n"
        yield from (f"- Keras {keras}: {reason}" for keras, reason in failed.items())
