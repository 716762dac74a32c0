"""What the commands print, as rows of a style and a text: plain but on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    from remedies.checking.findings import Row
    from remedies.rescuing.rescue import Rescue
    from remedies.state.roundtrip import RoundTrip


def show(rows: Iterable[Row]) -> None:
    """Print rows; what is no terminal gets no colour and no line breaks."""
    terminal = Console(highlight=False) if sys.stdout.isatty() else None
    for style, text in rows:
        if terminal is None:
            print(text)
        else:  # code is never broken, so that it can be copied
            code = style == "code"
            terminal.print(Text(text, "" if code else style), soft_wrap=code)


def _table(*cells: tuple[str, ...]) -> Iterator[Row]:
    """Yield the heads in bold and the other lines below, each column as wide as its widest cell."""
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for number, row in enumerate(cells):
        padded = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "" if number else "bold", "  ".join(padded).rstrip()


def name_rows(remedies: Mapping[str, Any], workloads: Mapping[str, Any]) -> Iterator[Row]:
    """Yield the remedies and workloads, a line each."""
    yield from _table(
        ("remedy", "what you change"), *((each.name, each.idea) for each in remedies.values())
    )
    yield "", ""
    described = ((each.name, each.description) for each in workloads.values())
    yield from _table(("workload", "model"), *described)


def round_trip_rows(result: Mapping[str, RoundTrip]) -> Iterator[Row]:
    """Yield a line for each defect that any remedy may have, a column for each remedy."""
    trips = list(result.values())
    kinds = [field.name for field in fields(trips[0].defects)]
    counts = ((kind, *(getattr(trip.defects, kind) for trip in trips)) for kind in kinds)
    yield from _table(
        ("defect", *result),
        ("outcome", *(trip.outcome.value for trip in trips)),
        *((kind.replace("_", " "), *map(_number, values)) for kind, *values in counts),
    )


def _number(value: float) -> str:
    return f"{value:.0%}" if value and isinstance(value, float) else f"{value:g}"


def rescue_rows(result: Rescue) -> Iterator[Row]:
    """Yield what `rescue` did, and what comes next."""
    if result.out is None:
        yield (
            "bold",
            f"{result.path}: loads whole ({result.held} arrays, bit for bit); nothing to rescue",
        )
    else:
        yield from _rescued(result)
    yield from (("red", f"  not in the file at all: self.{path}") for path in result.absent)
    yield from (("dim", f"\nNote: {note}") for note in result.notes)


def _rescued(result: Rescue) -> Iterator[Row]:
    back = result.held - len(result.missing)
    yield "bold", f"{result.path}: not changed (SHA-256 the same before and after)"
    yield "", f"  load_model drops or changes {len(result.dropped)} of its {result.held} arrays"
    style = "green" if result.whole else "red"
    yield style, f"  recovered, bit for bit: {back} of {result.held}"
    yield from (("red", f"  not recovered: {name}") for name in result.missing)
    yield "bold", f"  written and read back: {result.out}"
    if result.loads_whole:
        yield "", "\nAll that the new file holds comes back with keras.saving.load_model."
        return
    yield (
        "bold",
        f"\nMend {type(result.model).__name__} before you load either file: as it is, load_model "
        "would lose the same again.",
    )
    if result.report is not None:
        for cause in result.report.advice:
            yield from cause.rows()
    if result.code:
        yield "", "\nTried: with that code in the class, load_model brings the file back whole."
    yield "", "A functional model is another class, and cannot load a file of this one."
    yield "bold", "\nOr load it with the class as it is:"
    yield from (("code", f"    {text}") for text in result.recipe.splitlines())
