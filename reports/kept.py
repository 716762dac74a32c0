"""What each remedy keeps in the saves and loads of the workloads."""

from typing import Any

from reports.parts import Section, Table
from reports.results import EVERYTHING, SECOND, UNKNOWN, Results, losses
from reports.vocabulary import CONTROL
from reports.wording import NOTHING, counted, listed, shared

TITLE = "What each remedy keeps"
_CAPTION = (
    f"{CONTROL}: the model as it is. The worst of all devices and mask dtypes, XLA or not. "
    "Everything: weights, optimizer variables, iterations, outputs, the next training step and "
    "compile settings are equal, bit for bit. Optimizer variables lost: not there after loading, "
    "as Adam's two of each lost weight; changed: there and reset, as the step counter and those of "
    "weights that were kept. What is left is the learning rate."
)


def kept(results: Results) -> Section:
    """Return the section on round trips of the workloads."""
    states = {name: results.keeps(name) for name in results.remedies}
    current = [name for name, state in states.items() if state != UNKNOWN]
    if not current:
        return Section("kept", TITLE, "These results hold no save and load.")
    whole = [name for name in current if states[name] == EVERYTHING]
    answer = (
        f"{len(whole)} of {len(current)} ways of writing the test models "
        f"{listed(results.axis('workload', 'weights_lost'))} keep everything through two saves and "
        f"loads: {listed(whole) or 'none'}."
    )
    rows = []
    for remedy in current:
        trips = results.trips_of(remedy).groupby(level="workload")
        for trip, names in shared((str(name), _trip(own)) for name, own in trips).items():
            rows.append({"remedy": f"{remedy}, {names}", **dict(trip)})
    return Section("kept", TITLE, answer, [Table(_CAPTION, rows)])


def _trip(trips: Any) -> tuple[tuple[str, str], ...]:
    """Return what the first and the second round trip lose, and how many warnings are given."""
    lost, second = losses(trips), NOTHING
    if SECOND in trips and trips[SECOND].notna().any():
        most = trips[SECOND].max()
        second = f"no: {counted(most, 'variable')} lost" if most > 0 else EVERYTHING
    warnings = trips.filter(regex="^(build|optimizer|other)_warnings$").sum(axis=1).max()
    return (
        ("keeps in the first save and load", f"no: {'; '.join(lost)}" if lost else EVERYTHING),
        ("in the second", second),
        ("warnings when loading", f"{warnings:.0f}"),
    )
