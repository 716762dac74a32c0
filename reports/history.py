"""asv's history, published from a cleaned copy of the results, because asv believes what it reads.

One Infinity makes `asv publish` hang, a string makes it crash, and a commit that the clone lacks
vanishes from its pages without a word.
"""

from __future__ import annotations

import itertools
import json
import math
import os
import subprocess
import sys
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
_LONGEST = 100  # asv makes names of files out of these


class HistoryError(ValueError):
    """No history can be published; the message is one line that says why and what to do."""


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


def publish(config: Path, results_dir: Path, into: Path) -> tuple[Path, Copied, dict[str, Commit]]:
    """Let asv publish `results_dir` and return the folder that it wrote, below `into`.

    Parameters
    ----------
    config : Path
        The asv.conf.json of the project, in its git repository.
    results_dir : Path
        asv's results; they are not changed.
    into : Path
        An empty folder for the copy and for what asv writes.

    Raises
    ------
    HistoryError
        Where git or asv refuses.
    """
    settings = _settings(config)
    repository = (config.parent / str(settings.get("repo", "."))).absolute()
    known = commits(repository, settings.get("branches") or ["HEAD"])
    copied = copy(results_dir, into / "results", known)
    if _git(repository, "rev-parse", "--is-shallow-repository") == "true":
        copied.notes.insert(
            0,
            f"this clone is shallow, it holds {len(known)} commits: the history shows no others; "
            "git fetch --unshallow brings them (in a workflow: fetch-depth: 0)",
        )
    address = os.environ.get("GITHUB_REPOSITORY")
    server = os.environ.get("GITHUB_SERVER_URL", "https://github.com")
    settings.setdefault("show_commit_url", f"{server}/{address}/commit/" if address else "")
    folders = {"results_dir": "results", "html_dir": "html", "env_dir": "env"}
    settings |= {key: str((into / name).absolute()) for key, name in folders.items()}
    settings["repo"] = str(repository)
    made = into / "asv.conf.json"
    made.write_text(json.dumps(settings), encoding="utf-8")
    command = [sys.executable, "-m", "asv", "publish", "--no-pull", "--config", str(made)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=into)  # noqa: S603
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip() or "nothing").splitlines()[-1]
        raise HistoryError(f"asv publish failed: {clean(said)}")
    return into / "html", copied, known


def _settings(config: Path) -> dict[str, Any]:
    from asv.util import load_json as load_settings

    try:
        settings = load_settings(str(config), js_comments=True)
    except OSError:
        raise HistoryError(f"no {str(config)!r}: name asv's with --config FILE") from None
    except ValueError as error:
        raise HistoryError(f"{str(config)!r} is not JSON: {clean(str(error))}") from None
    if not isinstance(settings, dict):
        raise HistoryError(f"{str(config)!r} is not one of asv's: expected a JSON object")
    return settings


def _git(repository: Path, *words: str) -> str:
    command = ["git", "-C", str(repository), *words]
    try:
        done = subprocess.run(command, capture_output=True, text=True)  # noqa: S603
    except FileNotFoundError:
        raise HistoryError("git is not installed, and the history needs it") from None
    if done.returncode:
        said = clean((done.stderr.strip() or "git failed").splitlines()[-1])
        raise HistoryError(f"no history without the repository {str(repository)!r}: {said}")
    return done.stdout.strip()


def commits(repository: Path, branches: Sequence[str | None]) -> dict[str, Commit]:
    """Return the commits that asv can place: those of `branches`, first parents, and tags."""
    shown = "--format=%H %at %s"
    lines = _git(repository, "log", "--first-parent", shown, *(b or "HEAD" for b in branches), "--")
    if tags := _git(repository, "tag", "--list"):
        lines += "\n" + _git(repository, "log", "--no-walk", shown, *tags.split("\n"), "--")
    found = (line.split(" ", 2) for line in lines.splitlines())
    return {sha: Commit(1000 * int(date), clean(subject)) for sha, date, subject in found}


