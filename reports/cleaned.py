"""A copy of asv's results that `asv publish` can digest, because asv believes what it reads.

One Infinity makes it hang, a string makes it crash, and a commit that the clone lacks vanishes from
its pages without a word.
"""

from __future__ import annotations

import itertools
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reports.files import LeftOutError, clean, columns, load_json, number, text
from reports.results import FORMAT

LARGEST = 1e100  # beyond it the sums of asv's step detection overflow, and it never ends
MOST_SERIES = 20_000
_LATEST = 4_000_000_000_000
_NAMES = {"machine.json", "benchmarks.json"}
_LONGEST = 100  # bytes; asv makes names of files out of these
_MOST_WORDS = 40
FACTS = ""  # no benchmark's name
_MACHINE = ("machine", "arch", "cpu", "num_cpu", "os", "ram")
_STATS = {"stats_ci_99_a": "ci_low", "stats_ci_99_b": "ci_high"}  # asv weighs a point by these
_COLUMNS = ("result", "params", "version", "started_at", *_STATS)


@dataclass(frozen=True)
class Commit:
    """What git knows of a commit: `date` in ms since 1970, `subject` the first line it says."""

    date: int
    subject: str


@dataclass
class Copied:
    """What a cleaned copy holds, and a line for each thing that it leaves out.

    Attributes
    ----------
    benchmarks : dict
        What benchmarks.json says, by name.
    measured : dict
        The parameters that have a value in any result, by benchmark: a list for each axis.
    files : int
        How many result files it has.
    notes : list of str
        What is left out.
    """

    benchmarks: dict[str, Any]
    measured: dict[str, list[list[str]]] = field(default_factory=dict)
    files: int = 0
    notes: list[str] = field(default_factory=list)

    def shown(self) -> dict[str, Any]:
        """Return the benchmarks that have a value, with those parameters only, in their order."""
        made = {}
        for name, axes in sorted(self.measured.items()):
            about = self.benchmarks[name]
            orders = [dict.fromkeys([*d, *a]) for d, a in zip(about["params"], axes, strict=True)]
            params = [[v for v in order if v in a] for order, a in zip(orders, axes, strict=True)]
            made[name] = about | {"params": params}
        return made

    def merge(self, name: str, params: Sequence[Sequence[Any]], values: Sequence[Any]) -> bool:
        """Add the parameters that have a value; False where there are none, or far too many."""
        if not all(isinstance(value, str) for axis in params for value in axis):
            return False
        combinations = itertools.product(*params)
        found = [c for c, value in zip(combinations, values, strict=True) if value is not None]
        if not found:
            return False
        known = self.measured.get(name, [[] for _ in params])
        pairs = zip(known, zip(*found, strict=True), strict=True)
        merged = [list(dict.fromkeys([*old, *new])) for old, new in pairs]
        if math.prod(map(len, merged)) > MOST_SERIES:
            return False
        self.measured[name] = merged
        return True


def copy(results_dir: Path, into: Path, known: Mapping[str, Commit]) -> Copied:
    """Copy what asv can publish from `results_dir` to `into`.

    Only finite numbers stay; strings, Infinity, samples and profiles go. Every benchmark gets the
    parameters that any of its results has: benchmarks.json holds those of the last run only. What
    the report's reader leaves out, and lists, goes without another word.
    """
    copied = _described(results_dir / "benchmarks.json")
    strangers: dict[str, None] = {}
    machines: dict[str, Path] = {}
    into.mkdir(parents=True)
    for path in sorted(p for p in results_dir.rglob("*.json") if p.name not in _NAMES):
        try:
            made = _file(path, copied, known)
        except LeftOutError:
            continue
        if made["commit_hash"] not in known:
            strangers[made["commit_hash"][:8] or "unknown"] = None
            continue
        host = {k: made["params"][k] for k in _MACHINE if k in made["params"]}
        folder = machines.setdefault(host["machine"], into / str(len(machines)))
        folder.mkdir(exist_ok=True)
        _write(folder / "machine.json", host | {"version": 1})
        _write(folder / f"{copied.files}.json", made)
        copied.files += 1
    if strangers:
        copied.notes.append(_strangers([*strangers]))
    _write(into / "benchmarks.json", copied.shown() | {"version": 2})
    return copied


def _strangers(commits: Sequence[str]) -> str:
    some = ", ".join(commits[:5]) + (", ..." if len(commits) > 5 else "")
    return (
        f"the history leaves out results of {len(commits)} commit{'s' * (len(commits) > 1)}: not "
        f"on its branches in this clone: {some}"
    )


