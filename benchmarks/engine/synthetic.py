"""Made-up results of this suite in asv's own format, as many as asked for: what reports are fed."""

from __future__ import annotations

import itertools
import json
import math
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import fidelity, steps, storage

COLUMNS = ["result", "params", "version", "started_at", "duration"]
STATS = ["stats_ci_99_a", "stats_ci_99_b", "stats_q_25", "stats_q_75", "stats_number"]
STATS += ["stats_repeat"]
SPREAD = (0.99, 1.01, 0.995, 1.005)
STARTED = 1_790_000_000_000
MACHINES = 4


def write(root: Path, results: int) -> Path:
    """Write a results folder with `results` measured values, and return it.

    Its files are shaped like those of a full run: every metric of the steps, storage and fidelity
    benchmarks, over all of their parameters. The runs are spread over `MACHINES` machines.
    """
    benchmarks = {about["name"]: about for about in _benchmarks()}
    in_a_run = sum(math.prod(map(len, about["params"])) for about in benchmarks.values())
    random_ = random.Random(results)  # noqa: S311 - the same results every time
    runs = math.ceil(results / in_a_run)
    chosen = set(random_.sample(range(runs * in_a_run), results))
    positions = (number in chosen for number in itertools.count())
    for run in range(runs):
        rows = {name: _row(about, positions, random_) for name, about in benchmarks.items()}
        _file(root / f"machine-{run % MACHINES}", f"{run:08x}", STARTED + run, rows)
    (root / "benchmarks.json").write_text(json.dumps({"version": 2, **benchmarks}))
    return root


def _benchmarks() -> Iterator[dict[str, Any]]:
    for module in (steps, storage, fidelity):
        for kind in vars(module).values():
            if not hasattr(kind, "params"):
                continue
            for method in filter(lambda name: name.startswith("track_"), dir(kind)):
                yield {
                    "name": f"{module.__name__.rpartition('.')[2]}.{kind.__name__}.{method}",
                    "param_names": list(kind.param_names),
                    "params": [[repr(value) for value in values] for values in kind.params],
                    "unit": getattr(kind, method).unit,
                    "version": kind.version,
                }


def _row(about: dict[str, Any], measured: Iterator[bool], random_: random.Random) -> list[Any]:
    combinations = math.prod(map(len, about["params"]))
    count = about["unit"] not in ("seconds", "ratio", "bytes")
    values = [
        (0 if count else random_.gauss(1, 0.01)) if next(measured) else math.nan
        for _ in range(combinations)
    ]
    head = [values, about["params"], about["version"], STARTED, 1.0]
    if count:
        return head
    bounds = [[value * factor for value in values] for factor in SPREAD]
    return [*head, *bounds, [1] * combinations, [400] * combinations]


def _file(folder: Path, commit: str, date: int, rows: dict[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    data = {
        "commit_hash": commit * 5,
        "env_name": "synthetic",
        "date": date,
        "params": {"machine": folder.name},
        "result_columns": COLUMNS + STATS,
        "results": rows,
        "version": 2,
    }
    (folder / f"{commit}-synthetic.json").write_text(json.dumps(data))
