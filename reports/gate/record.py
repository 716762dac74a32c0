"""What a check of two commits measured, launch by launch: the file between measuring and judging.

A record is ``RESULTS/checks/BASE-HEAD-DEVICE.json`` (twelve digits of each hash), format 1: the
fields of `Record`, and its rows with the fields of `Row`.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from reports.files import LeftOutError, load_json

FORMAT = 1
STATES = (
    "ok",
    "broken base",
    "broken head",
    "broken both",
    "appeared",
    "disappeared",
    "changed meaning",
)
MOST_ROWS, MOST_LAUNCHES = 2000, 1000


class RecordError(ValueError):
    """A record cannot be used; the message is one line that says which, and why."""


@dataclass(frozen=True)
class Row:
    """One number on both sides.

    Attributes
    ----------
    metric, workload, remedy, jit, mask_dtype, batch
        What was measured; empty, or 0, where an axis does not apply.
    kind : str
        ``"time"``, or ``"exact"`` for a count of defects, which noise cannot move.
    before, after : tuple of float
        Base's and head's numbers in the metric's unit; the same index is the same launch, and its
        ratio is the one that was found in pairs there.
    stages : tuple of int
        Of each launch: 0 where all rows were screened, 1 and more where suspects were confirmed.
    fingerprints : tuple of (str or None, str or None)
        Names that only the same program has.
    state : str
        One of `STATES`.
    reason : str
        Why it is not ``"ok"``.
    """

    metric: str
    workload: str = ""
    remedy: str = ""
    jit: str = ""
    mask_dtype: str = ""
    batch: int = 0
    kind: str = "time"
    before: tuple[float, ...] = ()
    after: tuple[float, ...] = ()
    stages: tuple[int, ...] = ()
    fingerprints: tuple[str | None, str | None] = (None, None)
    state: str = "ok"
    reason: str = ""

    @property
    def bare(self) -> Row:
        """Return the row without all that was found out about it, to look it up by."""
        return Row(self.metric, self.workload, self.remedy, self.jit, self.mask_dtype, self.batch)


@dataclass(frozen=True)
class Record:
    """A check.

    Attributes
    ----------
    base, head : str
        Commits, in full.
    device : str
        ``"cpu"`` or ``"gpu"``.
    minutes : float
        How long it took.
    differs : tuple of str
        Facts of the environment that differ between the sides.
    unexplained : tuple of str
        Those of them that the change itself does not explain.
    rows : tuple of Row
        All that there is to compare.
    """

    base: str
    head: str
    device: str = "cpu"
    minutes: float = 0.0
    differs: tuple[str, ...] = ()
    unexplained: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()


def place(results: Path, base: str, head: str, device: str) -> Path:
    """Return where the record of a check goes."""
    return results / "checks" / f"{base[:12]}-{head[:12]}-{device}.json"


def dump(record: Record, file: Path) -> None:
    """Write `record`, whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(f".{file.name}.{os.getpid()}")
    text = json.dumps({"format": FORMAT, **asdict(record)}, allow_nan=False, indent=1)
    partial.write_text(text, encoding="utf-8")
    partial.replace(file)


def load(file: Path) -> Record:
    """Return the record in `file`.

    Raises
    ------
    RecordError
        For anything missing, unknown, of another type or not finite.
    """
    try:
        data = load_json(file)
        if data.pop("format", None) != FORMAT:
            raise LeftOutError(f"is not a check of format {FORMAT}")
        rows = data.get("rows")
        if not isinstance(rows, list) or len(rows) > MOST_ROWS:
            raise LeftOutError(f"rows: must be a list of at most {MOST_ROWS}")
        made = tuple(_built(Row, row) for row in rows)
        record: Record = _built(Record, data | {"rows": []})
    except LeftOutError as problem:
        raise RecordError(f"{file.name}: {problem}") from None
    return Record(**{**vars(record), "rows": made})


def _built(kind: type, data: Any) -> Any:
    """Make a dataclass of `data`, each field proven."""
    names = {field.name: str(field.type) for field in fields(kind)}
    if not isinstance(data, dict) or data.keys() != names.keys():
        raise LeftOutError(f"{kind.__name__}: must have exactly: {', '.join(names)}")
    made = kind(**{name: _proven(name, data[name], names[name]) for name in names})
    if isinstance(made, Row) and not _consistent(made):
        raise LeftOutError("Row: its launches, kind or state contradict each other")
    return made


def _proven(name: str, value: Any, wanted: str) -> Any:
    if wanted.startswith("tuple[") and isinstance(value, list) and len(value) <= MOST_LAUNCHES:
        inner = wanted.removeprefix("tuple[").removesuffix("]").split(",")[0]
        return tuple(_proven(name, each, inner) for each in value)
    if _is(wanted, value):
        return value
    raise LeftOutError(f"{name}: {str(value)[:40]!r} is not {wanted}")


def _is(wanted: str, value: Any) -> bool:
    kinds: Mapping[str, tuple[type, ...]] = {
        "str": (str,),
        "str | None": (str, type(None)),
        "int": (int,),
        "float": (int, float),
    }
    fits = isinstance(value, kinds.get(wanted, ())) and not isinstance(value, bool)
    return fits and not (isinstance(value, float) and not math.isfinite(value))


def _consistent(row: Row) -> bool:
    return (
        len(row.before) == len(row.after) == len(row.stages)
        and len(row.fingerprints) == 2
        and row.kind in ("time", "exact")
        and row.state in STATES
        and all(value > 0 or row.kind == "exact" for value in (*row.before, *row.after))
    )