def _write(path: Path, data: object) -> None:
    path.write_text(json.dumps(data, allow_nan=False), encoding="utf-8")


def _described(path: Path) -> Copied:
    try:
        data = load_json(path)
    except LeftOutError:
        data = {}
    found = {clean(name): about for name, about in data.items() if isinstance(about, dict)}
    usable = {name: about for name, about in found.items() if _usable(name, about)}
    notes = [f"the history leaves out {n!r}: asv cannot show it" for n in found if n not in usable]
    kept = ("param_names", "params")
    benchmarks = {
        name: {"name": name, "less_is_better": True}
        | {key: text(about.get(key)) for key in ("type", "unit", "version")}
        | {key: about[key] for key in kept}
        for name, about in usable.items()
    }
    return Copied(benchmarks, notes=notes)


def _usable(name: str, about: Mapping[str, Any]) -> bool:
    names, params = about.get("param_names"), about.get("params")
    return (
        name.replace(".", "").isidentifier()
        and len(name) <= _LONGEST
        and isinstance(names, list)
        and isinstance(params, list)
        and len(names) == len(params)
        and all(isinstance(n, str) for n in names)
        and all(isinstance(p, list) and all(isinstance(v, str) for v in p) for p in params)
        and math.prod(map(len, params)) <= MOST_SERIES
    )


def _file(path: Path, copied: Copied, known: Mapping[str, Commit]) -> dict[str, Any]:
    """Return the cleaned content of a result file."""
    data = load_json(path)
    rows, names, host = (data.get(key) for key in ("results", "result_columns", "params"))
    if data.get("version") != FORMAT or not isinstance(rows, dict) or not isinstance(names, list):
        raise LeftOutError(f"is not one of asv's result files of format {FORMAT}")
    commit = text(data.get("commit_hash"))
    found = dict(_rows(rows, names, copied)) if commit in known else {}
    params = {"machine": _cut(path.parent.name), "python": text(data.get("python"))} | _words(host)
    params = _series(params, found.pop(FACTS, {}))
    return {
        "commit_hash": commit,
        "env_name": text(data.get("env_name")),
        "date": known[commit].date if commit in known else 0,
        "params": params,
        "python": params["python"],
        "requirements": {},
        "env_vars": _words(data.get("env_vars")),
        "result_columns": [*_COLUMNS],
        "results": found,
        "version": FORMAT,
    }


def _series(params: dict[str, str], facts: Mapping[str, str]) -> dict[str, str]:
    """Return what tells one series from another.

    In an environment that asv did not make it records the versions that it would have installed,
    and a path for a Python: the recorded facts know better. A new kernel is no new machine.
    """
    made = {k: _cut(facts.get(k, v)) for k, v in params.items() if k != "ram"}
    if "os" in made:
        made["os"] = re.split(r"[\s-]", made["os"], maxsplit=1)[0]
    made["python"] = ".".join(Path(made["python"]).name.split(".")[:2])
    return made


def _words(found: object) -> dict[str, str]:
    words = found.items() if isinstance(found, dict) else ()
    kept = {_cut(k): _cut(v) for k, v in words if isinstance(v, str)}
    return dict(itertools.islice(kept.items(), _MOST_WORDS))


def _cut(word: str) -> str:
    return clean(word).encode()[:_LONGEST].decode(errors="ignore")


def _rows(
    rows: Mapping[str, Any], names: Sequence[object], copied: Copied
) -> Iterator[tuple[str, Any]]:
    for name, cells in rows.items():
        if name not in copied.benchmarks or not isinstance(cells, list):
            continue
        row = dict(zip(map(str, names), cells, strict=False))
        try:
            block = columns(name, row, copied.benchmarks)
        except LeftOutError:
            continue  # the report lists it
        values = [_finite(number(value)) for value in block["value"]]
        if "fact" in block:
            recorded = itertools.compress(map(str, block["fact"]), values)
            yield FACTS, dict(fact.partition(" ")[::2] for fact in recorded)
            continue
        if "failure" in block:
            continue
        if not copied.merge(name, row.get("params") or [], values):
            continue
        started = number(row.get("started_at"))
        when = int(started) if 0 < started < _LATEST else None
        stats = [[_finite(v) for v in block[end]] for end in _STATS.values()]
        version = copied.benchmarks[name]["version"]
        yield name, [values, row.get("params") or [], version, when, *stats]


def _finite(value: float) -> float | None:
    return value if abs(value) < LARGEST else None
