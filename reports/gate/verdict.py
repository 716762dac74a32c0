"""The rows of a check, and what they amount to: a verdict that is never blind."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import Enum, IntEnum
from typing import Any

from remedies.intervals import Word
from remedies.metrics import AXES, METRICS, Kind

FORMAT = 3
MOST_ROWS = 2000
ROW_AXES = AXES
KINDS = ("defects", "steps", "counts", "times")
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


@dataclass(frozen=True)
class Row:
    """One comparison of head with base: a metric, its axes, and what was found.

    `device` is empty for the verdict's own: else one that is compiled for and not run on.
    `before` and `after` are in the unit of the metric; `ratio` is head by base, with its interval,
    and of `python_extra_seconds` a difference in seconds. A row that `blocks` could not be judged.
    """

    metric: str
    word: str
    workload: str = ""
    batch: int = 0
    device: str = ""
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
    """How many rows of a kind were `compared`, and of ``"kind: reason"`` were `lacking`.

    `differs` names packages of which the sides have other versions; `rows` are what is news or
    could not be judged, while equal rows are only counted.
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
        """Whether all that base had was judged; what only head has is said once."""
        blocking = {row.reason for row in self.rows if row.blocks}
        new = blocking <= {Reason.BASE_LACKS.value} and UNUSABLE not in self.lacking
        return self.status != Status.COULD_NOT_JUDGE or (new and bool(self.compared))

    def as_json(self) -> str:
        """Return it as the JSON that `reports.gate.claim.schema` describes."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=1, allow_nan=False)


def conclude(rows: Iterable[Row], unusable: int = 0, **current: Any) -> Verdict:
    """Return the verdict on `rows`, which are all that was asked for, compared or not.

    `unusable` counts what could not be read; `known` are the fields that rows do not tell.
    """
    rows = list(rows)
    missing = [row for row in rows if row.word == Finding.NOT_COMPARED.value]
    compared = Counter(row.kind for row in rows if row.word != Finding.NOT_COMPARED.value)
    lacking = Counter(f"{row.kind}: {row.reason}" for row in missing)
    lacking += Counter({UNUSABLE: unusable})
    news = (row for row in rows if row.word not in ("equal", "same", "same step"))
    current |= {
        "compared": dict(sorted(compared.items())),
        "lacking": dict(sorted(lacking.items())),
    }
    shown = tuple(sorted(news, key=_weight)[:MOST_ROWS])
    return Verdict(int(status(rows, compared, lacking)), rows=shown, **current)


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
