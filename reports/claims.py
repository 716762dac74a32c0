"""The article's claims, and what the results say about each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reports import losses, speeds
from reports.evidence import Evidence
from reports.findings import Finding
from reports.vocabulary import CLAIMS

JUDGES: dict[str, Callable[[Evidence], Finding]] = {
    "C1": losses.c1,
    "C2": losses.c2,
    "C3": losses.c3,
    "C4": losses.c4,
    "C5": losses.c5,
    "C6": losses.c6,
    "C7": losses.c7,
    "C8": losses.c8,
    "C9": speeds.c9,
    "C10": speeds.c10,
    "C11": losses.c11,
    "C12": losses.c12,
    "C13": losses.c13,
}


@dataclass(frozen=True)
class Claim:
    """A claim of the article and what was found."""

    name: str
    text: str
    finding: Finding


def ledger(evidence: Evidence) -> list[Claim]:
    """Return every claim with what the results say about it."""
    return [Claim(name, text, JUDGES[name](evidence)) for name, text in CLAIMS.items()]
