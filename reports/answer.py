"""The top of the page: one sentence to act on, a table of remedies, the exceptions, a figure."""

from __future__ import annotations

from typing import Any

from reports import figures
from reports.parts import Figure, Section, Table, table
from reports.recommendation import recommend
from reports.results import SECOND, Kept, Results, losses, summary
from reports.vocabulary import REFERENCE, STEPS
from reports.wording import NOTHING, counted, span

SAVES = {"save_ratio": "save", "load_ratio": "load"}


def answer(results: Results) -> Section:
    """Return the section that opens the page."""
    choice = recommend(results)
    parts: list[Any] = [overview(results)] if results.remedies else []
    if choice.exceptions:
        parts.append(["Where that is not enough:", *choice.exceptions])
    parts += figure(results)
    return Section("answer", "What to do", choice.sentence, parts, choice.reason)


def overview(results: Results) -> Table:
    """Return the table of remedies."""
    rows = []
    for remedy in results.remedies:
        row = {"remedy": remedy, "lines you change": _lines(results, remedy)}
        row["keeps the model"] = keeps(results, remedy)
        for step, label in STEPS.items():
            own = results.compared("step_ratio", remedy=remedy, mask_dtype="bool", step=step)
            row[label] = _compared(remedy, own, "step_ratio", results)
        for metric, label in SAVES.items():
            row[label] = _compared(remedy, results.compared(metric, remedy=remedy), metric, results)
        rows.append(row)
    caption = (
        f"Times are compared with {REFERENCE}'s, steps with bool masks; "
        "ranges are 99 % intervals. “Same step, exactly” needs no clock: the compiled program and "
        "the Python calls around it are equal. What loses state may load faster: it loads less."
    )
    return table(rows, "remedy", caption)


def _lines(results: Results, remedy: str) -> str:
    rows = results.metric("recipe_lines")
    own = rows.loc[rows["remedy"] == remedy, "value"]
    return span(own) if len(own) else NOTHING


def _compared(remedy: str, rows: Any, metric: str, results: Results) -> str:
    if remedy == REFERENCE and len(results.compared(metric)):
        return "the reference"
    return summary(rows)


def keeps(results: Results, remedy: str) -> str:
    """Return in a cell of a table what `remedy` keeps in the workloads measured."""
    state, trips = results.kept(remedy), results.trips_of(remedy)
    if state is Kept.LOST:
        return f"no: {', '.join(losses(trips)[:2])}"
    if state is Kept.ONCE:
        most = counted(trips[SECOND].max(), "variable")
        return f"only once: the second save and load loses {most}"
    return str(state.value)


def figure(results: Results) -> list[Figure]:
    """Return the figure of the answer, where there is something to show."""
    rows = []
    for remedy in results.remedies:
        trips = results.trips_of(remedy)
        steps = results.compared("step_ratio", remedy=remedy, mask_dtype="bool", step="train")
        rows.append((remedy, returned(trips), steps))
    if all(share is None for _, share, _ in rows):
        return []
    shown = "; ".join(f"{name}: {share:.0%}" for name, share, _ in rows if share is not None)
    return [
        Figure(
            "answer",
            "How much of the model comes back, and what does a training step cost?",
            f"Share of weights and optimizer variables that come back from the worst of two saves "
            f"and loads: {shown}. Beside it the cost of a training step, as in the table.",
            lambda axes, colors: figures.answer(axes, colors, rows),
        )
    ]


def returned(trips: Any) -> float | None:
    """Return the share of weights and optimizer variables that the worst round trip brings back."""
    saved = [name for name in ("weights_saved", "optimizer_variables_saved") if name in trips]
    if not len(trips) or not saved:
        return None
    total = trips[saved].sum(axis=1)
    first = [name for name in trips if name.startswith(("weights_", "optimizer_variables_"))]
    first = [name for name in first if name.endswith(("_lost", "_changed"))]
    gone = trips[first].sum(axis=1)
    if SECOND in trips:
        gone = gone.combine(trips[SECOND].fillna(0), max)
    return float((1 - gone / total.where(total > 0)).clip(0, 1).min())
