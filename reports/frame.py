"""Session files as one table: a row for each value."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from remedies.metrics import METRICS
from reports.wording import printable

AXES = ("workload", "batch", "device", "jit", "step", "kernel", "situation", "size", "source",
        "remedy", "mask_dtype")  # fmt: skip
FACTS = ("machine", "commit", "setting", "launch")
COLUMNS = ("metric", *AXES, *FACTS, "value", "text", "error", "rounds", "identity", "unreliable")
OPTIONAL = {"text": "", "error": 0.0, "rounds": 0}  # what an entry need not have

WHOLE_NUMBERS = ("batch", "size")  # 0 where they are absent
MOST_BYTES = 8_000_000
LARGEST = 1e18  # no count, time or number of bytes of ours comes near it
LONGEST = 2000
MOST_CLOCK = 0.005  # of a sample: a clock that takes more than that is part of what is timed

_NAME = {"type": "string", "maxLength": 100}
_TEXT = {"type": "string", "maxLength": LONGEST}
_COUNT = {"type": "integer", "minimum": 0, "maximum": LARGEST}
_SECONDS = {"type": "number", "minimum": 0, "maximum": 2e11}
_NUMBER = {"type": "number", "minimum": -LARGEST, "maximum": LARGEST}
_AXES = {axis: _COUNT if axis in WHOLE_NUMBERS else _NAME for axis in AXES}
_DOCUMENT = Draft202012Validator({
    "type": "object",
    "required": ["format", "session", "status", "machine"],
    "properties": {
        "format": {"const": 1},
        "session": {
            "type": "object",
            "required": ["kind"],
            "properties": _AXES | {"kind": _NAME, "launch": _COUNT | {"maximum": 100_000}},
        },
        "status": {"enum": ["done", "failed", "unavailable"]},
        "machine": _NAME | {"minLength": 1},
        "reason": _TEXT,
        **dict.fromkeys(("identity", "commit", "setting"), _NAME),
        **dict.fromkeys(("started", "seconds"), _SECONDS),
        "facts": {"type": "object", "maxProperties": 200, "additionalProperties": _TEXT},
        "health": {"type": "object", "maxProperties": 50, "additionalProperties": _NUMBER},
        "entries": {"type": "array", "maxItems": 50_000},
    },
})  # fmt: skip


class SessionsError(ValueError):
    """There is nothing to read; the message is one line that says why."""


@dataclass(frozen=True)
class Run:
    """What a folder of session files holds.

    `frame` has a row for each value, with `COLUMNS`, where an axis that a metric lacks is "" or 0;
    `sessions` a row for each session. `facts` are what the latest session knew of each machine,
    and `problems` a line for each file, or part of one, that was left out.
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
    """Read the session files (``*.json``) of `folder`; `SessionsError` where none can be used."""
    rows: list[tuple[Any, ...]] = []
    sessions: list[dict[str, Any]] = []
    problems: list[str] = []
    if not folder.is_dir():
        raise SessionsError(f"no folder {str(folder)!r}; python -m benchmarks makes session files")
    for path in sorted(path for path in folder.glob("*.json") if path.is_file()):
        try:
            document = _document(path)
            rows += [*_rows(document)]
        except (OSError, RecursionError, ValueError) as error:
            problems.append(printable(f"{path.name}: cannot be used: {error}"))
            continue
        sessions.append(_session(path, document))
    sessions.sort(key=lambda session: session["started"])
    facts = {session["machine"]: session.pop("facts") for session in sessions}
    if not rows:
        why = "no session file (*.json) of a session that is done"
        why = problems[0] if problems else why
        raise SessionsError(f"nothing to report in {str(folder)!r}: {why}")
    frame = pd.DataFrame.from_records(rows, columns=list(COLUMNS))
    keys = [*COLUMNS[: COLUMNS.index("value")], "identity"]
    frame = frame.drop_duplicates([*keys, "value", "text"])  # several sessions may say the same
    twice = frame.duplicated(keys, keep="last")
    if twice.any():
        problems.append(f"{int(twice.sum()):,} values are there twice; the last of each is used")
    return Run(frame[~twice].reset_index(drop=True), facts, pd.DataFrame(sessions), problems)


