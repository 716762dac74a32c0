"""Compare paired sessions with plain `time_*`: see ``scripts/plain_asv --help``."""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.axes import JIT, MASK_DTYPE, REMEDY, WORKLOAD, batches  # noqa: E402
from benchmarks.engine.filing import git  # noqa: E402
from benchmarks.engine.plan import Session, sessions  # noqa: E402
from benchmarks.engine.pool import run  # noqa: E402
from benchmarks.engine.results import Results  # noqa: E402
from benchmarks.engine.settings import SETTINGS  # noqa: E402
from remedies import REFERENCE, REMEDIES  # noqa: E402
from reports.launches import intervals  # noqa: E402

STEPS = ("train_step", "predict_step")
NAMES = ("workload", "remedy", "device", "jit", "mask_dtype", "batch")


def main(arguments: list[str] | None = None) -> int:
    """Measure both ways, print the comparison as Markdown, and return 0, or 2 where one failed."""
    parser = argparse.ArgumentParser(
        prog="scripts/plain_asv",
        description="What the same cells cost as plain time_* benchmarks, and how wide they are.",
        epilog="example:\n  scripts/plain_asv --workload image --jit xla --batches 1",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--workload", choices=WORKLOAD, action="append", help="default: all")
    parser.add_argument("--jit", choices=JIT, action="append", help="default: both")
    parser.add_argument("--batches", type=int, choices=(1, 2), default=2, help="sizes of each")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the table there too")
    chosen = parser.parse_args(arguments)
    workloads, jits = chosen.workload or WORKLOAD, chosen.jit or JIT
    setting = replace(SETTINGS["wide"], workloads=tuple(workloads), batches=chosen.batches, jax=())
    planned = [s for s in sessions("steps", setting) if s.device == "cpu" and s.jit in jits]
    paired_seconds, paired, failures = _paired(planned)
    cells = sorted({(s.workload, s.jit, s.batch) for s in planned})
    plain_seconds, plain, status = _plain(cells)
    for failure in failures:
        print(f"scripts/plain_asv: {failure}", file=sys.stderr)
    lines = len([line for r in REMEDIES.values() for line in r.mask_dtypes])
    table = "\n".join(
        [
            "| way | seconds | half-width of a ratio's 99 % interval: median, largest | rows |",
            "|---|---|---|---|",
            _row("plain `time_*`, asv's defaults", plain_seconds, plain),
            _row("paired sessions, wide setting", paired_seconds, paired),
            "",
            f"{len(cells)} cells, {lines} series each, train and predict step: plain asv took "
            f"{plain_seconds / paired_seconds:.1f} times as long. The paired sessions measured the "
            "bare kernel with and without a cast in the same time.",
            "",
        ]
    )
    print(table)
    if chosen.out:
        chosen.out.write_text(table, encoding="utf-8")
    return 2 if failures or status else 0


def _row(way: str, seconds: float, widths: list[float]) -> str:
    if not widths:
        return f"| {way} | {seconds:.0f} | nothing was measured | 0 |"
    middle, most = statistics.median(widths), max(widths)
    return f"| {way} | {seconds:.0f} | {middle:.2%}, {most:.2%} | {len(widths)} |"


def _paired(planned: list[Session]) -> tuple[float, list[float], list[str]]:
    results, failures = Results(), []
    with tempfile.TemporaryDirectory() as store:
        start = time.perf_counter()
        for session, outcome in run(planned, "wide", Path(store)):
            print(f"paired: {session}: {outcome['status']}", file=sys.stderr)
            results.add(session.parameters(), outcome.get("entries", ()))
            if outcome["status"] != "done":
                failures.append(outcome["reason"])
        seconds = time.perf_counter() - start
    widths = []
    for step, cell in product(STEPS, {(s.workload, s.jit, s.batch) for s in planned}):
        blocks = [_block(results, step, dtype, *cell) for dtype in MASK_DTYPE]
        widths += [(i.high - i.low) / 2 / i.ratio for i in intervals(blocks).values()]
    return seconds, widths, failures


def _block(
    results: Results, step: str, dtype: str, workload: str, jit: str, batch: int
) -> dict[str, list[float]]:
    block = {}
    for remedy in REMEDY:
        found = results.get(f"{step}_ratio", NAMES, (workload, remedy, "cpu", jit, dtype, batch))
        if isinstance(found, dict):
            block[f"{remedy}, {dtype}"] = found["samples"]
    return block


def _plain(cells: list[tuple[str, str, int]]) -> tuple[float, list[float], int]:
    """Run asv once for each (workload, batch), because its parameters are a full product."""
    seconds, widths, status = 0.0, list[float](), 0
    for workload, batch in sorted({(workload, batch) for workload, _, batch in cells}):
        jits = sorted({jit for w, jit, b in cells if (w, b) == (workload, batch)})
        params = [[workload], REMEDY, jits, MASK_DTYPE, [batch]]
        assert batch in batches(workload)  # noqa: S101 - both ways measure the same cells
        folder = ROOT / ".asv" / "plain" / "results"
        command = [sys.executable, "-m", "asv", "run", "--python=same", "--record-samples"]
        command += ["--config", "scripts/plain/asv.conf.json"]
        command += ["--set-commit-hash", git("rev-parse", "HEAD")]
        shutil.rmtree(folder, ignore_errors=True)
        print(f"plain: {workload}, batch {batch}", file=sys.stderr)
        start = time.perf_counter()
        done = subprocess.run(  # noqa: S603 - asv, with our own arguments
            command, cwd=ROOT, env=os.environ | {"PLAIN_CELLS": json.dumps(params)}
        )
        seconds += time.perf_counter() - start
        status = status or done.returncode
        for file in folder.glob("*/*-*.json"):
            widths += _widths(json.loads(file.read_text(encoding="utf-8")), params)
    return seconds, widths, status


def _widths(data: dict[str, Any], params: list[list[Any]]) -> Iterable[float]:
    """Yield half the 99 % interval of each ratio to the reference, from asv's own two intervals."""
    for row in data["results"].values():
        told = dict(zip(data["result_columns"], row, strict=False))
        keys = list(product(*params))
        if not isinstance(told.get("result"), list) or len(told["result"]) != len(keys):
            continue
        stats = zip(told["stats_ci_99_a"], told["result"], told["stats_ci_99_b"], strict=True)
        known = dict(zip(keys, stats, strict=True))
        for key, one in known.items():
            base = known[(key[0], REFERENCE, *key[2:])]
            if key[1] != REFERENCE and _relative(one) and _relative(base):
                # Relative half-widths of independent numbers add in squares.
                yield math.hypot(_relative(one), _relative(base))


def _relative(told: tuple[float, float, float]) -> float:
    """Return half an interval over its value; 0 where nothing was measured."""
    low, value, high = told
    return (high - low) / 2 / value if value and not math.isnan(value) else 0.0


if __name__ == "__main__":
    sys.exit(main())
