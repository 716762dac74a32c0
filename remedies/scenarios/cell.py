"""One cell of the matrix: a remedy in a scenario, measured, and its outcome."""

from __future__ import annotations

import contextlib
import inspect
import io
import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import keras

from remedies.scenarios.scenario import NotApplicableError, Scenario, UseError, set_policy
from remedies.state.roundtrip import Defects, RoundTrip
from remedies.state.trip import Outcome

NOT_APPLICABLE = "n/a"
# What differs from run to run: folders, addresses, counters.
_UNSTABLE = re.compile(r"(/[^\s'\"]*/tmp\w*)|( at)? 0x[0-9a-f]+|(?<=[a-z])_\d+\b|, value=[^>]*")
_WIDTH = 240


@dataclass(frozen=True)
class Cell:
    """The outcome of a remedy in a scenario."""

    remedy: str
    scenario: str
    outcome: Outcome | None  # None where the remedy does not apply
    # Nothing where the model could not even be made, trained or loaded.
    defects: Defects = field(default_factory=Defects)
    warnings: int = 0  # how many the user was given while saving and loading
    note: str = ""  # the reason, the error, or what Keras swallowed, in one line

    @property
    def word(self) -> str:
        """The outcome's word, or ``n/a``."""
        return self.outcome.value if self.outcome else NOT_APPLICABLE

    def __str__(self) -> str:
        return f"{self.scenario} · {self.remedy}: {self.word}"

    def to_json(self) -> dict[str, Any]:
        """Return plain data without what is 0 or empty."""
        defects = {name: value for name, value in asdict(self.defects).items() if value}
        data = {"remedy": self.remedy, "scenario": self.scenario, "outcome": self.word}
        rest = {"defects": defects, "warnings": self.warnings, "note": self.note}
        return data | {name: value for name, value in rest.items() if value}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Cell:
        """Return the cell that `to_json` described."""
        outcome = None if data["outcome"] == NOT_APPLICABLE else Outcome(data["outcome"])
        defects = Defects(**data.get("defects", {}))
        return cls(**{**data, "outcome": outcome, "defects": defects})


def measure(remedy: str, scenario: Scenario) -> Cell:
    """Put `remedy` into `scenario`, from a clean start, and return the outcome."""
    with _clean():
        try:
            trip = scenario.check(remedy)
        except NotApplicableError as reason:
            return Cell(remedy, scenario.name, None, note=str(reason))
        except UseError as error:
            return Cell(remedy, scenario.name, Outcome.LOUD, note=_stable(str(error)))
    count, note = len(trip.warnings), _stable(_note(trip))
    return Cell(remedy, scenario.name, trip.outcome, trip.defects, count, note)


def _note(trip: RoundTrip) -> str:
    if not trip.defects:
        return ""
    swallowed = dict.fromkeys(each.error for each in trip.swallowed)
    parts = [
        trip.remark,
        *(f"Keras swallowed {text}" for text in swallowed),
        trip.behaviour.problem,
    ]
    if trip.defects.compile_changed:
        parts.append(f"compile settings changed: {', '.join(trip.settings)}")
    return "; ".join(filter(None, parts))


def _stable(note: str) -> str:
    note = _UNSTABLE.sub("", note)
    return note if len(note) <= _WIDTH else note[: _WIDTH - 1] + "…"


@contextlib.contextmanager
def _clean() -> Iterator[None]:
    """Start from Keras' defaults and fixed seeds, in silence, and leave nothing behind."""
    clear = keras.backend.clear_session
    cheap = {"free_memory": False}  # collecting garbage takes longer than most cells
    clear(**(cheap if "free_memory" in inspect.signature(clear).parameters else {}))
    keras.utils.set_random_seed(0)
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            set_policy("float32")
