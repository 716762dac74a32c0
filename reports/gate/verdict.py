"""The rows of a check, and what they amount to: a verdict that is never blind.

One from a machine that ran somebody else's code is hostile until its schema is met. It holds names
of the table of metrics and of the registry, and numbers: no text of a contributor's gets out.
"""

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
from remedies.devices import DEVICES, TARGETS
from remedies.intervals import Word
from remedies.metrics import METRICS, Kind

FORMAT = 4
MOST_ROWS = 2000
MOST_BYTES = 1 << 20
# What differs between two environments for a reason that a commit states: its pins.
PACKAGES = ("python", "tensorflow", "tensorflow-cpu", "keras", "numpy")
KINDS = {  # of comparisons -> what of
    "defects": "of save and load",
    "steps": "program and Python",
    "counts": "instructions, calls, lines",
    "times": "step, save, load",
}
# More of these is more work for the same step, on every machine: no clock has to confirm it.
WORK = ("compares", "converts", "python_calls")
UNUSABLE = "files: cannot be used"
_ORDER = ("broken", "more", "slower", "not compared", "undecided", "unreliable")


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
    HEAD_FAILED = "head's session failed; the full report says why"
    BOTH_FAILED = "both sessions failed; the full report says why"
    OTHER_PROCESSOR = "no partner on the same processor; run it again"
    OTHER_SETTING = "measured with another setting"
    ONE_LAUNCH = "fewer than two launches on both sides"
    WITHHELD = "Python was not the same twice in a row; run it again"
    NOT_RUN = "the recipe does not run; the full report says why"
    LOADS_LESS = "one side loads less than the other, which is quick and of no use"
    NOT_TIMED = "not timed before the budget ended; run it again, with a longer --budget"
    UNRELIABLE = "the placebo or the clock says that times are no evidence; run it again"


WORDS = tuple(dict.fromkeys(word.value for kind in (Finding, Word) for word in kind))


@dataclass(frozen=True)
class Row:
    """One comparison of head with base: a metric, its axes, and what was found."""

    metric: str
    word: str
    workload: str = ""
    batch: int = 0
    device: str = ""  # empty for the verdict's own: else compiled for and not run on
    jit: str = ""
    step: str = ""
    kernel: str = ""
    situation: str = ""
    remedy: str = ""
    mask_dtype: str = ""
    size: int = 0
    before: float | None = None  # in the unit of the metric
    after: float | None = None
    ratio: float | None = None  # head by base; of `python_extra_seconds` a difference in seconds
    low: float | None = None
    high: float | None = None
    reason: str = ""
    blocks: bool = False  # whether it could not be judged

    @property
    def regressed(self) -> bool:
        """Whether this row alone makes the check fail."""
        worse = self.metric in WORK or METRICS[self.metric].kind is Kind.DEFECT
        return self.word in ("broken", "slower") or (self.word == "more" and worse)

    @property
    def kind(self) -> str:
        """Return which of `KINDS` it is."""
        if self.metric in ("step_group", "program_differs", "python_calls_differ"):
            return "steps"
        kinds = {Kind.DEFECT: "defects", Kind.TIME: "times", Kind.RATIO: "times"}
        return kinds.get(METRICS[self.metric].kind, "counts")


