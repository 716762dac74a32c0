"""The top of the page: one sentence to act on, the change, its limits and cost, six rows."""

from __future__ import annotations

from typing import Any

from reports import figures
from reports.parts import Figure, Section, Table
from reports.recommendation import diff, recommend
from reports.results import SECOND, Results, summary
from reports.vocabulary import REFERENCE, STEPS
from reports.wording import NOTHING, span


def answer(results: Results) -> Section:
    """Return the section that opens the page."""
    choice = recommend(results)
    parts: list[Any] = []
    if choice.remedy:
        parts = [diff(choice.remedy), ["What it costs:", *choice.cost]]
        parts = [*filter(None, parts), ["What you still lose with it:", *choice.lost]]
    if results.remedies:
        parts.append(overview(results))
    return Section(
        "answer", "What to do", choice.sentence, [*parts, *figure(results)], choice.reason
    )


def overview(results: Results) -> Table:
    """Return the table of remedies."""
    rows = []
    for remedy in results.remedies:
        lines = results.metric("recipe_lines", remedy=remedy)["value"]
        row = {"remedy": remedy, "lines you change": span(lines) if len(lines) else NOTHING}
        row["keeps the model"] = results.keeps(remedy)
        columns = {label: ("step_ratio", {"mask_dtype": "bool", "step": step})
                   for step, label in STEPS.items()}  # fmt: skip
        columns |= {"save": ("save_ratio", {}), "load": ("load_ratio", {})}
        for label, (metric, where) in columns.items():
            row[label] = summary(results.compared(metric, remedy=remedy, **where))
            if remedy == REFERENCE and len(results.compared(metric)):
                row[label] = "the reference"
        for device in results.compiled:
            row[f"{device}, compiled only"] = results.programs(remedy=remedy, device=device)
        rows.append(row)
    caption = (
        f"Times against {REFERENCE}'s, steps with bool masks; ranges are 99 % intervals. “Same "
        "step, exactly” needs no clock: the compiled program and the Python calls around it are "
        "equal. What loses state may load faster: it loads less."
    )
    return Table(caption, rows)


def figure(results: Results) -> list[Figure]:
    """Return the figure of the answer, where there is something to show."""
    rows = []
    for remedy in results.remedies:
        steps = results.compared("step_ratio", remedy=remedy, mask_dtype="bool", step="train")
        rows.append((remedy, returned(results.trips_of(remedy)), steps))
    shown = "; ".join(f"{name}: {share:.0%}" for name, share, _ in rows if share is not None)
    if not shown:
        return []
    return [
        Figure(
            "answer",
            "How much of the model comes back, and what does a training step cost?",
            "Share of weights and optimizer variables that come back from the worst of two saves "
            f"and loads: {shown}. Beside it the cost of a training step, as in the table.",
            lambda axes, colors: figures.answer(axes, colors, rows),
        )
    ]


def returned(trips: Any) -> float | None:
    """Return the share of weights and optimizer variables that the worst round trip brings back."""
    saved = trips.columns.intersection(["weights_saved", "optimizer_variables_saved"])
    if not len(trips) or not len(saved):
        return None
    total = trips[saved].sum(axis=1)
    gone = trips.filter(regex=r"^(weights|optimizer_variables)_(lost|changed)$").sum(axis=1)
    if SECOND in trips:
        gone = gone.combine(trips[SECOND].fillna(0), max)
    return float((1 - gone / total.where(total > 0)).clip(0, 1).min())
