"""The verdict of a check: a JSON file that another machine's code may have written.

`schema` says what it may hold. Its names are those of the table of metrics and of the registry, and
everything else in it is a number, so that whoever shows it shows no text of a contributor's.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from enum import Enum, IntEnum
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from remedies import REMEDIES, WORKLOADS
from remedies.intervals import Word
from remedies.metrics import AXES, METRICS, Kind

FORMAT = 2
MOST_BYTES = 1 << 20
MOST_ROWS = 2000
DEVICES = ("cpu", "gpu")
ROW_AXES = tuple(axis for axis in AXES if axis != "device")
NUMBERED = ("batch", "size")
# More of these is more work for the same step, on every machine: no clock has to confirm it.
WORK = ("compares", "converts", "python_calls")


class Status(IntEnum):
    """The exit status of a check."""

    NONE_REGRESSED = 0
    REGRESSED = 1
    COULD_NOT_JUDGE = 2


class Finding(str, Enum):
    """What exact evidence says of a row; times have the words of `remedies.intervals.Word`."""

    EQUAL = "equal"
    MORE = "more"
    FEWER = "fewer"
    OTHER_STEP = "another step"
    BROKEN = "broken"
    MENDED = "mended"
    APPEARED = "appeared"
    DISAPPEARED = "disappeared"
    NOT_COMPARED = "not compared"


class Reason(str, Enum):
    """Why a row was not compared."""

    NONE = ""
    BASE_LACKS = "base has no value"
    HEAD_LACKS = "head has no value"
    BASE_FAILED = "base's session failed"
    HEAD_FAILED = "head's session failed"
    BOTH_FAILED = "both sessions failed"
    OTHER_PROCESSOR = "no partner on the same processor"
    OTHER_SETTING = "measured with another setting"
    ONE_LAUNCH = "fewer than two launches on both sides"
    WITHHELD = "Python was not the same twice in a row"
    NOT_RUN = "the recipe does not run"
    NOT_TIMED = "it was not timed before the budget ended"
    UNRELIABLE = "the placebo or the clock says that times are no evidence"


WORDS = tuple(dict.fromkeys(word.value for kind in (Finding, Word) for word in kind))
UNUSABLE = "files: cannot be used"
_QUIET = ("equal", "same", "same step")
_WORSE = ("broken", "slower")


@dataclass(frozen=True)
class Row:
    """One comparison of head with base.

    Attributes
    ----------
    metric : str
        Of `METRICS`; the axes that it has not are empty, or 0.
    word : str
        Of `WORDS`.
    before, after : float or None
        Base's and head's value in the metric's unit, medians over launches where there are several.
    ratio, low, high : float or None
        Head by base with its 99 % interval; of `python_extra_seconds` a difference in seconds.
    more_launches : int
        What an undecided row takes.
    reason : str
        Of `Reason`; empty where it was compared.
    blocks : bool
        Whether the check could not judge because of this row.
    """

    metric: str
    word: str
    workload: str = ""
    batch: int = 0
    jit: str = ""
    step: str = ""
    kernel: str = ""
    situation: str = ""
    remedy: str = ""
    mask_dtype: str = ""
    size: int = 0
    before: float | None = None
    after: float | None = None
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    more_launches: int = 0
    reason: str = ""
    blocks: bool = False

    @property
    def regressed(self) -> bool:
        """Whether this row alone makes the check fail."""
        worse = self.metric in WORK or METRICS[self.metric].kind is Kind.DEFECT
        return self.word in _WORSE or (self.word == "more" and worse)

    @property
    def kind(self) -> str:
        """Return ``defects``, ``steps``, ``counts`` or ``times``: what a reader counts."""
        if METRICS[self.metric].kind is Kind.DEFECT:
            return "defects"
        if self.metric in ("step_group", "program_differs", "python_calls_differ"):
            return "steps"
        timed = METRICS[self.metric].kind in (Kind.TIME, Kind.RATIO)
        return "times" if timed else "counts"


@dataclass(frozen=True)
class Verdict:
    """A verdict.

    Attributes
    ----------
    status : int
        Of `Status`.
    device : str
        ``"cpu"`` or ``"gpu"``.
    base, head : str
        Commits, in full.
    minutes : float
        How long it took.
    compared : dict of str to int
        Kind of row -> how many were compared.
    lacking : dict of str to int
        ``"kind: reason"`` -> how many rows were not compared, whether it blocks or not.
    differs : tuple of str
        Packages of which the two sides have other versions.
    rows : tuple of Row
        What is news, or could not be judged; equal rows are only counted.
    """

    status: int
    device: str
    base: str
    head: str
    minutes: float
    compared: dict[str, int]
    lacking: dict[str, int]
    differs: tuple[str, ...]
    rows: tuple[Row, ...]

    @property
    def next_base(self) -> bool:
        """Whether the next night may be compared with this one: all that its base had was judged.

        What only head has is said once, and is in the next night's base.
        """
        blocking = {row.reason for row in self.rows if row.blocks}
        known = blocking <= {Reason.BASE_LACKS.value} and UNUSABLE not in self.lacking
        return self.status != Status.COULD_NOT_JUDGE or (known and bool(self.compared))

    def as_json(self) -> str:
        """Return it as the JSON that `schema` describes."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=1, allow_nan=False)


class HostileError(ValueError):
    """A file is no verdict; the message is one line and quotes nothing of it."""


