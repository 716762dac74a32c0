"""asv's result files as one tidy table, with a reason for everything that could not be read."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from reports.failures import failed_sessions
from reports.files import LeftOutError, clean, columns, load_json, number, text
from reports.launches import settle
from reports.vocabulary import COLUMNS, KEY, LATER_AXES

FORMAT = 2
OWN = "reports."  # the benchmarks of this program itself, which say nothing of remedies
MOST_ROWS = 2_000_000
_OTHER_FILES = {"machine.json", "benchmarks.json"}
_RATIO = {
    "value": "ratio",
    "ci_low": "ratio_ci_low",
    "ci_high": "ratio_ci_high",
    "n": "ratio_n",
    "launches": "launches",
}
Run = tuple[str, str, str]


class ResultsError(ValueError):
    """Nothing can be reported; the message is one line that says why and what to do."""


@dataclass(frozen=True)
class Problem:
    """Something in the results folder that is not in the table, and why."""

    where: str
    reason: str


@dataclass
class Results:
    """All that a results folder holds.

    Attributes
    ----------
    frame : DataFrame
        One row a measurement; the columns of `reports.load`.
    facts : dict
        ``(machine, commit, environment)`` -> facts recorded beside its results.
    files : dict
        ``(machine, commit, environment)`` -> the result files that it was read from.
    problems : list of Problem
        What was left out.
    """

    frame: Any
    facts: dict[Run, dict[str, str]] = field(default_factory=dict)
    files: dict[Run, list[Path]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def read(results_dir: Path) -> Results:
    """Read every result file under `results_dir`.

    Raises
    ------
    ResultsError
        Where the folder is missing or empty, or none of its files can be read.
    """
    if results_dir.is_file():
        raise ResultsError(f"{clean(str(results_dir))!r} is a file; name asv's results folder")
    if not results_dir.is_dir():
        raise ResultsError(
            f"no results folder {clean(str(results_dir))!r}: run the suite first (asv run), "
            "or name a folder with --results"
        )
    paths = sorted(p for p in results_dir.rglob("*.json") if p.name not in _OTHER_FILES)
    if not paths:
        raise ResultsError(
            f"no result files in {clean(str(results_dir))!r}: expected asv's "
            "<machine>/<commit>-<environment>.json; run the suite first (asv run)"
        )
    results = Results(None)
    blocks: list[dict[str, Any]] = []
    rows = 0
    described = _described(results_dir / "benchmarks.json", results.problems)
    for path in paths:
        name = clean(path.relative_to(results_dir).as_posix())
        try:
            for block in _file(path, name, described, results):
                if (rows := rows + len(block["value"])) > MOST_ROWS:
                    raise LeftOutError(f"what follows {MOST_ROWS:,} rows is too much to read")
                blocks.append(block)
        except LeftOutError as problem:
            results.problems.append(Problem(name, str(problem)))
    if not blocks:
        raise ResultsError(_why_nothing(results.problems))
    results.frame = _tidy(_joined(blocks))
    return results


def _joined(blocks: list[dict[str, Any]]) -> Any:
    """Return all blocks as one DataFrame; one for each, concatenated, takes far longer."""
    columns: dict[str, list[Any]] = {name: [] for name in blocks[0]}
    for block in blocks:
        size = len(block["value"])
        for name, values in block.items():
            columns[name] += values if isinstance(values, list) else [values] * size
    return pd.DataFrame(columns)


def _why_nothing(problems: list[Problem]) -> str:
    """Return the gravest problem: a whole result file before benchmarks.json, before a part."""
    if not problems:
        return "no usable results: the result files are empty; run the suite again (asv run)"
    worst = min(problems, key=lambda p: (": " in p.where, p.where == "benchmarks.json"))
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return f"no usable results: {worst.where}: {worst.reason}{more}"


def _described(path: Path, problems: list[Problem]) -> Mapping[str, Any]:
    try:
        return load_json(path)
    except LeftOutError as problem:
        problems.append(Problem(path.name, f"{problem}; it names every benchmark's parameters"))
        return {}


def _file(
    path: Path, name: str, described: Mapping[str, Any], results: Results
) -> Iterator[dict[str, Any]]:
    data = load_json(path)
    if data.get("version") != FORMAT:
        found = clean(str(data.get("version")))
        raise LeftOutError(f"is of asv's result format {found}; this reads format {FORMAT}")
    rows, names = data.get("results"), data.get("result_columns")
    if not isinstance(rows, dict) or not isinstance(names, list):
        raise LeftOutError("is not an asv result file: it lacks results or result_columns")
    host = data.get("params")
    machine = host.get("machine") if isinstance(host, dict) else None
    run = (
        text(machine) or clean(path.parent.name),
        text(data.get("commit_hash"))[:8] or "unknown",
        text(data.get("env_name")) or "unknown",
    )
    for benchmark, row in rows.items():
        if benchmark.startswith(OWN):
            continue
        try:
            # Not strict: asv drops trailing nulls.
            cells = dict(zip(map(str, names), row, strict=False))
            block = columns(benchmark, cells, described)
        except (LeftOutError, TypeError) as problem:
            reason = str(problem) if isinstance(problem, LeftOutError) else "its row is not a list"
            results.problems.append(Problem(f"{name}: {clean(benchmark)}", reason))
            continue
        if "fact" in block:
            results.facts.setdefault(run, {}).update(_facts(block))
            continue
        if "failure" in block:
            results.problems += [Problem(*found) for found in failed_sessions(run, block)]
            continue
        yield dict(zip(KEY[:3], run, strict=True)) | block
    results.files.setdefault(run, []).append(path)


def _facts(block: Mapping[str, Any]) -> dict[str, str]:
    recorded = (f for f, v in zip(block["fact"], block["value"], strict=False) if number(v) == 1)
    return dict(fact.partition(" ")[::2] for fact in recorded)


def _tidy(long: Any) -> Any:
    """Give each measurement one row, its paired ratio beside it."""
    long["batch"] = pd.to_numeric(long["batch"], errors="coerce").astype("Float64")
    long["batch"] = long["batch"].where(long["batch"] % 1 == 0).astype("Int64")
    for column in ("value", "ci_low", "ci_high", "q_25", "q_75", "n", "started_at"):
        long[column] = long[column].astype(float)
    long["value"] = long["value"].where(long["value"].abs() < math.inf)
    long["n"] = long["n"].where(long["n"] >= 1).fillna(long["value"].notna().astype(float))
    long["n"] = long["n"].where(long["n"] < 1e15).round().astype("Int64")
    long = long.sort_values("started_at", kind="stable", na_position="first")
    long = long.drop_duplicates(list(KEY), keep="last")
    paired = long["metric"].str.endswith("_ratio")
    ratios = long[paired].rename(columns=_RATIO)
    ratios["metric"] = ratios["metric"].str.removesuffix("_ratio")
    joined = long[~paired].rename(columns={"launches": "own"})
    joined = joined.merge(ratios[[*KEY, *_RATIO.values()]], how="left", on=list(KEY))
    own = joined["unit"] == "ratio"
    for source, target in _RATIO.items():
        joined[target] = joined[target].where(~own, joined["own" if target == source else source])
    joined["launches"] = joined["launches"].astype(object).where(joined["launches"].notna(), None)
    extra = [*LATER_AXES, "ratio_n", "q_25", "q_75", "failed", "started_at", "launches"]
    frame = joined[[c for c in COLUMNS if c not in ("verdict", *LATER_AXES)] + extra]
    return settle(frame.sort_values(list(KEY), kind="stable", ignore_index=True))
