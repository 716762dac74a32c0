"""What was surveyed once and committed: every scenario, and many versions of Keras.

Those measurements take hours and many environments, so a report shows the committed ones, and says
with which versions they were made. They are read where they lie in the checkout, so that no copy
can fall behind.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reports.files import LeftOutError, load_json, text
from reports.vocabulary import OUTCOMES

ROOT = Path(__file__).parents[1]
MATRIX = Path("tests/remedies/scenarios/matrix.json")
VERSIONS = Path("docs/keras_versions.json")


@dataclass(frozen=True)
class Surveyed:
    """The outcomes of one survey, and the software that it was made with.

    Attributes
    ----------
    keras, tensorflow : str
        Their versions.
    outcomes : mapping
        ``(scenario, remedy)`` -> one of `OUTCOMES`; what does not apply is not in it.
    """

    keras: str
    tensorflow: str
    outcomes: Mapping[tuple[str, str], str]


@dataclass(frozen=True)
class Survey:
    """All that is committed; empty where it is not there."""

    matrix: Surveyed | None = None
    versions: tuple[Surveyed, ...] = ()


NOTHING = Survey()


def committed(root: Path = ROOT) -> Survey:
    """Return the surveys in the checkout at `root`, without those that cannot be read."""
    matrix = next(iter(_surveys([_json(root / MATRIX)])), None)
    measured = _json(root / VERSIONS).get("measured")
    return Survey(matrix, tuple(_surveys(measured if isinstance(measured, list) else [])))


def _json(path: Path) -> dict[str, Any]:
    try:
        return load_json(path)
    except LeftOutError:
        return {}


def _surveys(found: list[Any]) -> Iterator[Surveyed]:
    for survey in found:
        try:
            versions, cells = survey["versions"], survey["cells"]
            outcomes = {(text(c["scenario"]), text(c["remedy"])): text(c["outcome"]) for c in cells}
        except (KeyError, TypeError):
            continue
        known = {key: outcome for key, outcome in outcomes.items() if outcome in OUTCOMES}
        yield Surveyed(text(versions.get("keras")), text(versions.get("tensorflow")), known)