def conclude(rows: Iterable[Row], unusable: int = 0, **known: Any) -> Verdict:
    """Return the verdict on `rows`, which are all that was asked for.

    Parameters
    ----------
    rows : iterable of Row
        Of every comparison that was asked for, those that could not be made included.
    unusable : int
        Session files, or kinds of entry in them, that could not be read.
    **known
        The other fields of `Verdict` that rows do not tell.
    """
    rows = list(rows)
    missing = [row for row in rows if row.word == Finding.NOT_COMPARED.value]
    compared = Counter(row.kind for row in rows if row.word != Finding.NOT_COMPARED.value)
    lacking = Counter(f"{row.kind}: {row.reason}" for row in missing)
    lacking += Counter({UNUSABLE: unusable})
    news = [row for row in rows if row.word not in (*_QUIET, "not compared")]
    shown = sorted([*news, *missing], key=_weight)[:MOST_ROWS]
    return Verdict(
        int(_status(rows, compared, lacking)),
        compared=dict(sorted(compared.items())),
        lacking=dict(sorted(lacking.items())),
        rows=tuple(shown),
        **known,
    )


def _status(rows: Sequence[Row], compared: Mapping[str, int], lacking: Mapping[str, int]) -> Status:
    if any(row.regressed for row in rows):
        return Status.REGRESSED
    if not compared or UNUSABLE in lacking or any(row.blocks for row in rows):
        return Status.COULD_NOT_JUDGE
    return Status.NONE_REGRESSED


def _weight(row: Row) -> tuple[int, int]:
    order = ("broken", "more", "slower", "not compared", "undecided", "unreliable")
    loud = 0 if row.regressed else 1 if row.blocks else 2
    return loud, order.index(row.word) if row.word in order else len(order)


def schema() -> dict[str, Any]:
    """Return the JSON schema of a verdict, made from the table of metrics and the registry."""
    number = {"type": ["number", "null"], "minimum": -1e18, "maximum": 1e18}
    count = {"type": "integer", "minimum": 0, "maximum": 10**12}
    name = {"type": "string", "pattern": "^[a-z0-9_]{0,60}$"}
    of = {
        "metric": {"enum": [*METRICS]},
        "word": {"enum": [*WORDS]},
        "workload": {"enum": ["", *WORKLOADS]},
        "remedy": {"enum": ["", *REMEDIES]},
        "mask_dtype": {"enum": ["", "bool", "float32"]},
        "jit": {"enum": ["", "graph", "xla"]},
        "step": {"enum": ["", "train", "predict"]},
        "kernel": name,
        "situation": name,
        "reason": {"enum": [reason.value for reason in Reason]},
        "blocks": {"type": "boolean"},
    }
    of |= dict.fromkeys(("before", "after", "ratio", "low", "high"), number)
    of |= dict.fromkeys((*NUMBERED, "more_launches"), count)
    row = _object({field.name: of[field.name] for field in fields(Row)})
    commit = {"type": "string", "pattern": "^[0-9a-f]{40}$"}
    counts = {"type": "object", "additionalProperties": count}
    kinds = ("defects", "steps", "counts", "times")
    lacking = [UNUSABLE, *(f"{kind}: {reason.value}" for kind in kinds for reason in Reason)]
    verdict = {
        "format": {"const": FORMAT},
        "status": {"enum": [int(status) for status in Status]},
        "device": {"enum": [*DEVICES]},
        "base": commit,
        "head": commit,
        "minutes": {"type": "number", "minimum": 0, "maximum": 100_000},
        "compared": counts | {"propertyNames": {"enum": [*kinds]}},
        "lacking": counts | {"propertyNames": {"enum": lacking}},
        "differs": {"type": "array", "items": {"enum": [*PACKAGES]}, "maxItems": len(PACKAGES)},
        "rows": {"type": "array", "maxItems": MOST_ROWS, "items": row},
    }
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | _object(verdict)


# What differs between two environments for a reason that a commit states: its pins.
PACKAGES = ("python", "tensorflow", "tensorflow-cpu", "keras", "numpy")


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": [*properties],
        "additionalProperties": False,
    }


def read(file: Path) -> Verdict:
    """Read a verdict that is not to be trusted.

    Raises
    ------
    HostileError
        Where `file` is no plain file of at most 1 MiB that `schema` allows, or its status is not
        what its rows say.
    """
    try:
        if file.is_symlink() or file.stat().st_size > MOST_BYTES:
            raise HostileError(f"the verdict is a link, or over {MOST_BYTES:,} bytes")
        document = json.loads(
            file.read_text("utf-8"), parse_constant=_refuse, object_pairs_hook=_once
        )
        error = best_match(Draft202012Validator(schema()).iter_errors(document))
    except HostileError:
        raise
    except (OSError, ValueError, RecursionError):
        raise HostileError("the verdict cannot be read, or is not JSON") from None
    if error is not None:
        place = ".".join(str(part) for part in [*error.absolute_schema_path][:-1][-1:])
        raise HostileError(f"the verdict breaks its schema: {error.validator} of {place or 'it'}")
    rows = tuple(Row(**row) for row in document.pop("rows"))
    document |= {"rows": rows, "differs": tuple(document["differs"])}
    del document["format"]
    verdict = Verdict(**document)
    if verdict.status != _status(rows, verdict.compared, verdict.lacking):
        raise HostileError("the verdict's status is not what its rows say")
    return verdict


def _refuse(_: str) -> None:
    raise HostileError("the verdict holds a number that is not finite")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) != len(pairs):
        raise HostileError("the verdict has a key twice")
    return dict(pairs)