def _document(path: Path) -> Any:
    if path.stat().st_size > MOST_BYTES:
        raise ValueError(f"over {MOST_BYTES:,} bytes")
    # A number that is not finite is read as text, which is then refused.
    document = json.loads(path.read_bytes(), parse_constant=str)
    if fault := best_match(_DOCUMENT.iter_errors(document)):
        text = f"{fault.json_path}: {' '.join(fault.message.split())[:160]}"
        raise ValueError(f"not a session file: {text}")
    return document


def _rows(document: Any) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a session; checked by hand, as a schema takes seconds for many entries."""
    session = document["session"]
    fixed = {  # a session fixes more than some of its metrics have
        name: {axis: session[axis] for axis in (*metric.axes, "source") if axis in session}
        for name, metric in METRICS.items()
    }
    run = (document["machine"], *(document.get(name, "") for name in ("commit", "setting")),
           session.get("launch", 0))  # fmt: skip
    end = (document.get("identity", ""), unreliable(document.get("health", {})))
    for entry in document.get("entries", ()) if document["status"] == "done" else ():
        metric = METRICS.get(str(entry.get("metric"))) if isinstance(entry, dict) else None
        if metric is None or not isinstance(entry.get("axes"), dict):
            raise ValueError("an entry is not a metric of this suite with axes")
        axes = fixed[metric.name] | entry["axes"]
        if not axes.keys() - {"source"} <= {*metric.axes} <= axes.keys() | {*WHOLE_NUMBERS}:
            raise ValueError(f"{metric.name}: its axes are {', '.join(metric.axes)}")
        text, error, rounds = (entry.get(name, usual) for name, usual in OPTIONAL.items())
        value = entry.get("value")
        usable = all(
            _is_count(value) if axis in WHOLE_NUMBERS else _is_text(value, 100)
            for axis, value in axes.items()
        )
        usable = usable and _is_number(value) and _is_number(error) and error >= 0
        if not (usable and _is_count(rounds) and _is_text(text, LONGEST)):
            raise ValueError(f"{metric.name}: an axis, value, text or error that none can be")
        where = (axes.get(axis, 0 if axis in WHOLE_NUMBERS else "") for axis in AXES)
        yield (metric.name, *where, *run, float(value), text, error, rounds, *end)


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and abs(value) <= LARGEST


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value <= LARGEST


def _is_text(value: Any, longest: int) -> bool:
    return isinstance(value, str) and len(value) <= longest


def unreliable(health: dict[str, float]) -> str:
    """Return why a session's times are no evidence; a busy machine only widens the intervals."""
    if health.get("throttled", 0) > 0:
        return f"the GPU was throttled for {health['throttled']:.0%} of the time"
    if health.get("clock_share", 0) > MOST_CLOCK:
        return f"the clock took {health['clock_share']:.1%} of a sample"
    return ""


def _session(path: Path, document: Any) -> dict[str, Any]:
    texts = dict.fromkeys(("identity", "commit", "setting", "reason"), "")
    made = texts | {"started": 0.0, "seconds": 0.0, "facts": {}, "health": {}} | document
    health = {f"health_{name}": value for name, value in made.pop("health").items()}
    kept = {name: value for name, value in made.items() if name not in ("entries", "format")}
    named = {"session": printable(path.stem), "reason": printable(made["reason"])}
    return {**document["session"], **kept, **health, **named}


def latest(run: Run) -> tuple[Run, list[str]]:
    """Return `run` with the newest state of code and packages of each machine, and what was older.

    A state may be that of several commits: it is then shown as that of the newest.
    """
    newest = run.sessions.drop_duplicates("machine", keep="last").set_index("machine")
    kept = []
    for table in (run.frame, run.sessions):
        own = table[table["identity"] == table["machine"].map(newest["identity"])]
        kept.append(own.assign(commit=own["machine"].map(newest["commit"])))
    old = len(run.sessions) - len(kept[1])
    notes = [f"{old} sessions of an older state of the code or packages"] if old else []
    return Run(kept[0], run.facts, kept[1], run.problems), notes


def order(names: Iterable[str], current: tuple[str, ...]) -> list[str]:
    """Return the distinct `names`: the `current` ones in their order, then others by name."""
    return [name for name in current if name in names] + sorted({*names} - {*current})
