"""Two of asv's result files for one machine, commit and environment as one, value by value."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reports.files import MOST_COMBINATIONS, LeftOutError, clean

_OF_ALL = ("params", "version", "started_at", "duration")  # the other columns have a value each
_FACTS = "environment.Facts.track_recorded"
Row = dict[str, Any]
Values = dict[tuple[str, ...], dict[str, Any]]


class ConflictError(ValueError):
    """Two results that cannot both hold; the message is one line that says which."""


def described(benchmarks: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return one benchmarks.json of several, with the parameters of all of them.

    Raises
    ------
    ConflictError
        Where they describe two versions of a benchmark.
    """
    found: dict[str, Any] = {}
    for name, about in (item for each in benchmarks for item in each.items()):
        known = found.get(name)
        if not isinstance(about, dict) or known is None:
            found[name] = about
            continue
        for key in ("version", "param_names"):
            if known.get(key) != about.get(key):
                raise ConflictError(f"{clean(name)} is there in two versions; measure one again")
        params = _axes(clean(name), known.get("params"), about.get("params"))
        found[name] = about | {"params": params}
    return found


def combined(where: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Return one result file of two.

    A value counts more than a failure, and a failure more than what was not measured.

    Raises
    ------
    ConflictError
        Where both have a value for the same combination, and not the same.
    LeftOutError
        Where one is not as asv writes it.
    """
    for key in ("commit_hash", "env_name", "python", "requirements", "env_vars"):
        if old.get(key) != new.get(key):
            raise ConflictError(f"{where}: {key} differs between the results; they stay apart")
    names = old.get("result_columns")
    if names != new.get("result_columns") or not isinstance(names, list):
        raise LeftOutError(f"{where}: its columns are not those of the other results")
    results = {**_rows(where, old), **_rows(where, new)}
    for name in old["results"].keys() & new["results"].keys():
        rows = [_row(names, each["results"][name]) for each in (old, new)]
        told = f"{where}: {clean(name)}"
        if name == _FACTS:
            _same_facts(told, *rows)
        results[name] = _cut([_together(told, *rows).get(column) for column in names])
    durations = {**old.get("durations", {}), **new.get("durations", {})}
    return {**old, "results": results, "durations": durations}


def _rows(where: str, data: Mapping[str, Any]) -> dict[str, Any]:
    rows = data.get("results")
    if not isinstance(rows, dict) or not all(isinstance(row, list) for row in rows.values()):
        raise LeftOutError(f"{where}: is not an asv result file")
    return rows


def _row(names: Sequence[str], cells: Sequence[Any]) -> Row:
    return dict(zip(names, cells, strict=False))  # asv drops trailing nulls


def _same_facts(told: str, old: Row, new: Row) -> None:
    known, found = (
        dict(str(fact).strip("'\"").partition(" ")[::2] for fact in row["params"][0])
        for row in (old, new)
    )
    for fact in sorted(known.keys() | found.keys()):
        if known.get(fact) != found.get(fact):
            raise ConflictError(
                f"{told}: {clean(fact)} was {clean(str(known.get(fact)))} for one and "
                f"{clean(str(found.get(fact)))} for the other; name the machines differently"
            )


def _together(told: str, old: Row, new: Row) -> Row:
    if old.get("version") != new.get("version"):
        raise ConflictError(f"{told} was measured with two versions of it; measure one again")
    params = _axes(told, old.get("params"), new.get("params"))
    first, second = _values(told, old), _values(told, new)
    combinations = list(itertools.product(*params))
    chosen = [_better(told, c, first.get(c), second.get(c)) for c in combinations]
    columns = dict.fromkeys(column for row in (old, new) for column in row)
    row = {c: [each.get(c) for each in chosen] for c in columns if c not in _OF_ALL}
    return {
        **{column: None if _empty(values) else values for column, values in row.items()},
        "params": params,
        "version": old.get("version"),
        "started_at": max(old.get("started_at") or 0, new.get("started_at") or 0) or None,
        "duration": (old.get("duration") or 0) + (new.get("duration") or 0),
    }


def _axes(told: str, old: Any, new: Any) -> list[list[str]]:
    good = all(
        isinstance(params, list)
        and all(isinstance(a, list) and all(isinstance(v, str) for v in a) for a in params)
        for params in (old, new)
    )
    if not good or len(old) != len(new):
        raise LeftOutError(f"{told}: its parameters are not those of the other results")
    axes = [list(dict.fromkeys([*a, *b])) for a, b in zip(old, new, strict=True)]
    if math.prod(map(len, axes)) > MOST_COMBINATIONS:
        raise LeftOutError(f"{told}: its parameters have too many combinations")
    return axes


def _values(told: str, row: Row) -> Values:
    combinations = list(itertools.product(*row["params"]))
    columns = {c: v for c, v in row.items() if c not in _OF_ALL and isinstance(v, list)}
    if any(len(values) != len(combinations) for values in columns.values()):
        raise LeftOutError(f"{told}: it has not one result for each combination")
    return {
        combination: {column: values[i] for column, values in columns.items()}
        for i, combination in enumerate(combinations)
    }


def _better(
    told: str, combination: Sequence[str], old: dict[str, Any] | None, new: dict[str, Any] | None
) -> dict[str, Any]:
    # What was not measured is NaN, so that it stays apart from what failed.
    known, found = ({"result": math.nan} if each is None else each for each in (old, new))
    if _rank(known) == _rank(found) == 2 and known != found:
        where = ", ".join(map(clean, combination))
        raise ConflictError(f"{told}({where}) has two different results; leave one of them out")
    return known if _rank(known) >= _rank(found) else found


def _rank(cell: Mapping[str, Any]) -> int:
    value = cell.get("result")
    if value is None:
        return 1
    return 0 if isinstance(value, float) and math.isnan(value) else 2


def _empty(values: Sequence[Any]) -> bool:
    return all(value is None for value in values)


def _cut(cells: list[Any]) -> list[Any]:
    for last in _trailing(cells):
        del cells[last]
    return cells


def _trailing(cells: Sequence[Any]) -> Iterator[int]:
    for place in reversed(range(len(cells))):
        if cells[place] is not None:
            return
        yield place
