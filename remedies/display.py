"""What the commands print: calm on a terminal, plain and unbroken everywhere else."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any, TextIO

from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from remedies.findings import Report
    from remedies.rescue import Rescue
    from remedies.roundtrip import RoundTrip

_WIDE = 10_000


def console(stream: TextIO) -> Console:
    """Return a console for `stream`; what is no terminal gets no colour and no line breaks."""
    if stream.isatty():
        return Console(file=stream, highlight=False)
    return Console(file=stream, width=_WIDE, highlight=False, no_color=True, soft_wrap=True)


def _table(*headers: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for header in headers:
        table.add_column(header)
    return table


def print_names(to: Console, remedies: Mapping[str, Any], workloads: Mapping[str, Any]) -> None:
    """Print the remedies and workloads, a line each."""
    table = _table("remedy", "what you change")
    for remedy in remedies.values():
        table.add_row(remedy.name, remedy.idea)
    to.print(table)
    table = _table("workload", "model")
    for workload in workloads.values():
        table.add_row(workload.name, workload.description)
    to.print()
    to.print(table)


def print_round_trips(to: Console, result: Mapping[str, RoundTrip]) -> None:
    """Print a table of defects: a line for each defect that any remedy has, a column a remedy."""
    table = _table("defect", *result)
    first = next(iter(result.values()))
    table.add_row("outcome", *(_word(trip.outcome.value) for trip in result.values()))
    for field in fields(first.defects):
        values = [getattr(trip.defects, field.name) for trip in result.values()]
        table.add_row(field.name.replace("_", " "), *map(_number, values))
    to.print(table)


def _number(value: float) -> str:
    if not value:
        return "0"
    return f"[red]{value:.0%}[/]" if isinstance(value, float) else f"[red]{value}[/]"


def _word(outcome: str) -> str:
    return f"[{'green' if outcome == 'whole' else 'red'}]{outcome}[/]"


def print_report(to: Console, report: Report) -> None:
    """Print what `check` says, the verdict and the one thing to do in the first line."""
    from remedies.findings import NOTHING, losses

    style = {0: "green", 3: "yellow"}.get(report.verdict.status, "bold red")
    verdict, _, rest = report.headline.partition(";" if ";" in report.headline else ":")
    tail = f"; {escape(rest.strip())}" if rest else ""
    to.print(f"[bold]{escape(report.name)}[/]: [{style}]{escape(verdict)}[/]{tail}\n")
    before = ""
    for trip in report.trips:
        lost = losses(trip)
        shown = "the same again" if lost == before != NOTHING else lost
        to.print(f"  {trip.name}: {_word(trip.outcome.value)}, {escape(shown)}")
        before = lost
    for warning in report.trips[0].warnings if not report.whole else ():
        to.print(f"  [dim]Keras warned: {escape(_short(warning))}[/]")
    for swallowed in report.swallowed:
        to.print("\n[bold]Keras swallowed this exception[/] while it rebuilt the model:\n")
        where = f"{swallowed.file}:{swallowed.line}, in {swallowed.owner}.{swallowed.method}"
        to.print(f"  {escape(where)}")
        to.print(f"    [bold]{escape(swallowed.source)}[/]")
        to.print(f"  {escape(swallowed.error)}")
    print_advice(to, report)


def print_advice(to: Console, report: Report) -> None:
    """Print causes, what helps and the code that was tried."""
    for advice in report.advice:
        to.print(f"\n[bold]Cause: {advice.cause.value.replace('_', ' ')}[/]\n")
        to.print(f"  {escape(advice.why)}")
        if advice.evidence:
            to.print(f"  Evidence: {escape(advice.evidence)}")
        _items(to, "What to do:", advice.do, "green")
        _items(to, "What does not help here:", advice.not_this, "dim")
        if advice.code:
            tried = {
                True: ", tried here: it holds",
                False: ", tried: not enough by itself",
                None: "",
            }
            to.print(f"\n  [bold]{escape(advice.place)}[/]{tried[advice.cured]}:\n")
            print_code(to, advice.code)
    for note in report.notes:
        to.print(f"\n[dim]Note: {escape(note)}[/]")


def _items(to: Console, title: str, items: Iterable[str], style: str) -> None:
    items = tuple(items)
    if items:
        to.print(f"\n  {title}")
    for item in items:
        head, colon, rest = item.partition(":")
        to.print(f"    - [{style}]{escape(head)}[/]{colon}{escape(rest)}")


def print_code(to: Console, code: str) -> None:
    """Print code, indented and unbroken, so that it can be copied."""
    for line in code.splitlines():
        to.print(f"    {line}" if line else "", markup=False, soft_wrap=True)


def print_rescue(to: Console, result: Rescue) -> None:
    """Print what `rescue` did, and what comes next."""
    if result.out is None:
        to.print(
            f"{result.path}: loads whole ({result.held} arrays, bit for bit); nothing to rescue"
        )
    else:
        _print_rescued(to, result)
    for path in result.absent:
        to.print(f"  [red]not in the file at all: self.{escape(path)}[/]")
    for note in result.notes:
        to.print(f"\nNote: {escape(note)}")


def _print_rescued(to: Console, result: Rescue) -> None:
    back = result.held - len(result.missing)
    style = "green" if result.whole else "red"
    to.print(
        f"[bold]{escape(str(result.path))}[/]: not changed (SHA-256 the same before and after)"
    )
    to.print(f"  load_model drops or changes {len(result.dropped)} of its {result.held} arrays")
    to.print(f"  recovered, bit for bit: [{style}]{back} of {result.held}[/]")
    for name in result.missing:
        to.print(f"  [red]not recovered: {escape(name)}[/]")
    to.print(f"  written and read back: [bold]{escape(str(result.out))}[/]")
    if result.loads_whole:
        to.print("\nAll that the new file holds comes back with keras.saving.load_model.")
        return
    name = type(result.model).__name__
    to.print(
        f"\n[bold]Mend {name} before you load either file:[/] as it is, load_model would lose "
        "the same again."
    )
    if result.report is not None:
        print_advice(to, result.report)
    if result.code:
        to.print("\nTried: with these methods in the class, load_model brings the file back whole.")
    to.print("A functional model is another class, and cannot load a file of this one.")
    to.print("\nOr load it with the class as it is:\n")
    print_code(to, result.recipe)


def _short(text: str, limit: int = 160) -> str:
    text = inspect.cleandoc(text).replace("\n", " ")
    return text if len(text) <= limit else text[: limit - 3].rstrip() + "..."
