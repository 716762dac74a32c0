"""The core of the scenario matrix: what each remedy keeps in the situations that matter most."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.axes import REMEDY
from benchmarks.engine.plan import Session
from benchmarks.engine.results import entry
from benchmarks.engine.settings import Setting
from remedies import Outcome
from remedies.scenarios.matrix import CORE, run

# The less a user is told of a loss, the worse it is.
HARM = {Outcome.WHOLE: 0, Outcome.LOUD: 1, Outcome.WARNED: 2, Outcome.SILENT: 3}


def measure(
    session: Session, setting: Setting, turn: Callable[[], None]
) -> Iterator[dict[str, Any]]:
    """Yield an entry for each remedy in each core scenario that it applies to."""
    for cell in run(REMEDY, CORE):
        if cell.outcome:
            yield entry(f"scenario_{cell.scenario}", HARM[cell.outcome], remedy=cell.remedy)
