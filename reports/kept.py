"""What each remedy keeps in the saves and loads of the workloads."""

from typing import Any

from reports.parts import Section, Table
from reports.results import EVERYTHING, SECOND, UNKNOWN, Results, losses
from reports.vocabulary import CONTROL
from reports.wording import NOTHING, counted, listed


def kept(results: Results) -> Section:
    """Return the section on round trips of the workloads."""
    title = "What each remedy keeps"
    current = [name for name in results.remedies if results.keeps(name) != UNKNOWN]
    whole = [name for name in current if results.keeps(name) == EVERYTHING]
    if not current:
        return Section("kept", title, "These results hold no save and load.")
    answer = (
        f"{len(whole)} of {len(current)} ways of writing the test models "
        f"{listed(results.axis('workload', 'weights_lost'))} keep everything through two saves and "
        "loads: "
        f"{listed(whole) or 'none'}."
    )
    merged: dict[tuple[str, ...], list[str]] = {}
    for remedy in current:
        for workload, own in results.trips_of(remedy).groupby(level="workload"):
            merged.setdefault((remedy, *_trip(own)), []).append(str(workload))
    heads = ("remedy", "keeps in the first save and load", "in the second", "warnings when loading")
    rows = [
        dict(zip(heads, (f"{remedy}, {listed(names)}", *trip), strict=True))
        for (remedy, *trip), names in merged.items()
    ]
    caption = (
        f"{CONTROL}: the model as it is. The worst over devices, with and without XLA, and mask "
        "dtypes. Everything: weights, optimizer variables, iterations, outputs, the next training "
        "step and compile settings are equal, bit for bit. Optimizer variables lost: not there "
        "after loading, as Adam's two of each lost weight; changed: there and reset, as the step "
        "counter and those of weights that were kept. What is left is the learning rate."
    )
    return Section("kept", title, answer, [Table(caption, rows)])


def _trip(trips: Any) -> tuple[str, str, str]:
    """Return what the first and the second round trip lose, and how many warnings are given."""
    lost = losses(trips)
    first = f"no: {'; '.join(lost)}" if lost else "everything"
    warnings = trips.filter(regex="^(build|optimizer|other)_warnings$").sum(axis=1).max()
    if SECOND not in trips or trips[SECOND].isna().all():
        return first, NOTHING, f"{warnings:.0f}"
    most = trips[SECOND].max()
    second = f"no: {counted(most, 'variable')} lost" if most > 0 else "everything"
    return first, second, f"{warnings:.0f}"
