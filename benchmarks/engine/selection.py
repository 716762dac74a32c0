"""Which of all benchmarks asv is asked for: it starts a process for each, whatever comes of it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from benchmarks.axes import AXES
from benchmarks.engine.plan import sessions
from benchmarks.engine.settings import KINDS, SETTINGS
from benchmarks.engine.store import Store

ALWAYS = r"^environment\."
WHOLE = r"^reports\."  # measured by asv itself


def selection(setting: str, store: Store) -> Iterator[str]:
    """Yield regular expressions that together match each result of a run, as asv names results.

    Parameters
    ----------
    setting : str
        Of the run; a result that it does not measure is n/a without being asked for.
    store : Store
        Holds what was measured, and which sessions failed: what those should have measured is
        asked for too, so that asv shows it as failed.
    """
    yield ALWAYS
    if SETTINGS[setting].whole():
        yield WHOLE
    measured = defaultdict[str, set[str]](set)
    for session in (s for kind in KINDS for s in sessions(kind, SETTINGS[setting])):
        own = session.parameters()
        if outcome := store.finished(session):
            for item in outcome.get("entries", ()):
                measured[item["metric"]].add(_values(own | item["parameters"]))
        elif store.failed(session):
            between = r"(?:.*, )?"  # parameters of a benchmark that a session has not
            values = f", {between}".join(map(re.escape, _texts(own)))
            yield rf"\({between}{values}[,)]"
    yield from _grouped(measured)


def _grouped(measured: Mapping[str, Iterable[str]]) -> Iterator[str]:
    """Name metrics that were measured in the same cells together: a command line has an end."""
    groups = defaultdict[frozenset[str], list[str]](list)
    for metric, cells in measured.items():
        groups[frozenset(cells)].append(metric)
    for cells, metrics in groups.items():
        which = "|".join(re.escape(cell) for cell in sorted(cells))
        yield rf"\.track_({'|'.join(metrics)})\(({which})\)$"


def _values(parameters: Mapping[str, object]) -> str:
    return ", ".join(_texts(parameters))


def _texts(parameters: Mapping[str, object]) -> list[str]:
    return [repr(parameters[axis]) for axis in AXES if axis in parameters]
