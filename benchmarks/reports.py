"""How long a report takes to make, and in how much memory, by the number of results.

Measured in the full and night settings only: ``REMEDIES_SETTING=full asv run --bench Reports``.
"""

from __future__ import annotations

import importlib.util
import resource
import subprocess
import sys
from pathlib import Path

from benchmarks.engine.settings import SETTINGS, current_setting
from benchmarks.engine.synthetic import write

ROOT = Path(__file__).parents[1]
NEEDED = ("jinja2", "matplotlib", "pandas")
RESULTS = [1_000, 10_000, 100_000]


def build(folder: str) -> None:
    """Make the report of the results in `folder`, in a process of its own."""
    command = [sys.executable, "-m", "reports", "build", "--results", folder, "--out", "report"]
    source = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import reports.__main__ as m; "
    source += f"sys.exit(m.main({command[3:]!r}))"
    subprocess.run([sys.executable, "-c", source], check=True, stdout=subprocess.DEVNULL)  # noqa: S603


class Reports:
    version = "1"
    params = (RESULTS,)
    param_names = ("results",)
    timeout = 300
    rounds, number, repeat, warmup_time = 1, 1, 3, 0

    def setup_cache(self) -> dict[int, str]:
        whole = SETTINGS[current_setting()].whole()
        if not whole or not all(map(importlib.util.find_spec, NEEDED)):
            return {}
        return {n: str(write(Path(f"results-{n}").absolute(), n)) for n in RESULTS}

    def setup(self, made: dict[int, str], results: int) -> None:
        if results not in made:
            raise NotImplementedError("only in the full and night settings, with pandas")

    def time_build(self, made: dict[int, str], results: int) -> None:
        build(made[results])

    def track_peak_memory(self, made: dict[int, str], results: int) -> int:
        build(made[results])
        kilo = 1 if sys.platform == "darwin" else 1024
        return kilo * resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss

    track_peak_memory.unit = "bytes"  # type: ignore[attr-defined]
