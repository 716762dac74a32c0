"""asv's result files, read with distrust: anything may be in them."""

from __future__ import annotations

import ast
import itertools
import json
import math
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from reports.vocabulary import AXES, TENSORFLOW, UNITS

MOST_BYTES = 256 * 1024**2
MOST_COMBINATIONS = 1_000_000
MOST_LAUNCHES = 1000
RECORDED = {"fact", "failure"}  # parameters that carry text, not a combination that was measured
_UNNAMED = {"backend": TENSORFLOW}
_STATS = {
    "ci_low": "stats_ci_99_a",
    "ci_high": "stats_ci_99_b",
    "q_25": "stats_q_25",
    "q_75": "stats_q_75",
    "n": "stats_repeat",
}


class LeftOutError(ValueError):
    """One file or benchmark cannot be used; the message is the reason."""


@lru_cache(maxsize=65536)
def clean(text: str) -> str:
    """Return `text` on one line of at most 300 characters, all of them printable."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[:300])


def load_json(path: Path) -> dict[str, Any]:
    """Return the JSON object in `path`.

    Raises
    ------
    LeftOutError
        Where there is none; the message says why.
    """
    try:
        if not path.is_file():  # opening a pipe would wait for ever
            raise LeftOutError("is not a file")
        if (size := path.stat().st_size) > MOST_BYTES:
            raise LeftOutError(
                f"is too large: {size // 1024**2} MiB, this reads at most {MOST_BYTES // 1024**2}"
            )
        data = json.loads(path.read_text(encoding="utf-8"))
    except LeftOutError:
        raise
    except OSError as error:
        raise LeftOutError(f"cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise LeftOutError(f"is not JSON: {clean(str(error))}") from None
    if not isinstance(data, dict):
        raise LeftOutError("is not one of asv's files: expected a JSON object")
    return data


def columns(name: str, row: Mapping[str, Any], described: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of one benchmark's results in one file, a value a combination.

    Parameters
    ----------
    name : str
        The benchmark's name.
    row : mapping
        Its row in the result file, by column name.
    described : mapping
        What benchmarks.json says, by benchmark.

    Raises
    ------
    LeftOutError
        Where it cannot be used; the message says why.
    """
    about = described.get(name)
    _, found, metric = name.rpartition(".track_")
    if not found:
        raise LeftOutError("is not a benchmark of this suite: no track_ in its name")
    if not isinstance(about, dict):
        raise LeftOutError("benchmarks.json does not describe it")
    if row.get("version") is not None and row["version"] != about.get("version"):
        raise LeftOutError("was measured with another version of this benchmark")
    names, params = about.get("param_names"), row.get("params") or []
    if not isinstance(names, list) or not isinstance(params, list) or len(names) != len(params):
        raise LeftOutError("its parameters are not those that benchmarks.json names")
    if not all(isinstance(values, list) for values in params):
        raise LeftOutError("its parameters are not lists")
    size = math.prod(map(len, params))
    values = row.get("result")
    if values is None and size <= MOST_COMBINATIONS:
        values = [None] * size  # asv writes null for a benchmark that failed everywhere
    if not isinstance(values, list) or len(values) != size:
        raise LeftOutError("it has not one result for each combination of its parameters")
    combinations = list(zip(*itertools.product(*([*map(_value, p)] for p in params)), strict=True))
    axes = {str(n): list(c) for n, c in zip(names, combinations, strict=False)}
    for recorded in RECORDED & axes.keys():
        return {recorded: axes[recorded], "value": values}
    unit = about.get("unit")
    stats = {ours: _numbers(row.get(theirs), size) for ours, theirs in _STATS.items()}
    return {
        "metric": clean(metric),
        **{axis: axes.get(axis, [_UNNAMED.get(axis, "")] * size) for axis in AXES},
        "value": _numbers(values, size),
        "unit": UNITS.get(metric) or (clean(unit) if isinstance(unit, str) else ""),
        "failed": [value is None for value in values],
        "started_at": number(row.get("started_at")),
        "launches": _launches(metric, row.get("samples"), size),
        **stats,
    }


@lru_cache(maxsize=65536)
def _literal(text: str) -> str:
    try:
        found = ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        found = text
    return clean(str(found))


def _value(param: object) -> str:
    return _literal(param) if isinstance(param, str) else clean(str(param))


def text(value: object) -> str:
    """Return `value` cleaned, or an empty string where it is none."""
    return clean(value) if isinstance(value, str) else ""


def number(value: object) -> float:
    """Return `value` as a float, NaN where it is no number."""
    try:
        return float(value) if isinstance(value, int | float) else math.nan
    except OverflowError:
        return math.nan


def _launches(metric: str, samples: object, size: int) -> list[list[float] | None]:
    """Return the samples of a ratio, one a launch; those of seconds stay in asv's own files."""
    paired = metric.endswith("_ratio") or UNITS.get(metric) == "ratio"
    if not paired or not isinstance(samples, list) or len(samples) != size:
        return [None] * size
    return [_launch(found) for found in samples]


def _launch(samples: object) -> list[float] | None:
    if not isinstance(samples, list) or not 0 < len(samples) <= MOST_LAUNCHES:
        return None
    found = [number(sample) for sample in samples]
    return found if all(map(math.isfinite, found)) else None


def _numbers(values: object, size: int) -> list[float]:
    if not isinstance(values, list) or len(values) != size:
        return [math.nan] * size
    return [number(value) for value in values]
