"""Makes results folders as asv writes them, out of a model of what was measured."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reports import bars, curves, exhibit, forest, heatmap
from reports.evidence import Evidence, gather
from reports.plot import Drawing
from reports.results import read

DRAWERS = ((forest, "intervals"), (heatmap, "grid"), (bars, "stacks"), (curves, "panels"))
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
REMEDIES = ["control", "build_from_config", "tf_cast", "functional_bool_input", "ops_where"]
SERIES = [*REMEDIES, "placebo"]
BOOL_ONLY = {"control", "build_from_config"}
DEFECTS = {
    "weights_lost": 2,
    "weights_changed": 0,
    "optimizer_variables_lost": 4,
    "optimizer_variables_changed": 1,
    "iterations_lost": 3,
    "outputs_changed": 1.0,
    "next_step_changed": 1,
    "compile_changed": 0,
    "silent_defects": 1,
}
OF_CONTROL = {
    "next_step_raised": 1,
    "build_warnings": 1,
    "optimizer_warnings": 1,
    "rebuild_raised": 1,
}
OF_ALL = {"weights_saved": 2, "optimizer_variables_saved": 6, "load_raised": 0, "other_warnings": 0}
SECOND = {"second_generation_lost": 7, "second_generation_warnings": 1}
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
SECONDS = {
    "train_step": 3.1e-3,
    "predict_step": 1.4e-3,
    "first_step": 0.6,
    "save": 0.021,
    "load": 0.064,
    "train_step_compiled": 2.2e-3,
    "predict_step_compiled": 0.6e-3,
    "first_step_trace": 0.2,
    "first_step_compile": 0.39,
    "first_step_run": 0.01,
    "load_first_step": 0.7,
    "load_fresh": 0.09,
}
SIZES = [10_000, 1_000_000, 100_000_000, 1_000_000_000]
PROGRAM = {
    "xla_differs": 0,
    "xla_instructions": 120,
    "xla_converts": 3,
    "xla_compares": 1,
    "xla_fusions": 9,
    "xla_bytes": 4_000_000,
    "xla_flops": 31_000_000,
    "xla_temporary": 800_000,
}
SESSION = {
    "session_clock_share": 0.002,
    "session_steal": 0.01,
    "session_foreign_load": 0.07,
    "session_unsteady": 0,
    "session_rounds": 420,
    "session_precise": 0.5,
    "session_throttled": math.nan,
    "session_celsius": math.nan,
}
Cell = dict[str, Any]
Measure = Callable[[str, Cell], Any]


def ratio_of(metric: str, cell: Cell) -> tuple[float, float, int]:
    """Return ratio, half-width and samples: what the synthetic machine measures by default."""
    if metric.startswith("cast_overhead"):
        slow = cell["mask_dtype"] == "float32" and not metric.endswith("kernel")
        return (1.06 if slow else 1.001), 0.008, 400
    base = {"control": 0.998, "tf_cast": 1.004, "functional_bool_input": 0.997}
    half = {"first_step": 0.2, "load_first_step": 0.03, "save": 0.012, "load": 0.018}.get(
        metric, 0.009
    )
    return base.get(cell["remedy"], 1.001), half, 5 if metric == "first_step" else 420


def measured(metric: str, cell: Cell) -> Any:
    """Return a number, ``(median, half-width, samples)``, or NaN where there is nothing."""
    remedy = cell.get("remedy", "")
    new = ("kernel", "xla_", "session_", "peak_", "scenario_")
    if metric.startswith(new):
        return later(metric, cell)
    if cell.get("device") == "gpu" or (remedy in BOOL_ONLY and cell.get("mask_dtype") == "float32"):
        return math.nan
    if metric.endswith("_ratio"):
        return math.nan if remedy in ("ops_where", "yardstick") else ratio_of(metric[:-6], cell)
    if metric.startswith("cast_overhead"):
        return ratio_of(metric, cell)
    if metric in DEFECTS:
        return DEFECTS[metric] if remedy == "control" else 0
    if metric in OF_ALL:
        return OF_ALL[metric]
    if metric in SECOND:
        return SECOND[metric] if remedy in BOOL_ONLY else 0
    if metric in OF_CONTROL:
        return OF_CONTROL[metric] if remedy == "control" else 0
    if metric == "mask_rebuilt_as_float":
        return int(remedy != "functional_bool_input")
    if metric == "functional_as_written_raises":
        return 1
    if metric == "recorded":
        return 1
    if metric == "file_size":
        return math.nan if remedy == "placebo" else 58_000 + 10 * len(remedy)
    if remedy == "yardstick" and (metric != "train_step" or cell["mask_dtype"] != "bool"):
        return math.nan
    ratio, half, n = ratio_of(metric, cell)
    scale = 8 if cell.get("size") == "large" else 1
    seconds = SECONDS[metric] * scale
    return seconds * ratio, seconds * half * 3, n


def later(metric: str, cell: Cell) -> Any:
    """Return what the later benchmarks measure: kernels, programs, memory, sessions, scenarios."""
    if cell.get("device") == "gpu":
        return math.nan
    if metric.startswith("scenario_"):
        silent = metric == "scenario_frozen_sgd" and cell["remedy"] != "functional_bool_input"
        return 2 if cell["remedy"] == "control" else 3 if silent else 0
    if metric == "peak_host_memory":
        return 900_000_000
    if metric.startswith("peak_"):
        return math.nan
    if metric in SESSION:
        return SESSION[metric]
    if metric in PROGRAM:
        cast = cell["remedy"] == "tf_cast" and cell["mask_dtype"] == "float32"
        return PROGRAM[metric] + (
            cast and metric in ("xla_differs", "xla_converts", "xla_compares")
        )
    return kernel(metric, cell)


def kernel(metric: str, cell: Cell) -> Any:
    """Return a kernel that is bound by the bytes it moves, and by 5 us of launching it."""
    copy = 12e9
    if metric == "kernel_copy":
        return copy
    if cell["kernel"] == "where" and cell["mask_dtype"] != "bool":
        return math.nan
    moved = cell["size"] * (3 if cell["mask_dtype"] == "float32" else 2.25)
    seconds = 5e-6 + moved / copy / 0.9
    values = {"kernel": seconds, "kernel_bytes": moved, "kernel_bandwidth": moved / seconds / copy}
    value = values[metric]
    return moved if metric == "kernel_bytes" else (value, value * 0.02, 7)


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


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw in the tests' own process, which has threads; a command of its own may share."""
    monkeypatch.setattr(exhibit, "MOST_PROCESSES", 1)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "results")


@pytest.fixture(scope="session")
def usual(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One machine, one commit: what a first run of the suite leaves behind."""
    made = Folder(tmp_path_factory.mktemp("usual") / "results")
    made.add()
    return made.root


def draw_nothing(title: str, *_: Any, **__: Any) -> Drawing:
    return Drawing('<svg width="1pt" height="1pt" viewBox="0 0 1 1"></svg>')


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the pictures empty: drawing takes most of a report's time."""
    for module, name in DRAWERS:
        monkeypatch.setattr(module, name, draw_nothing)


def evidence_of(root: Path, margin: float = 0.02) -> Evidence:
    return gather(read(root), margin)


def altered(changes: Callable[[str, Cell, Any], Any]) -> Measure:
    """Return the usual measurements with `changes` made to them."""
    return lambda metric, cell: changes(metric, cell, measured(metric, cell))
