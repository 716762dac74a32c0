"""The rows of a check, and what they amount to: a verdict that is never blind.

It holds numbers and names of our own tables: one from a machine that ran somebody else's code is
hostile until its schema is met, so that no text of a contributor's gets out.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from enum import Enum
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from remedies import REMEDIES, WORKLOADS
from remedies.devices import DEVICES, TARGETS
from remedies.intervals import Word
from remedies.metrics import METRICS, Kind

FORMAT, MOST_ROWS, MOST_BYTES = 5, 2000, 1 << 20
NONE_REGRESSED, REGRESSED, COULD_NOT_JUDGE = STATUSES = range(3)  # exit statuses
# What differs between two environments for a reason that a commit states: its pins.
PACKAGES = ("python", "tensorflow", "tensorflow-cpu", "keras", "numpy")
KINDS = ("defects", "steps", "counts", "times", "sessions")
# More of these is more work for the same step, on every machine: no clock has to confirm it.
WORK = ("compares", "converts", "python_calls")
NOT_COMPARED = "not compared"
LOUD = ("broken", "more", "slower", NOT_COMPARED, "undecided", "unreliable")
QUIET = ("equal", "fewer", "another step", "mended", "appeared", "disappeared")
WORDS = tuple(dict.fromkeys([*LOUD, *(word.value for word in Word), *QUIET]))


class Reason(str, Enum):
    """Why a row was not compared."""

    BASE_LACKS = "base has no value"
    HEAD_LACKS = "head has no value"
    HEAD_FAILED = "head's session failed; the full report says why"
    BOTH_FAILED = "both sessions failed; the full report says why"
    UNUSABLE = "a session file cannot be used; the full report says which"
    OTHER_PROCESSOR = "no partner on the same processor; run it again"
    OTHER_SETTING = "measured with another setting"
    ONE_LAUNCH = "fewer than two launches on both sides"
    WITHHELD = "Python was not the same twice in a row; run it again"
    NOT_RUN = "the recipe does not run; the full report says why"
    LOADS_LESS = "one side loads less than the other, which is quick and of no use"
    NOT_TIMED = "not timed before the budget ended; run it again, with a longer --budget"
    UNRELIABLE = "the placebo or the clock says that times are no evidence; run it again"


@dataclass(frozen=True)
class Row:
    """One comparison of head with base: a metric, its axes, and what was seen."""

    metric: str
    word: str  # one of `WORDS`
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
        if self.reason in (Reason.UNUSABLE, Reason.HEAD_FAILED, Reason.BOTH_FAILED):
            return "sessions"
        if self.metric in ("step_group", "program_differs", "python_calls_differ"):
            return "steps"
        kinds = {Kind.DEFECT: "defects", Kind.TIME: "times", Kind.RATIO: "times"}
        return kinds.get(METRICS[self.metric].kind, "counts")

    @property
    def rank(self) -> tuple[bool, bool, int]:
        """What sorts rows, the loudest first."""
        return not self.regressed, not self.blocks, WORDS.index(self.word)


@dataclass(frozen=True)
class Verdict:
    """What the rows of a check amount to."""

    status: int
    device: str
    base: str
    head: str
    compared: dict[str, int]  # how many rows of each kind
    lacking: dict[str, int]  # how many were not compared, by "kind: reason"
    differs: list[str]  # packages of which the sides have other versions
    rows: list[Row]  # what is news or could not be judged; equal ones are only counted
    format: int = FORMAT

    def as_json(self) -> str:
        """Return it as the JSON that `schema` describes."""
        return json.dumps(asdict(self), indent=1, allow_nan=False)


def conclude(rows: Iterable[Row], **current: Any) -> Verdict:
    """Return the verdict on all that was asked for."""
    rows = sorted(rows, key=lambda row: row.rank)
    compared = Counter(row.kind for row in rows if row.word != NOT_COMPARED)
    lacking = Counter(f"{row.kind}: {row.reason}" for row in rows if row.word == NOT_COMPARED)
    news = [row for row in rows if row.word not in ("equal", "same", "same step")]
    counts = {"compared": compared, "lacking": lacking}
    current |= {name: dict(sorted(own.items())) for name, own in counts.items()}
    return Verdict(status(rows, compared), rows=news[:MOST_ROWS], **current)


def status(rows: Sequence[Row], compared: Mapping[str, int]) -> int:
    """Return the exit status: nothing that could not be compared is ever read as the same."""
    if any(row.regressed for row in rows):
        return REGRESSED
    blind = not compared or any(row.blocks for row in rows)
    return COULD_NOT_JUDGE if blind else NONE_REGRESSED


class HostileError(ValueError):
    """A file is no verdict; the message is one line and quotes nothing of it."""


def schema() -> dict[str, Any]:
    """Return the JSON schema of a verdict."""
    reasons = [reason.value for reason in Reason]
    names: dict[str, Iterable[str]] = {
        "workload": WORKLOADS, "device": (*DEVICES, *TARGETS),
        "remedy": REMEDIES, "mask_dtype": ("bool", "float32"), "jit": ("graph", "xla"),
        "step": ("train", "predict"), "reason": reasons,
    }  # fmt: skip
    count = {"type": "integer", "minimum": 0, "maximum": 10**12}
    number = {"type": ["number", "null"], "minimum": -1e18, "maximum": 1e18}
    name = {"type": "string", "pattern": "^[a-z0-9_]{0,60}$"}
    kinds: dict[str, Any] = {field: {"enum": ["", *own]} for field, own in names.items()}
    kinds |= {"metric": {"enum": [*METRICS]}, "word": {"enum": [*WORDS]}}
    kinds |= {"kernel": name, "situation": name, "blocks": {"type": "boolean"}}
    row = {field.name: kinds.get(field.name, number) for field in fields(Row)}
    row |= {"batch": count, "size": count}
    commit = {"type": "string", "pattern": "^[0-9a-f]{40}$"}
    lacking = [f"{kind}: {reason}" for kind in KINDS for reason in reasons]
    verdict = {
        "status": {"enum": [*STATUSES]},
        "device": {"enum": [*DEVICES]},
        "base": commit,
        "head": commit,
        "compared": _object(dict.fromkeys(KINDS, count), required=False),
        "lacking": _object(dict.fromkeys(lacking, count), required=False),
        "differs": {"type": "array", "uniqueItems": True, "items": {"enum": [*PACKAGES]}},
        "rows": {"type": "array", "maxItems": MOST_ROWS, "items": _object(row)},
        "format": {"const": FORMAT},
    }
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | _object(verdict)


def _object(properties: dict[str, Any], required: bool = True) -> dict[str, Any]:
    own = {"properties": properties, "required": [*properties] * required}
    return {"type": "object", "additionalProperties": False, **own}


def claims(folder: Path, commit: str | None) -> list[Verdict]:
    """Return the verdicts that workflows left: each in a folder that is named by its device."""
    verdicts = {file.parent.name: read(file) for file in sorted(folder.glob("*/verdict.json"))}
    if not verdicts:
        raise HostileError("there is no verdict to show")
    for device, verdict in verdicts.items():
        if verdict.device != device or verdict.head != (commit or verdict.head):
            raise HostileError("a verdict is of another device or commit than its run")
    return [*verdicts.values()]


def read(file: Path) -> Verdict:
    """Read a verdict that is not to be trusted; `HostileError` where it proves to be none."""
    if file.is_symlink() or file.stat().st_size > MOST_BYTES:
        raise HostileError(f"the verdict is a link, or over {MOST_BYTES:,} bytes")
    try:
        # A number that is not finite is read as text, which the schema refuses.
        document = json.loads(file.read_text("utf-8"), parse_constant=str)
        error = best_match(Draft202012Validator(schema()).iter_errors(document))
    except (OSError, ValueError, RecursionError):
        raise HostileError("the verdict cannot be read, or is not JSON") from None
    if error is not None:
        raise HostileError(f"the verdict breaks its schema: {error.validator}")
    verdict = Verdict(**document | {"rows": [Row(**row) for row in document["rows"]]})
    if verdict.status != status(verdict.rows, verdict.compared):
        raise HostileError("the verdict's status is not what its rows say")
    return verdict
