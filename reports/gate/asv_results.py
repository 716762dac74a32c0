"""A check made of what asv itself stored: two commits' result files of one machine."""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from reports.files import LeftOutError, clean, load_json, number
from reports.gate.record import MOST_ROWS, Record, RecordError, Row
from reports.github.names import FACTS
from reports.vocabulary import DEFECTS, FIRST_AXES, SECOND

_OTHER = {"machine.json", "benchmarks.json"}
_EXACT = {*DEFECTS, SECOND}
_MATRIX = {"python", "tensorflow", "keras", "numpy"}  # a commit's own pins explain these
_ALIASES = {"num_cpu": "cores", "tensorflow-cpu": "tensorflow"}
Measured = dict[tuple[str, tuple[str, ...]], dict[str, Any]]


def commits(results: Path) -> list[str]:
    """Return the commits that asv has stored results of."""
    return sorted({hash_ for _, hash_, _ in _files(results)})


def compared(results: Path, base: str, head: str, launches: int) -> Record:
    """Return the check of two commits.

    Parameters
    ----------
    results : Path
        asv's results folder.
    base, head : str
        Commits that it has results of, in full.
    launches : int
        How many launches the samples of each side come from, in equal parts, as ``asv continuous
        --interleave-rounds -a rounds=N`` stores them. 0 where that is not known: then no time can
        be compared, because samples of one launch are not independent.

    Raises
    ------
    RecordError
        Where there are no results of both on one machine.
    """
    sides: dict[str, dict[str, Any]] = {base: {}, head: {}}
    for machine, commit, data in _files(results):
        if commit in sides:
            sides[commit][machine] = data
    both = sorted(sides[base].keys() & sides[head].keys())
    if len(both) != 1:
        found = f"{', '.join(sorted(sides[base]))} and {', '.join(sorted(sides[head]))}"
        raise RecordError(f"results of different or several machines cannot be judged: {found}")
    ours, theirs = (sides[commit][both[0]] for commit in (base, head))
    differs = _differences(ours, theirs)
    described = load_json(results / "benchmarks.json") if _has(results) else {}
    rows = itertools.islice(_rows(ours, theirs, described, launches), MOST_ROWS)
    return Record(
        base=base,
        head=head,
        device="cpu",
        differs=differs,
        unexplained=tuple(name for name in differs if name not in _MATRIX),
        rows=tuple(rows),
    )


def _has(results: Path) -> bool:
    return (results / "benchmarks.json").is_file()


def _files(results: Path) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path in sorted(results.glob("*/*.json")):
        if path.name in _OTHER or path.parent.name == "checks":
            continue
        try:
            data = load_json(path)
        except LeftOutError as problem:
            raise RecordError(f"{clean(path.name)}: {problem}") from None
        if isinstance(data.get("commit_hash"), str) and isinstance(data.get("results"), dict):
            yield clean(path.parent.name), clean(data["commit_hash"]), data


def _differences(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the facts of asv's that differ; those of a matrix are named as their library."""
    told = [data.get("params") for data in (ours, theirs)]
    sides = [side if isinstance(side, dict) else {} for side in told]
    names = sides[0].keys() | sides[1].keys()
    found = {_ALIASES.get(str(n), str(n)) for n in names if sides[0].get(n) != sides[1].get(n)}
    return tuple(sorted(found & set(FACTS)))


def _rows(
    ours: Mapping[str, Any], theirs: Mapping[str, Any], described: Mapping[str, Any], launches: int
) -> Iterator[Row]:
    sides = [_measured(data, described) for data in (ours, theirs)]
    for key in dict.fromkeys([*sides[0], *sides[1]]):
        base, head = (side.get(key) for side in sides)
        row = _row(key, base, head, launches)
        if row is not None:
            yield row


def _measured(data: Mapping[str, Any], described: Mapping[str, Any]) -> Measured:
    """Return (benchmark, its parameters) -> asv's columns for that combination."""
    found: Measured = {}
    names = data.get("result_columns")
    for benchmark, cells in data["results"].items():
        if not isinstance(names, list) or not isinstance(cells, list):
            continue
        columns = dict(zip(map(str, names), cells, strict=False))
        about = described.get(benchmark)
        about = about if isinstance(about, dict) else {}
        combinations = list(itertools.product(*(columns.get("params") or [])))
        for index, combination in enumerate(combinations):
            one = {name: _at(columns.get(name), index) for name in ("result", "samples")}
            axes = dict(zip(about.get("param_names") or [], map(_plain, combination), strict=False))
            one |= {"version": columns.get("version"), "axes": axes, "unit": about.get("unit")}
            found[clean(benchmark), tuple(map(_plain, combination))] = one
    return found


def _at(values: Any, index: int) -> Any:
    return values[index] if isinstance(values, list) and index < len(values) else None


def _plain(value: object) -> str:
    return clean(str(value)).strip("'")


def _row(
    key: tuple[str, tuple[str, ...]],
    base: dict[str, Any] | None,
    head: dict[str, Any] | None,
    launches: int,
) -> Row | None:
    known = head or base or {}
    metric = key[0].rpartition(".track_")[2]
    exact = metric in _EXACT
    if not exact and known["unit"] not in ("seconds", None):
        return None  # bytes, ratios and counts are for asv's own graphs
    about = _about(key, metric, known["axes"])
    if base is None or head is None:
        return Row(**about, state="disappeared" if head is None else "appeared")
    if base["version"] != head["version"]:
        return Row(**about, state="changed meaning", reason="another version of the benchmark")
    return _both(about, base, head, 1 if exact else launches, exact)


def _about(
    key: tuple[str, tuple[str, ...]], metric: str, axes: Mapping[str, str]
) -> dict[str, Any]:
    if set(axes) <= set(FIRST_AXES) and axes:
        batch = axes.get("batch", "")
        kept = {n: v for n, v in axes.items() if n not in ("batch", "device")}
        return {"metric": metric, "batch": int(batch) if batch.isdigit() else 0, **kept}
    return {"metric": key[0], "workload": ", ".join(key[1])}


def _both(
    about: dict[str, Any], base: dict[str, Any], head: dict[str, Any], launches: int, exact: bool
) -> Row | None:
    values = [number(side["result"]) for side in (base, head)]
    absent = [not math.isfinite(value) for value in values]
    if all(absent):
        return None  # there is nothing to measure on this machine
    if any(absent):
        side = "base" if absent[0] else "head"
        return Row(**about, state=f"broken {side}", reason="it has no number")
    if exact:
        return Row(**about, kind="exact", before=(values[0],), after=(values[1],), stages=(0,))
    parts = [_launches(side["samples"], launches) for side in (base, head)]
    if not parts[0] or len(parts[0]) != len(parts[1]):
        reason = "its samples cannot be told by launch; name their number with --launches"
        return Row(**about, state="changed meaning", reason=reason)
    return Row(**about, before=parts[0], after=parts[1], stages=(0,) * len(parts[0]))


def _launches(samples: Any, launches: int) -> tuple[float, ...]:
    """Return each launch's median, in order; empty where that cannot be told."""
    if not isinstance(samples, list) or launches < 1 or len(samples) % launches:
        return ()
    numbers: Sequence[float] = [number(sample) for sample in samples]
    if not numbers or not all(math.isfinite(one) and one > 0 for one in numbers):
        return ()
    size = len(numbers) // launches
    return tuple(statistics.median(numbers[i : i + size]) for i in range(0, len(numbers), size))
