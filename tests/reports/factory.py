"""Makes results folders as asv writes them, out of what a made-up machine measures."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from reports.evidence import Evidence, gather
from reports.results import read
from tests.reports.machine import (
    DEFECTS,
    OF_ALL,
    OF_CONTROL,
    PROGRAM,
    REMEDIES,
    SECOND,
    SESSION,
    SIZES,
    Measure,
    measured,
)

STARTED = 1_790_000_000_000
COLUMNS = [
    "result",
    "params",
    "version",
    "started_at",
    "duration",
    "stats_ci_99_a",
    "stats_ci_99_b",
    "stats_q_25",
    "stats_q_75",
    "stats_number",
    "stats_repeat",
    "samples",
    "profile",
]
FACTS = {
    "python": "3.12.1",
    "tensorflow-cpu": "2.21.0",
    "keras": "3.15.1",
    "numpy": "2.5.5",
    "asv_runner": "0.3.2",
    "cpu": "Imaginary CPU 3000",
    "cores": "4",
    "setting": "quick",
    "dirty": "False",
}


class Folder:
    """A results folder in the making."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.benchmarks: dict[str, Any] = {"version": 2}

    def add(self, measure: Measure = measured, **run: Any) -> Path:
        """Write the results of one commit on one machine; `run` overrides what is recorded."""
        workloads, batches = run.get("workloads", ["image"]), run.get("batches", [128])
        remedies, started = run.get("remedies", REMEDIES), run.get("started_at", STARTED)
        device = {"device": run.get("devices", ["cpu", "gpu"])}
        jit = {"jit": run.get("jits", ["graph", "xla"]), "mask_dtype": ["bool", "float32"]}
        series = {"workload": workloads, "remedy": [*remedies, "placebo"]} | device
        timed = series | jit | {"batch": batches}
        steps = {**timed, "remedy": [*timed["remedy"], "yardstick"]}
        trips = {"workload": workloads, "remedy": remedies} | device | jit
        cells = {"workload": workloads} | device | jit | {"batch": batches}
        facts = [f"{k} {v}" for k, v in (FACTS | run.get("facts", {})).items()]
        results: dict[str, Any] = {}

        def track(name: str, unit: str, params: dict[str, list[Any]]) -> None:
            metric = name.rpartition("track_")[2]
            self.benchmarks[name] = {
                "name": name,
                "param_names": list(params),
                "params": [[repr(v) for v in values] for values in params.values()],
                "type": "track",
                "unit": unit,
                "version": "1",
            }
            found = [
                measure(metric, dict(zip(params, combination, strict=True)))
                for combination in itertools.product(*params.values())
            ]
            results[name] = row(found, self.benchmarks[name]["params"], started)

        for metric in ("train_step", "predict_step", "first_step"):
            track(f"steps.ImageSteps.track_{metric}", "seconds", steps)
            track(f"steps.ImageSteps.track_{metric}_ratio", "ratio", steps)
        for metric in ("kernel", "predict", "train"):
            track(f"steps.ImageCasts.track_cast_overhead_{metric}", "ratio", cells)
        for metric in ("save", "load"):
            track(f"storage.Storage.track_{metric}", "seconds", series)
            track(f"storage.Storage.track_{metric}_ratio", "ratio", series)
        track("storage.Storage.track_file_size", "bytes", series)
        for metric in (*DEFECTS, *OF_ALL, *OF_CONTROL, *SECOND, "mask_rebuilt_as_float"):
            track(f"fidelity.Fidelity.track_{metric}", "count", trips)
        article = {"workload": workloads} | device
        track("fidelity.Article.track_functional_as_written_raises", "errors", article)
        if run.get("jax"):
            here = {"backend": ["jax"], "remedy": [*remedies, "jnp_where", "lax_select"]}
            for metric in (*DEFECTS, *OF_ALL, *OF_CONTROL, *SECOND):
                track(f"fidelity.JaxFidelity.track_{metric}", "count", trips | here)
            here["remedy"] = [*here["remedy"], "placebo"]
            track("steps.JaxSteps.track_train_step", "seconds", timed | here)
            track("steps.JaxSteps.track_train_step_ratio", "ratio", timed | here)
        if run.get("later"):
            self._later(track, workloads, remedies, device, jit, batches)
        track("environment.Facts.track_recorded", "facts", {"fact": facts})
        return self.write(results, **run)

    def _later(
        self,
        track: Callable[..., None],
        workloads: list[str],
        remedies: list[str],
        device: dict[str, list[Any]],
        jit: dict[str, list[Any]],
        batches: list[int],
    ) -> None:
        """Add what the engine measures since its second version."""
        series = {"workload": workloads, "remedy": [*remedies, "placebo"]} | device
        steps = series | jit | {"batch": batches}
        for metric in ("train_step_compiled", "predict_step_compiled"):
            track(f"steps.ImageSteps.track_{metric}", "seconds", steps)
            track(f"steps.ImageSteps.track_{metric}_ratio", "ratio", steps)
        for metric in ("first_step_trace", "first_step_compile", "first_step_run"):
            track(f"steps.ImageSteps.track_{metric}", "seconds", steps)
        sized = series | {"size": ["small", "large"]}
        for metric in ("save", "load", "load_first_step", "load_fresh"):
            track(f"storage.Storage.track_{metric}", "seconds", sized)
            track(f"storage.Storage.track_{metric}_ratio", "ratio", sized)
        track("storage.Storage.track_file_size", "bytes", sized)
        kernels = {"kernel": ["where", "where_cast"]} | device | jit | {"size": SIZES}
        for metric, unit in (("kernel", "seconds"), ("kernel_bytes", "bytes")):
            track(f"kernels.Kernels.track_{metric}", unit, kernels)
        track("kernels.Kernels.track_kernel_bandwidth", "share", kernels)
        track("kernels.Copies.track_kernel_copy", "bytes/s", device | {"size": SIZES})
        programs = {"workload": workloads, "remedy": remedies, "step": ["train", "predict"]}
        programs |= device | {"mask_dtype": jit["mask_dtype"], "batch": batches}
        for metric in PROGRAM:
            track(f"programs.Programs.track_{metric}", "count", programs)
        session = {"workload": workloads} | device | {"jit": jit["jit"], "batch": batches}
        for metric in SESSION:
            track(f"sessions.Sessions.track_{metric}", "share", session)
        for metric in ("peak_host_memory", "peak_device_memory"):
            track(f"steps.ImageSteps.track_{metric}", "bytes", series | session)
        for scenario in ("keras", "frozen_sgd", "h5"):
            name = f"scenarios.Scenarios.track_scenario_{scenario}"
            track(name, "harm", {"remedy": remedies, "device": ["cpu"]})

    def write(self, results: dict[str, Any], **run: Any) -> Path:
        machine, commit = run.get("machine", "bench-1"), run.get("commit", "a" * 40)
        environment = run.get("environment", "virtualenv-py3.12-keras3.15.1-tensorflow-cpu2.21.0")
        data = {
            "commit_hash": commit,
            "env_name": environment,
            "date": STARTED,
            "params": {"machine": machine, "arch": "x86_64", "python": "3.12"},
            "python": "3.12",
            "requirements": {},
            "env_vars": {},
            "result_columns": COLUMNS,
            "results": results,
            "durations": {},
            "version": 2,
        }
        folder = self.root / run.get("folder", "bench-1" if "machine" not in run else machine)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "machine.json").write_text(json.dumps({"machine": machine, "version": 1}))
        (self.root / "benchmarks.json").write_text(json.dumps(self.benchmarks))
        path = folder / f"{commit[:8]}-{environment[:60].replace('/', '_')}.json"
        path.write_text(json.dumps(data))
        return path


def row(found: list[Any], params: list[list[str]], started: int) -> list[Any]:
    """Return one benchmark's row of a result file: trailing nulls are cut off, as asv does."""
    many = [value if isinstance(value, tuple) else None for value in found]
    cells: list[Any] = [
        [value[0] if isinstance(value, tuple) else value for value in found],
        params,
        "1",
        started,
        1.5,
        [m and m[0] - m[1] for m in many],
        [m and m[0] + m[1] for m in many],
        [m and m[0] - m[1] / 2 for m in many],
        [m and m[0] + m[1] / 2 for m in many],
        [m and 1 for m in many],
        [m and m[2] for m in many],
    ]
    for i, cell in enumerate(cells):
        if i != 1 and isinstance(cell, list) and all(v is None for v in cell):
            cells[i] = None
    while cells and cells[-1] is None:
        cells.pop()
    return cells


def evidence_of(root: Path, margin: float = 0.02) -> Evidence:
    return gather(read(root), margin)


def one(frame: Any, **wanted: Any) -> Any:
    """Return the one row of `frame` that has these values."""
    for name, value in wanted.items():
        frame = frame[frame[name] == value]
    assert len(frame) == 1
    return frame.iloc[0]
