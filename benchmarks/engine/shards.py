"""One run on many runners: each takes whole cells, so that what is compared stays on one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from benchmarks.engine.plan import Session


@dataclass(frozen=True)
class Shard:
    """One of `count` parts of a run; `number` counts from 1."""

    number: int
    count: int

    def __str__(self) -> str:
        return f"{self.number}-of-{self.count}"

    def of(self, sessions: Iterable[Session]) -> list[Session]:
        """Return this shard's part of all `sessions` of a run, on whatever devices.

        All launches of a cell are in one part. Each device's cells are dealt out on their own, in
        their order: so every part has its share of every kind, and runners with and without a GPU
        agree on who does what.
        """
        cells: dict[str, dict[Session, int]] = {}
        chosen = []
        for session in sessions:
            known = cells.setdefault(session.device, {})
            place = known.setdefault(replace(session, launch=0), len(known))
            if place % self.count == self.number - 1:
                chosen.append(session)
        return chosen


def shard(text: str) -> Shard:
    """Return the shard that `text` names, such as ``2/3``.

    Raises
    ------
    ValueError
        For anything else; the message says what is allowed.
    """
    found = re.fullmatch(r"(\d{1,4})/(\d{1,4})", text)
    if not found or not 1 <= int(found[1]) <= int(found[2]):
        raise ValueError(f"unknown shard {text!r}; write I/N with I from 1 to N, such as 2/3")
    return Shard(int(found[1]), int(found[2]))