def copy(results_dir: Path, into: Path, known: Mapping[str, Commit]) -> Copied:
    """Copy what asv can publish from `results_dir` to `into`.

    Only finite numbers stay; strings, Infinity, samples and profiles go. Every benchmark gets the
    parameters that any of its results has: benchmarks.json holds those of the last run only.
    """
    copied = Copied(_described(results_dir / "benchmarks.json"))
    strangers: dict[str, None] = {}
    paths = sorted(p for p in results_dir.rglob("*.json") if p.name not in _NAMES)
    machines: dict[str, Path] = {}
    for path in paths:
        where = clean(path.relative_to(results_dir).as_posix())
        try:
            made = _file(path, copied, known)
        except LeftOutError as problem:
            copied.notes.append(f"left out of the history: {where}: {problem}")
            continue
        if made["commit_hash"] not in known:
            strangers[made["commit_hash"][:8]] = None
            continue
        machine = made["params"]["machine"]
        folder = machines.setdefault(machine, into / str(len(machines)))
        folder.mkdir(parents=True, exist_ok=True)
        host = {k: v for k, v in made["params"].items() if k != "python"} | {"version": 1}
        _write(folder / "machine.json", host)
        _write(folder / f"{copied.files}.json", made)
        copied.files += 1
    if strangers:
        some = ", ".join([*strangers][:5]) + (", ..." if len(strangers) > 5 else "")
        copied.notes.append(
            f"left out of the history: {len(strangers)} commits with results are not on its "
            f"branches in this clone: {some}"
        )
    into.mkdir(parents=True, exist_ok=True)
    _write(into / "benchmarks.json", copied.shown() | {"version": 2})
    return copied


def _write(path: Path, data: object) -> None:
    path.write_text(json.dumps(data, allow_nan=False), encoding="utf-8")


def _described(path: Path) -> dict[str, Any]:
    try:
        data = load_json(path)
    except LeftOutError:
        return {}  # the report's reader says so
    return {
        name: {
            **{key: text(about.get(key)) for key in ("type", "unit", "version")},
            **{"name": name, "less_is_better": True},
            **{key: about[key] for key in ("param_names", "params")},
        }
        for name, about in data.items()
        if isinstance(about, dict) and _usable(name, about)
    }


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
    params = _words(host) | {"python": text(data.get("python"))[:_LONGEST]}
    params.setdefault("machine", clean(path.parent.name)[:_LONGEST])
    commit = text(data.get("commit_hash"))
    return {
        "commit_hash": commit,
        "env_name": text(data.get("env_name")),
        "date": known[commit].date if commit in known else 0,
        "params": params,
        "python": params["python"],
        "requirements": {},
        "env_vars": _words(data.get("env_vars")),
        "result_columns": [*_COLUMNS],
        "results": dict(_rows(rows, names, copied)) if commit in known else {},
        "version": FORMAT,
    }


def _words(found: object) -> dict[str, str]:
    words = found.items() if isinstance(found, dict) else ()
    return {clean(k)[:_LONGEST]: clean(v)[:_LONGEST] for k, v in words if isinstance(v, str)}


_STATS = ("stats_ci_99_a", "stats_ci_99_b")  # asv weighs a point by its interval
_COLUMNS = ("result", "params", "version", "started_at", *_STATS)


def _rows(
    rows: Mapping[str, Any], names: Sequence[object], copied: Copied
) -> Iterator[tuple[str, list[Any]]]:
    for name, cells in rows.items():
        if name not in copied.benchmarks or not isinstance(cells, list):
            continue
        row = dict(zip(map(str, names), cells, strict=False))
        try:
            block = columns(name, row, copied.benchmarks)
        except LeftOutError:
            continue  # the report lists it
        values = [_finite(number(value)) for value in block["value"]]
        if "fact" in block or not copied.merge(name, row.get("params") or [], values):
            continue
        started = number(row.get("started_at"))
        when = int(started) if 0 < started < _LATEST else None
        stats = [[_finite(v) for v in block[end]] for end in ("ci_low", "ci_high")]
        yield (
            name,
            [values, row.get("params") or [], copied.benchmarks[name]["version"], when, *stats],
        )


def _finite(value: float) -> float | None:
    return value if abs(value) < LARGEST else None
