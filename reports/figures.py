"""The report's figures: each answers the question in its title, and has a table beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

from reports import backends, kernels, matrices, programs, splits, surveys, times
from reports.evidence import Evidence
from reports.exhibit import Exhibit, Sketch, begun

# Of each kind; the rest is in results.csv. Drawing then takes the same time for any results.
MOST_FIGURES = 6
KINDS: tuple[Callable[[Evidence], Iterator[Sketch]], ...] = (
    matrices.defects,
    surveys.scenarios,
    surveys.versions,
    times.steps,
    times.device_steps,
    splits.dispatch,
    times.casts,
    kernels.kernels,
    times.first_steps,
    splits.first_steps,
    times.storage,
    programs.programs,
    backends.jax,
)


def exhibits(evidence: Evidence, png: bool = False) -> list[Exhibit]:
    """Return every figure that there are results for, fidelity first."""
    return started(evidence, png)()


def started(evidence: Evidence, png: bool = False) -> Callable[[], list[Exhibit]]:
    """Begin to draw every figure that there are results for, and return what waits for them."""
    sketches = [sketch for kind in KINDS for sketch in islice(kind(evidence), MOST_FIGURES)]
    return begun(sketches, png)
