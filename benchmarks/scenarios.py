"""The core of the scenario matrix over time: 0 whole, 1 loud, 2 warned, 3 lost in silence."""

from __future__ import annotations

from benchmarks.axes import REMEDY
from benchmarks.engine.launch import TIMEOUT, collect
from benchmarks.engine.results import Results
from benchmarks.tracked import tracked
from remedies.scenarios.matrix import CORE


class Scenarios:
    version = "1"
    params = (REMEDY, ["cpu"])
    param_names = ("remedy", "device")

    def setup_cache(self) -> Results:
        return collect("scenarios")

    setup_cache.timeout = TIMEOUT  # type: ignore[attr-defined]


for _name in CORE:
    setattr(Scenarios, f"track_scenario_{_name}", tracked(f"scenario_{_name}", "harm"))
