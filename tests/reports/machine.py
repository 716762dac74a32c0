"""A made-up machine: what it measures, number by number."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

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
    scale = 8 if cell.get("size") == "large" else 1
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
        return math.nan if remedy == "placebo" else scale * (58_000 + 10 * len(remedy))
    if remedy == "yardstick" and (metric != "train_step" or cell["mask_dtype"] != "bool"):
        return math.nan
    ratio, half, n = ratio_of(metric, cell)
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


def altered(changes: Callable[[str, Cell, Any], Any]) -> Measure:
    """Return the usual measurements with `changes` made to them."""
    return lambda metric, cell: changes(metric, cell, measured(metric, cell))
