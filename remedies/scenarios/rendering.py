"""The matrix, and the survey of Keras' versions, in Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from remedies.scenarios.cell import Cell
from remedies.scenarios.matrix import CORE, scenarios
from remedies.state.trip import Outcome

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


def put(page: str, *parts: str) -> str:
    """Return `page` with `parts` between its marks, in place of what is there.

    Raises
    ------
    ValueError
        Where `page` lacks one of `MARKS`.
    """
    before, start, rest = page.partition(MARKS[0])
    _, end, after = rest.partition(MARKS[1])
    if not end:
        raise ValueError(f"no place for the table: no lines {MARKS[0]!r} and {MARKS[1]!r}")
    return "\n".join([before + start, *parts, end + after])


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
    """Return `page` with the matrix between its marks: the core, all of it, and cell by cell."""
    names = {"keras": "Keras", "tensorflow": "TensorFlow", "numpy": "NumPy", "python": "Python"}
    versions = ", ".join(f"{names.get(key, key)} {value}" for key, value in software.items())
    marks = {(cell.scenario, cell.remedy): mark(cell) for cell in cells}
    return put(
        page,
        f"{versions}. Made by `{command}`; not to be edited by hand.\n",
        LEGEND,
        "### The core situations\n",
        *_table({key: word for key, word in marks.items() if key[0] in CORE}),
        "\n### Every situation\n",
        *_table(marks),
        "\n<details><summary>Cell by cell: what was lost, and why</summary>\n",
        *_details(cells),
        "\n</details>",
    )


def _table(texts: Mapping[tuple[str, str], str]) -> Iterator[str]:
    """Yield the lines of situations by remedies, under the headings of their groups."""
    names, remedies = (list(dict.fromkeys(key)) for key in zip(*texts, strict=True))
    yield from _head("situation", "what is done", *remedies)
    group = ""
    for name in names:
        scenario = scenarios()[name]
        if scenario.group != group:
            group = scenario.group
            yield row(f"**{group}**", *[""] * (len(remedies) + 1))
        words = (texts.get((name, remedy), "") for remedy in remedies)
        bold = (word.replace("SILENT", "**SILENT**") for word in words)
        yield row(f"`{name}`", scenario.description, *bold)


def _details(cells: Sequence[Cell]) -> Iterator[str]:
    yield from _head("situation", "remedy", "outcome", "what was lost", "warnings", "why")
    for cell in cells:
        if cell.outcome and (cell.outcome is not Outcome.WHOLE or cell.warnings):
            count = str(cell.warnings or "")
            yield row(cell.scenario, cell.remedy, mark(cell), losses(cell), count, cell.note)


def survey_page(survey: Mapping[str, Any], page: str = BARE_PAGE) -> str:
    """Return `page` with what `remedies.versions.survey` returned between its marks."""
    surveyed = {m["versions"]["keras"]: m for m in survey["measured"]}
    pairs: dict[str, list[str]] = {}  # versions of Keras by that of TensorFlow
    words: dict[tuple[str, str], dict[str, list[str]]] = {}  # and by what a cell says
    for keras, measured in surveyed.items():
        pairs.setdefault(measured["versions"]["tensorflow"], []).append(keras)
        for cell in map(Cell.from_json, measured["cells"]):
            key = cell.scenario, cell.remedy
            words.setdefault(key, {}).setdefault(mark(cell), []).append(keras)
    failures = [f"- Keras {keras}: {reason}" for keras, reason in survey["failed"].items()]
    return put(
        page,
        "Made by `scripts/keras_versions`; not to be edited by hand. "
        + "".join(f"Keras {span(k, list(surveyed))} on TensorFlow {t}. " for t, k in pairs.items())
        + "Where versions differ, each outcome has its own.\n",
        LEGEND,
        *_table({key: _by_version(by_word, list(surveyed)) for key, by_word in words.items()}),
        *(["\nNot measured:\n", *failures] if failures else []),
    )


def _by_version(outcomes: Mapping[str, list[str]], measured: list[str]) -> str:
    spans = (f"{word}: {span(versions, measured)}" for word, versions in outcomes.items())
    return next(iter(outcomes)) if len(outcomes) == 1 else "; ".join(spans)


def span(versions: Sequence[str], measured: Sequence[str]) -> str:
    """Return `versions` as ranges of neighbours among those `measured`.

    >>> span(["3.0.5", "3.2.1", "3.3.3"], ["3.0.5", "3.1.1", "3.2.1", "3.3.3"])
    '3.0.5, 3.2.1 to 3.3.3'
    """
    ranges: list[list[str]] = []
    for version in versions:
        place = measured.index(version)
        if ranges and place and ranges[-1][-1] == measured[place - 1]:
            ranges[-1].append(version)
        else:
            ranges.append([version])
    return ", ".join(r[0] if len(r) == 1 else f"{r[0]} to {r[-1]}" for r in ranges)
