"""Session files as one table: a row for each value."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from remedies.metrics import METRICS
from reports.wording import printable

AXES = ("workload", "batch", "device", "jit", "step", "kernel", "situation", "size", "source",
        "remedy", "mask_dtype")  # fmt: skip
COLUMNS = ("metric", *AXES, "machine", "commit", "setting", "launch", "value", "text", "error",
           "rounds", "identity", "unreliable")  # fmt: skip
OPTIONAL = {"text": "", "error": 0.0, "rounds": 0}  # what an entry need not have

MOST_BYTES = 8_000_000
LARGEST = 1e18  # no count, time or number of bytes of ours comes near it
LONGEST = 2000
MOST_CLOCK = 0.005  # of a sample: a clock that takes more than that is part of what is timed

# What each field is where it is absent, and so of which type it has to be.
_AXES = dict.fromkeys(AXES, "") | {"batch": 0, "size": 0}
_ROW = _AXES | {"value": 0.0} | OPTIONAL
_SESSION = _AXES | {"kind": "", "launch": 0}
_DOCUMENT = {
    **dict.fromkeys(("machine", "identity", "commit", "setting", "status", "reason"), ""),
    **dict.fromkeys(("started", "seconds"), 0.0),
    **{"format": 0, "session": {}, "facts": {}, "health": {}, "entries": []},
}


class SessionsError(ValueError):
    """There is nothing to read; the message is one line that says why."""


@dataclass(frozen=True)
class Run:
    """What a folder of session files holds."""

    frame: Any  # a row for each value, with `COLUMNS`; an axis that a metric lacks is "" or 0
    facts: dict[str, dict[str, str]]  # what the latest session knew of each machine
    sessions: Any  # a row for each session
    problems: list[str]  # a line for each file that was left out

    @property
    def failures(self) -> list[tuple[str, str]]:
        """Sessions that gave no values, with the reason."""
        failed = self.sessions[self.sessions["status"] != "done"]
        return list(zip(failed["session"], failed["reason"], strict=True))


def read(folder: Path) -> Run:
    """Read the session files (``*.json``) of `folder`; `SessionsError` where none can be used."""
    rows: list[dict[str, Any]] = []
    sessions: list[dict[str, Any]] = []
    problems: list[str] = []
    if not folder.is_dir():
        raise SessionsError(f"no folder {str(folder)!r}; python -m benchmarks makes session files")
    for path in sorted(filter(Path.is_file, folder.glob("*.json"))):
        try:
            document = _document(path)
            rows += [*_rows(document)]
        except (OSError, RecursionError, ValueError) as error:
            problems.append(printable(f"{path.name}: cannot be used: {error}"))
            continue
        named = {"session": printable(path.stem), "reason": printable(document["reason"])}
        sessions.append(document["session"] | document | named)
    if not rows:
        why = problems[0] if problems else "no session file (*.json) of a session that is done"
        raise SessionsError(f"nothing to report in {str(folder)!r}: {why}")
    sessions.sort(key=lambda session: session["started"])
    facts = {session["machine"]: session["facts"] for session in sessions}
    frame = pd.DataFrame(rows, columns=[*COLUMNS]).astype({"value": float})
    keys = [*COLUMNS[: COLUMNS.index("value")], "identity"]
    frame = frame.drop_duplicates([*keys, "value", "text"])  # several sessions may say the same
    twice = frame.duplicated(keys, keep="last")
    if twice.any():
        problems.append(f"{twice.sum():,} values are there twice; the last of each is used")
    return Run(frame[~twice].reset_index(drop=True), facts, pd.DataFrame(sessions), problems)


def _document(path: Path) -> dict[str, Any]:
    if path.stat().st_size > MOST_BYTES:
        raise ValueError(f"over {MOST_BYTES:,} bytes")
    # A number that is not finite is read as text, which is then refused.
    document = _whole(json.loads(path.read_bytes(), parse_constant=str), _DOCUMENT)
    if document["format"] != 1 or not 0 <= document["started"] <= 9e9:  # year 2255
        raise ValueError("not a session file of format 1")
    _whole(document["session"], _SESSION)
    for name, usual in (("facts", ""), ("health", 0.0)):
        _whole(document[name], dict.fromkeys(document[name], usual))
    return document


def _whole(values: Any, usual: dict[str, Any]) -> dict[str, Any]:
    """Return `values` with what is `usual` where they lack it; `ValueError` for another type."""
    if not isinstance(values, dict):
        raise ValueError("not a session file")
    for name, value in values.items():
        if not _fits(value, usual.get(name, value)):
            raise ValueError(f"not a session file: {name} is {str(value)[:100]}")
    return usual | values


def _fits(value: Any, usual: Any) -> bool:
    """Return whether `value` is of the type of `usual`, and no larger than ours are."""
    if isinstance(usual, str):
        return isinstance(value, str) and len(value) <= LONGEST
    if isinstance(usual, (int, float)):
        return type(value) in (int, type(usual)) and abs(value) <= LARGEST
    return type(value) is type(usual)


def _rows(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    session = document["session"]
    same = {name: document[name] for name in ("machine", "commit", "setting", "identity")}
    same |= {"launch": session.get("launch", 0), "unreliable": _unreliable(document["health"])}
    for entry in document.pop("entries"):
        try:
            metric = METRICS[entry["metric"]]
            # A session fixes more than some of its metrics have.
            fixed = {name: session[name] for name in (*metric.axes, "source") if name in session}
            axes, value = fixed | entry["axes"], {"value": entry["value"]}
        except (KeyError, TypeError):
            raise ValueError("an entry is no value of a metric of this suite, with axes") from None
        if not {*axes} ^ {*metric.axes} <= {"source", "batch", "size"}:
            raise ValueError(f"{metric.name}: its axes are {', '.join(metric.axes)}")
        more = {name: entry[name] for name in OPTIONAL if name in entry}
        yield _whole(axes | value | more, _ROW) | same | {"metric": metric.name}


def _unreliable(health: dict[str, float]) -> str:
    """Return why a session's times are no evidence; a busy machine only widens the intervals."""
    if health.get("throttled", 0) > 0:
        return f"the GPU was throttled for {health['throttled']:.0%} of the time"
    if health.get("clock_share", 0) > MOST_CLOCK:
        return f"the clock took {health['clock_share']:.1%} of a sample"
    return ""


def latest(run: Run) -> Run:
    """Return `run` with the newest state of code and packages of each machine; older is a problem.

    A state of several commits is shown as that of the newest.
    """
    newest = run.sessions.drop_duplicates("machine", keep="last").set_index("machine")
    kept = []
    for table in (run.frame, run.sessions):
        own = table[table["identity"] == table["machine"].map(newest["identity"])]
        kept.append(own.assign(commit=own["machine"].map(newest["commit"])))
    old = len(run.sessions) - len(kept[1])
    older = [f"{old} sessions of an older state of the code or packages"] if old else []
    return Run(kept[0], run.facts, kept[1], older + run.problems)
