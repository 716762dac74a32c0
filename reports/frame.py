"""Session files as one table: a row for each value."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from remedies.metrics import METRICS
from reports.schema import LARGEST, WHOLE_NUMBERS, entry_fault, session_fault

AXES = ("workload", "batch", "device", "jit", "step", "kernel", "situation", "size", "source",
        "remedy", "mask_dtype")  # fmt: skip
FACTS = ("machine", "commit", "setting", "launch")
COLUMNS = ("metric", *AXES, *FACTS, "value", "text", "identity", "unreliable")

MOST_FILES = 20_000
MOST_BYTES = 8_000_000
MOST_CLOCK = 0.005  # of a sample: a clock that takes more than that is part of what is timed


class SessionsError(ValueError):
    """There is nothing to read; the message is one line that says why."""


@dataclass(frozen=True)
class Run:
    """What a folder of session files holds.

    Attributes
    ----------
    frame : DataFrame
        A row for each value, with `COLUMNS`; an axis that a metric lacks is "" or 0.
    facts : dict
        Machine -> what is known of it, by the latest session.
    sessions : DataFrame
        A row for each session: its axes, status, reason, start, seconds and health.
    problems : list of str
        A line for each file, or part of one, that was left out.
    """

    frame: Any
    facts: dict[str, dict[str, str]]
    sessions: Any
    problems: list[str]

    @property
    def failures(self) -> list[tuple[str, str]]:
        """Sessions that gave no values, with the reason."""
        failed = self.sessions[self.sessions["status"] != "done"]
        return list(zip(failed["session"], failed["reason"], strict=True))


def read(folder: Path) -> Run:
    """Read the session files (``*.json``) of `folder`.

    A file that cannot be used is named in `problems` and left out.

    Raises
    ------
    SessionsError
        Where nothing can be used.
    """
    rows: list[tuple[Any, ...]] = []
    sessions: list[dict[str, Any]] = []
    facts: dict[str, dict[str, str]] = {}
    problems: list[str] = []
    checked: dict[Any, str] = {}
    for path in sorted(_files(folder), key=lambda path: path.name):
        try:
            document = _document(path)
        except ValueError as error:
            problems.append(f"{_printable(path.name)}: {error}")
            continue
        made, faults = _rows(document, checked)
        rows += made
        problems += [f"{_printable(path.name)}: {fault}" for fault in faults]
        sessions.append(_session(path, document))
    sessions.sort(key=lambda session: session["started"])
    for session in sessions:
        facts[session["machine"]] = session.pop("facts")
    if not rows:
        why = problems[0] if problems else "no session that is done"
        raise SessionsError(f"nothing to report in {str(folder)!r}: {why}")
    frame = pd.DataFrame.from_records(rows, columns=list(COLUMNS))
    keys = [*COLUMNS[: COLUMNS.index("value")], "identity"]
    frame = frame.drop_duplicates([*keys, "value", "text"])  # several sessions may say the same
    twice = frame.duplicated(keys, keep="last")
    if twice.any():
        problems.append(f"{int(twice.sum()):,} values are there twice; the last of each is used")
    frame = frame[~twice].reset_index(drop=True)
    return Run(frame, facts, pd.DataFrame(sessions), problems)


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise SessionsError(f"no folder {str(folder)!r}; python -m benchmarks makes session files")
    paths = [path for path in folder.glob("*.json") if path.is_file()]
    if not paths:
        raise SessionsError(f"{str(folder)!r} holds no session files (*.json)")
    if len(paths) > MOST_FILES:
        raise SessionsError(f"{str(folder)!r} holds over {MOST_FILES:,} files")
    return paths


def _document(path: Path) -> Any:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ValueError(f"over {MOST_BYTES:,} bytes")
        document = json.loads(path.read_bytes(), parse_constant=_refuse)
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from None
    except RecursionError:
        raise ValueError("nested too deep") from None
    except UnicodeDecodeError:
        raise ValueError("not UTF-8") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error}") from None
    try:
        fault = session_fault(document)
    except RecursionError:
        fault = "nested too deep"
    if fault:
        raise ValueError(f"not a session file: {_printable(fault)}")
    return document


def _refuse(constant: str) -> float:
    raise ValueError(f"holds {constant}, which is not a number")


def _rows(document: Any, checked: dict[Any, str]) -> tuple[list[tuple[Any, ...]], list[str]]:
    """Return the rows of a session, and a line for each kind of entry that cannot be used.

    What an entry may hold depends on its axes alone, but for its value and text, so that each
    combination is checked against the schema once.
    """
    if document["status"] != "done":
        return [], []
    session = document["session"]
    fixed = {axis: 0 if axis in WHOLE_NUMBERS else "" for axis in AXES}
    own_axes = {  # a session fixes more than some of its metrics have
        name: fixed | {axis: session[axis] for axis in (*metric.axes, "source") if axis in session}
        for name, metric in METRICS.items()
    }
    common = (
        document["machine"],
        document.get("commit", ""),
        document.get("setting", ""),
        document["session"].get("launch", 0),
    )
    end = (document.get("identity", ""), unreliable(document.get("health", {})))
    given = frozenset(session)
    rows: list[tuple[Any, ...]] = []
    faults: dict[str, None] = {}
    for entry in document.get("entries", ()):
        fault = _entry_fault(entry, given, checked)
        if fault:
            faults[_printable(fault)] = None
            continue
        own = own_axes[entry["metric"]] | entry["axes"]
        row = (entry["metric"], *(own[axis] for axis in AXES), *common)
        rows.append((*row, float(entry["value"]), entry.get("text", ""), *end))
    return rows, [*faults][:5]


def _entry_fault(entry: Any, given: frozenset[str], checked: dict[Any, str]) -> str:
    try:
        axes = tuple(sorted(entry["axes"].items()))
        key = (entry["metric"], axes, tuple(type(value) for _, value in axes), given)
        value, text = entry["value"], entry.get("text", "")
        plain = type(value) in (int, float) and -LARGEST <= value <= LARGEST
        plain = plain and type(text) is str and len(text) <= 2000
        if plain and key in checked:
            return checked[key]
    except (AttributeError, KeyError, TypeError):
        return entry_fault(entry) or "not an entry"
    fault = entry_fault(entry)
    if not fault:
        lacking = {*METRICS[entry["metric"]].axes} - {*given, *entry["axes"], *WHOLE_NUMBERS}
        if lacking:
            fault = f"{entry['metric']} without {', '.join(sorted(lacking))}"
    if plain:
        checked[key] = fault
    return fault


def unreliable(health: dict[str, float]) -> str:
    """Return why the times of a session with this health are no evidence, or an empty string.

    A busy machine is no reason: it widens the intervals, which say so themselves.
    """
    if health.get("throttled", 0) > 0:
        return f"the GPU was throttled for {health['throttled']:.0%} of the time"
    if health.get("clock_share", 0) > MOST_CLOCK:
        return f"the clock took {health['clock_share']:.1%} of a sample"
    return ""


def _session(path: Path, document: Any) -> dict[str, Any]:
    names = ("status", "reason", "identity", "commit", "setting", "machine", "seconds")
    kept = {name: document.get(name, 0.0 if name == "seconds" else "") for name in names}
    kept["started"] = document.get("started", 0.0)
    kept["reason"] = _printable(kept["reason"])
    return (
        {"session": _printable(path.stem), **document["session"], **kept}
        | {"facts": document.get("facts", {})}
        | {f"health_{name}": value for name, value in document.get("health", {}).items()}
    )


def _printable(text: str) -> str:
    """Return `text` as a line that a terminal may show."""
    return "".join(c if c.isprintable() else " " for c in text)[:300]


def latest(run: Run) -> tuple[Run, list[str]]:
    """Return `run` with the newest state of code and packages of each machine, and what was older.

    Sessions of one state may be from several commits, of which the others changed nothing that is
    measured; they are then shown as from the newest.
    """
    newest = run.sessions.drop_duplicates("machine", keep="last").set_index("machine")
    notes = []
    kept = {}
    for name in ("frame", "sessions"):
        table = getattr(run, name)
        old = table["identity"].to_numpy() != table["machine"].map(newest["identity"]).to_numpy()
        kept[name] = table[~old].copy()
        kept[name]["commit"] = kept[name]["machine"].map(newest["commit"])
        if name == "sessions" and old.any():
            notes.append(f"{int(old.sum())} sessions of an older state of the code or packages")
    return Run(kept["frame"], run.facts, kept["sessions"], run.problems), notes


def order(names: Iterator[str] | Any, known: tuple[str, ...]) -> list[str]:
    """Return the distinct `names`: the `known` ones in their order, then others by name."""
    return sorted(
        set(names), key=lambda name: (known.index(name) if name in known else len(known), name)
    )