@dataclass(frozen=True)
class Verdict:
    """What the rows of a check amount to."""

    status: int
    device: str
    base: str
    head: str
    minutes: float
    compared: dict[str, int]  # how many rows of each kind
    lacking: dict[str, int]  # how many were not compared, by "kind: reason"
    differs: tuple[str, ...]  # packages of which the sides have other versions
    rows: tuple[Row, ...]  # what is news or could not be judged; equal ones are only counted

    def as_json(self) -> str:
        """Return it as the JSON that `schema` describes."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=1, allow_nan=False)


def conclude(rows: Iterable[Row], unusable: int = 0, **current: Any) -> Verdict:
    """Return the verdict on all that was asked for; `unusable` files could not be read."""
    rows = list(rows)
    missing = [row for row in rows if row.word == Finding.NOT_COMPARED.value]
    compared = Counter(row.kind for row in rows if row.word != Finding.NOT_COMPARED.value)
    lacking = Counter({UNUSABLE: unusable} if unusable else {})
    lacking.update(f"{row.kind}: {row.reason}" for row in missing)
    news = (row for row in rows if row.word not in ("equal", "same", "same step"))
    shown = tuple(sorted(news, key=_weight)[:MOST_ROWS])
    current |= {"compared": dict(sorted(compared.items()))}
    current |= {"lacking": dict(sorted(lacking.items())), "rows": shown}
    return Verdict(int(status(rows, compared, lacking)), **current)


def status(rows: Sequence[Row], compared: Mapping[str, int], lacking: Mapping[str, int]) -> Status:
    """Return the exit status: nothing that could not be compared is ever read as the same."""
    if any(row.regressed for row in rows):
        return Status.REGRESSED
    if not compared or UNUSABLE in lacking or any(row.blocks for row in rows):
        return Status.COULD_NOT_JUDGE
    return Status.NONE_REGRESSED


def _weight(row: Row) -> tuple[int, int]:
    loud = 0 if row.regressed else 1 if row.blocks else 2
    return loud, _ORDER.index(row.word) if row.word in _ORDER else len(_ORDER)


class HostileError(ValueError):
    """A file is no verdict; the message is one line and quotes nothing of it."""


def schema() -> dict[str, Any]:
    """Return the JSON schema of a verdict."""
    choices: dict[str, Any] = {
        "metric": METRICS,
        "word": WORDS,
        "workload": ["", *WORKLOADS],
        "device": ["", *TARGETS],
        "remedy": ["", *REMEDIES],
        "mask_dtype": ["", "bool", "float32"],
        "jit": ["", "graph", "xla"],
        "step": ["", "train", "predict"],
        "reason": [reason.value for reason in Reason],
    }
    count = {"type": "integer", "minimum": 0, "maximum": 10**12}
    number = {"type": ["number", "null"], "minimum": -1e18, "maximum": 1e18}
    name = {"type": "string", "pattern": "^[a-z0-9_]{0,60}$"}
    kinds: dict[str, Any] = {"kernel": name, "situation": name, "blocks": {"type": "boolean"}}
    kinds |= {field: {"enum": [*names]} for field, names in choices.items()}
    kinds |= {"batch": count, "size": count}
    row = _object({field.name: kinds.get(field.name, number) for field in fields(Row)})
    commit = {"type": "string", "pattern": "^[0-9a-f]{40}$"}
    lacking = [UNUSABLE, *(f"{kind}: {reason.value}" for kind in KINDS for reason in Reason)]
    counts, packages = {"additionalProperties": count}, {"items": {"enum": [*PACKAGES]}}
    verdict = {
        "format": {"const": FORMAT},
        "status": {"enum": [0, 1, 2]},
        "device": {"enum": [*DEVICES]},
        "base": commit,
        "head": commit,
        "minutes": {"type": "number", "minimum": 0, "maximum": 100_000},
        "compared": {"type": "object", "propertyNames": {"enum": [*KINDS]}, **counts},
        "lacking": {"type": "object", "propertyNames": {"enum": lacking}, **counts},
        "differs": {"type": "array", "uniqueItems": True, **packages},
        "rows": {"type": "array", "maxItems": MOST_ROWS, "items": row},
    }
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | _object(verdict)


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    own = {"properties": properties, "required": [*properties], "additionalProperties": False}
    return {"type": "object", **own}


def claims(folder: Path, commit: str | None) -> list[Verdict]:
    """Return the verdicts that workflows left: each in a folder that is named by its device."""
    files = [file for device in DEVICES if (file := folder / device / "verdict.json").exists()]
    verdicts = [*map(read, files)]
    if not files:
        raise HostileError("there is no verdict to show")
    for file, verdict in zip(files, verdicts, strict=True):
        if verdict.device != file.parent.name or verdict.head != (commit or verdict.head):
            raise HostileError("a verdict is of another device or commit than its run")
    return verdicts


def read(file: Path) -> Verdict:
    """Read a verdict that is not to be trusted.

    `HostileError` where it is no plain file of 1 MiB or less, breaks `schema`, or its rows deny its
    status.
    """
    if file.is_symlink() or (file.exists() and file.stat().st_size > MOST_BYTES):
        raise HostileError(f"the verdict is a link, or over {MOST_BYTES:,} bytes")
    try:
        # A number that is not finite is read as text, which the schema refuses.
        document = json.loads(file.read_text("utf-8"), parse_constant=str)
        error = best_match(Draft202012Validator(schema()).iter_errors(document))
    except (OSError, ValueError, RecursionError):
        raise HostileError("the verdict cannot be read, or is not JSON") from None
    if error is not None:
        raise HostileError(f"the verdict breaks its schema: {error.validator}")
    del document["format"]
    rows = tuple(Row(**row) for row in document["rows"])
    verdict = Verdict(**(document | {"rows": rows, "differs": tuple(document["differs"])}))
    if verdict.status != status(rows, verdict.compared, verdict.lacking):
        raise HostileError("the verdict's status is not what its rows say")
    return verdict
