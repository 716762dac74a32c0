"""What each remedy keeps, in the workloads and in the situations."""

from __future__ import annotations

import math
from typing import Any

from reports.parts import Section, Table, table
from reports.results import SECOND, Kept, Results, losses
from reports.vocabulary import CORE, HARM
from reports.wording import NOTHING, counted, listed


def kept(results: Results) -> Section:
    """Return the section on round trips of the workloads."""
    states = {remedy: results.kept(remedy) for remedy in results.remedies}
    whole = [name for name, state in states.items() if state is Kept.WHOLE]
    known = [name for name, state in states.items() if state is not Kept.UNKNOWN]
    workloads = listed(results.axis("workload", "weights_lost"))
    if not known:
        answer = "These results hold no save and load."
        return Section("kept", "What each remedy keeps", answer)
    answer = (
        f"{len(whole)} of {len(known)} ways of writing the model keep everything through two saves "
        f"and loads of {workloads}: {listed(whole) or 'none'}."
    )
    merged: dict[tuple[str, ...], list[str]] = {}
    for remedy in known:
        trips = results.trips_of(remedy)
        for workload in sorted(set(trips.index.get_level_values("workload"))):
            own = trips.xs(workload, level="workload")
            merged.setdefault((remedy, *_trip(own)), []).append(workload)
    rows = [
        {
            "remedy": f"{remedy}, {listed(names)}",
            "keeps in the first save and load": first,
            "in the second": second,
            "warnings when loading": warnings,
        }
        for (remedy, first, second, warnings), names in merged.items()
    ]
    caption = (
        "The worst over devices, jits and mask dtypes. Everything: weights, optimizer variables, "
        "iterations, outputs, the next training step and compile settings are equal, bit for bit."
    )
    return Section("kept", "What each remedy keeps", answer, [table(rows, "remedy", caption)])


def _trip(trips: Any) -> tuple[str, str, str]:
    """Return what the first and the second round trip lose, and how many warnings are given."""
    lost = losses(trips)
    second = trips[SECOND].max() if SECOND in trips else math.nan
    names = ("build_warnings", "optimizer_warnings", "other_warnings")
    warnings = trips[[name for name in names if name in trips]].sum(axis=1).max()
    return (
        f"no: {'; '.join(lost)}" if lost else "everything",
        f"no: {counted(second, 'variable')} lost"
        if second > 0
        else NOTHING
        if math.isnan(second)
        else "everything",
        f"{warnings:.0f}",
    )


def situations(results: Results) -> Section:
    """Return the section on other situations, the core ones first."""
    title = "Situations and Keras versions"
    harms = results.situations
    versions = sorted({facts.get("keras", "") for facts in results.run.facts.values()} - {""})
    if harms.empty:
        return Section("situations", title, "These results hold no situation.")
    remedies = [name for name in results.remedies if name in harms]
    whole = {name: int((harms[name] == 0).sum()) for name in remedies}
    best = [name for name in remedies if whole[name] == max(whole.values())]
    answer = (
        f"{listed(best)} {'keeps' if len(best) == 1 else 'keep'} the model in the most situations: "
        f"{max(whole.values())} of {counted(len(harms), 'situation')} tried with Keras "
        f"{listed(versions) or 'of an unknown version'}."
    )
    order = [name for name in harms.index if name in CORE]
    rest = [name for name in harms.index if name not in CORE]
    parts: list[Table | list[str]] = []
    for names, caption, folded in (
        (order, "The core situations.", False),
        (rest, "The other situations.", True),
    ):
        rows = [
            {"situation": results.situation(name)}
            | {remedy: _harm(harms.at[name, remedy]) for remedy in remedies}
            for name in names
        ]
        if rows:
            parts.append(table(rows, "situation", caption, folded and bool(order)))
    parts.append(
        ["Other versions of Keras: docs/keras_versions.md in the repository, "
         "made by scripts/keras_versions."]
    )  # fmt: skip
    return Section("situations", title, answer, parts)


def _harm(value: float) -> str:
    return NOTHING if value != value else HARM[min(3, int(value))]
