"""asv's results made small and anonymous enough to be committed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from reports.files import load_json, text

_PAIRED = re.compile(r"_ratio$|\.track_cast_overhead_")


def trim(results_dir: Path, machine: str) -> Iterator[tuple[str, str]]:
    """Yield the files of `results_dir`, smaller: their paths below a new folder, and their text.

    The samples of times go, their statistics stay; the samples of ratios, one a launch, stay too.
    The machine gets the name `machine`, and the interpreter's path becomes its version.

    Raises
    ------
    reports.files.LeftOutError
        Where a file is not one of asv's.
    """
    for path in sorted(results_dir.rglob("*.json")):
        data = load_json(path)
        if path.name == "benchmarks.json":
            yield path.name, _dumped({name: _told(about) for name, about in data.items()})
        elif path.name == "machine.json":
            yield f"{machine}/machine.json", _dumped(data | {"machine": machine})
        else:
            found = _file(data, machine)
            name = f"{text(data.get('commit_hash'))[:8]}-{found['env_name']}.json"
            yield f"{machine}/{name}", _dumped(found)


def _told(about: Any) -> Any:
    """Leave out a benchmark's source, which is in the repository."""
    return {k: v for k, v in about.items() if k != "code"} if isinstance(about, dict) else about


def _file(data: dict[str, Any], machine: str) -> dict[str, Any]:
    version = _version(data)
    columns = data["result_columns"]
    params = data["params"] | {"machine": machine, "python": version}
    results = {name: _row(name, row, columns) for name, row in data["results"].items()}
    names = {"env_name": f"existing-py{version}", "python": version}
    return data | names | {"params": params, "results": results, "durations": {}}


def _row(name: str, row: list[Any], columns: list[str]) -> list[Any]:
    cells = dict(zip(columns, row, strict=False))
    drop = {"profile"} if _PAIRED.search(name) else {"profile", "samples"}
    kept = [None if column in drop else cells.get(column) for column in columns]
    while kept and kept[-1] is None:
        kept.pop()
    return kept


def _version(data: dict[str, Any]) -> str:
    """Return the version of Python, which the recorded facts tell."""
    for row in data["results"].values():
        for axis in row[1] if len(row) > 1 else ():
            for value in axis:
                if found := re.fullmatch(r"'python ([\d.]+)'", str(value)):
                    return found[1]
    return "unknown"


def _dumped(data: Any) -> str:
    return json.dumps(data, separators=(",", ":"), sort_keys=True) + "\n"
