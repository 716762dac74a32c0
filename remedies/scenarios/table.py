"""The matrix to read: in Markdown and on a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from rich.table import Table

from remedies.roundtrip import Outcome
from remedies.scenarios.cell import Cell
from remedies.scenarios.matrix import SCENARIOS

MARKS = ("<!-- matrix -->", "<!-- end of matrix -->")
BARE = "# What each remedy keeps\n\n" + "\n".join(MARKS) + "\n"
_STYLES = {"whole": "green", "warned": "yellow", "silent": "bold white on red", "loud": "cyan"}
LEGEND = """\
- **whole**: everything came back, bit for bit; with (!), although a warning was given.
- **warned**: something was lost, and a warning was given; with a star, the warnings do not name all
  that was lost.
- **SILENT**: something was lost without a word.
- **loud**: an error stopped it: when the model was made, trained, saved, loaded or used again.
- n/a: the remedy has nothing to show there."""


def sentence(versions: Mapping[str, str]) -> str:
    """Say what was measured, such as ``Keras 3.15.1, TensorFlow 2.21.0, ...``."""
    names = {"keras": "Keras", "tensorflow": "TensorFlow", "numpy": "NumPy", "python": "Python"}
    return ", ".join(f"{names.get(key, key)} {value}" for key, value in versions.items())


def mark(cell: Cell) -> str:
    """Return the cell's word as it is printed."""
    if cell.outcome is Outcome.SILENT:
        return "SILENT"
    false_alarm = cell.outcome is Outcome.WHOLE and cell.warnings
    return cell.word + ("*" if cell.defects.silent_defects else " (!)" if false_alarm else "")


def losses(cell: Cell) -> str:
    """Return the defects of a cell in words, such as ``weights lost 2, outputs changed 100 %``."""
    return ", ".join(
        name.replace("_", " ") + (f" {value:.0%}" if name == "outputs_changed" else f" {value:g}")
        for name, value in asdict(cell.defects).items()
        if value
    )


def markdown(
    cells: Sequence[Cell], versions: Mapping[str, str], command: str, page: str = BARE
) -> str:
    """Return `page` with the matrix, and what was lost in each cell, between its marks.

    Raises
    ------
    ValueError
        Where `page` lacks one of `MARKS`.
    """
    start, end = MARKS
    if start not in page or end not in page.partition(start)[2]:
        raise ValueError(f"no place for the matrix: no lines {start!r} and {end!r}")
    before, _, rest = page.partition(start)
    head = f"{sentence(versions)}. Made by `{command}`; not to be edited by hand.\n\n{LEGEND}\n"
    folded = "\n<details><summary>Cell by cell: what was lost, and why</summary>\n"
    made = [start, head, _matrix(cells), folded, *_details(cells), "\n</details>\n"]
    return before + "\n".join(made) + end + rest.partition(end)[2]


def _matrix(cells: Sequence[Cell]) -> str:
    remedies = list(dict.fromkeys(cell.remedy for cell in cells))
    marks = {(cell.scenario, cell.remedy): mark(cell) for cell in cells}
    lines = [row("scenario", "what is done", *remedies), row(*["---"] * (len(remedies) + 2))]
    group = ""
    for name in dict.fromkeys(cell.scenario for cell in cells):
        scenario = SCENARIOS[name]
        if scenario.group != group:
            group = scenario.group
            lines.append(row(f"**{group}**", *[""] * (len(remedies) + 1)))
        words = (marks.get((name, remedy), "") for remedy in remedies)
        bold = ("**SILENT**" if word == "SILENT" else word for word in words)
        lines.append(row(f"`{name}`", scenario.about, *bold))
    return "\n".join(lines)


def _details(cells: Sequence[Cell]) -> list[str]:
    rows = [row("scenario", "remedy", "outcome", "what was lost", "warnings", "why")]
    rows.append(row(*["---"] * 6))
    for cell in cells:
        if cell.outcome and (cell.outcome is not Outcome.WHOLE or cell.warnings):
            given = str(cell.warnings or "")
            why = cell.note.replace("|", "\\|")
            rows.append(row(cell.scenario, cell.remedy, mark(cell), losses(cell), given, why))
    return rows


def row(*values: str) -> str:
    """Return a row of a Markdown table."""
    return "| " + " | ".join(values) + " |"


def terminal(cells: Sequence[Cell], versions: Mapping[str, str]) -> Table:
    """Return the matrix for a terminal; silent losses stand out."""
    remedies = list(dict.fromkeys(cell.remedy for cell in cells))
    table = Table(title=sentence(versions), caption="* the warnings do not name all that was lost")
    for name in ("scenario", *remedies):
        table.add_column(name, no_wrap=name == "scenario")
    found = {(cell.scenario, cell.remedy): cell for cell in cells}
    for name in dict.fromkeys(cell.scenario for cell in cells):
        row = [found[name, remedy] for remedy in remedies if (name, remedy) in found]
        table.add_row(name, *(_styled(cell) for cell in row))
    return table


def _styled(cell: Cell) -> str:
    style = _STYLES.get(cell.word, "dim")
    return f"[{style}]{mark(cell)}[/]"
