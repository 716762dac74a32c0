"""A verdict from a machine that ran somebody else's code: hostile until each field is proven.

Format 1, an object with exactly these keys; `reports gate --format json` writes it:

``format`` 1; ``status`` 0 none regressed, 1 regressed, 2 could not judge; ``device`` cpu or gpu;
``base``, ``head`` commit hashes; ``launches``; ``minutes``; ``smallest``, the relative change that
could have been seen, or null; ``control``, the ratio of the step that no change touches, or null;
``differs``, what differs between the sides' environments; ``rows``.

A row has exactly: ``metric``, ``workload``, ``remedy``, ``jit``, ``mask_dtype`` (names; empty where
an axis does not apply), ``batch`` (0 likewise), ``word``, ``before`` and ``after`` (in the metric's
own unit, null where not measured), ``ratio``, ``low``, ``high``, ``more`` (launches).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reports.github.names import known

MOST_BYTES = 1 << 20
MOST_ROWS = 2000
WORDS = (
    "broken",
    "slower",
    "appeared",
    "disappeared",
    "repaired",
    "faster",
    "undecided",
    "not comparable",
    "same program",
    "same",
)
DEVICES = ("cpu", "gpu")
NONE_REGRESSED, REGRESSED, COULD_NOT_JUDGE = 0, 1, 2
_HASH = re.compile(r"[0-9a-f]{40}")


class HostileError(ValueError):
    """What came from outside is not what it claims; the message quotes none of it."""


@dataclass(frozen=True)
class Row:
    """One benchmark on both sides; fields as in the format above."""

    metric: str
    workload: str
    remedy: str
    jit: str
    mask_dtype: str
    batch: int
    word: str
    before: float | None
    after: float | None
    ratio: float | None
    low: float | None
    high: float | None
    more: int


@dataclass(frozen=True)
class Verdict:
    """A proven verdict.

    Attributes
    ----------
    rows : tuple of Row
        Those whose names this checkout has.
    unknown : int
        How many rows were left out because it has not.
    """

    status: int
    device: str
    base: str
    head: str
    launches: int
    minutes: float
    smallest: float | None
    control: float | None
    differs: tuple[str, ...]
    rows: tuple[Row, ...]
    unknown: int


def read(data: bytes, names: Mapping[str, frozenset[str]] | None = None) -> Verdict:
    """Prove `data` field by field.

    Parameters
    ----------
    data : bytes
        JSON of format 1, at most 1 MiB.
    names : mapping of str to frozenset of str, optional
        The names that each axis may take; by default those of this checkout.

    Raises
    ------
    HostileError
        For anything missing, unknown, of another type, not finite or out of range.
    """
    names = known() if names is None else names
    given = _object(_json(data), "the verdict", _KEYS)
    if given["format"] != 1 or isinstance(given["format"], bool):
        raise HostileError("the verdict: its format must be 1")
    rows = given["rows"]
    if not isinstance(rows, list) or len(rows) > MOST_ROWS:
        raise HostileError(f"rows: must be a list of at most {MOST_ROWS}")
    proven = [_row(row, names) for row in rows]
    found = tuple(row for row in proven if row)
    verdict = Verdict(
        status=_whole(given["status"], "status", 2),
        device=_choice(given["device"], "device", DEVICES),
        base=_hash(given["base"], "base"),
        head=_hash(given["head"], "head"),
        launches=_whole(given["launches"], "launches", 10_000),
        minutes=_number(given["minutes"], "minutes", 0, 100_000),
        smallest=_maybe(given["smallest"], "smallest", 0, 1000),
        control=_maybe(given["control"], "control", 0, 1000),
        differs=_differs(given["differs"], names["differs"]),
        rows=found,
        unknown=len(proven) - len(found),
    )
    if verdict.status == NONE_REGRESSED and any(r.word in ("slower", "broken") for r in found):
        raise HostileError("the verdict: its status contradicts its rows")
    return verdict


_KEYS = frozenset({*Verdict.__dataclass_fields__, "format"} - {"unknown"})
_ROW_KEYS = frozenset(Row.__dataclass_fields__)
_NAMES = ("metric", "workload", "remedy", "jit", "mask_dtype")


def _json(data: bytes) -> Any:
    if len(data) > MOST_BYTES:
        raise HostileError(f"the verdict: over {MOST_BYTES} bytes")
    try:
        return json.loads(data.decode("utf-8"), parse_constant=_refuse, object_pairs_hook=_once)
    except HostileError:
        raise
    except (ValueError, RecursionError):
        raise HostileError("the verdict: not JSON") from None


def _refuse(_: str) -> None:
    raise HostileError("the verdict: holds a number that is not finite")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) != len(pairs):
        raise HostileError("the verdict: a key comes twice")
    return dict(pairs)


def _object(value: Any, what: str, keys: frozenset[str]) -> dict[str, Any]:
    if not isinstance(value, dict) or set(value) != keys:
        raise HostileError(f"{what}: must be an object with exactly: {', '.join(sorted(keys))}")
    return value


def _row(value: Any, names: Mapping[str, frozenset[str]]) -> Row | None:
    given = _object(value, "a row", _ROW_KEYS)
    if not all(isinstance(given[axis], str) for axis in _NAMES):
        raise HostileError("a row: its names must be strings")
    row = Row(
        **{axis: given[axis] for axis in _NAMES},
        batch=_whole(given["batch"], "batch", 10**9),
        word=_choice(given["word"], "word", WORDS),
        before=_maybe(given["before"], "before", 0, 1e18),
        after=_maybe(given["after"], "after", 0, 1e18),
        ratio=_maybe(given["ratio"], "ratio", 0, 1e6),
        low=_maybe(given["low"], "low", 0, 1e6),
        high=_maybe(given["high"], "high", 0, 1e6),
        more=_whole(given["more"], "more", 10_000),
    )
    return row if all(given[axis] in names[axis] for axis in _NAMES) else None


def _whole(value: Any, what: str, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise HostileError(f"{what}: must be a whole number from 0 to {most}")
    return value


def _number(value: Any, what: str, least: float, most: float) -> float:
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    if not plain or not least <= value <= most or not math.isfinite(value):
        raise HostileError(f"{what}: must be a number from {least:g} to {most:g}")
    return float(value)


def _maybe(value: Any, what: str, least: float, most: float) -> float | None:
    return None if value is None else _number(value, what, least, most)


def _choice(value: Any, what: str, allowed: tuple[str, ...]) -> str:
    if not isinstance(value, str) or value not in allowed:
        raise HostileError(f"{what}: must be one of: {', '.join(allowed)}")
    return value


def _hash(value: Any, what: str) -> str:
    if not isinstance(value, str) or not _HASH.fullmatch(value):
        raise HostileError(f"{what}: must be a commit's 40 hexadecimal digits")
    return value


def _differs(value: Any, allowed: frozenset[str]) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > len(allowed):
        raise HostileError("differs: must be a short list")
    return tuple(_choice(one, "differs", tuple(sorted(allowed))) for one in value)
