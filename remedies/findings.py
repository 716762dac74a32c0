"""What a check found: the trips through a file, the causes and what to do."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

from remedies.loaded import Loaded
from remedies.roundtrip import Outcome, RoundTrip
from remedies.swallowed import Swallowed

NOTHING = "nothing lost"


class Cause(Enum):
    """Why a round trip loses something."""

    DTYPE = "dtype"
    ARGUMENTS = "arguments"
    CODE = "code"
    NESTED = "nested"
    CHILDREN = "children_not_built"
    SECOND_GENERATION = "second_generation"
    FROZEN = "frozen"
    PRECISION = "precision"
    ORDER = "order"
    LOAD_ERROR = "load_error"
    CONFIG = "config"
    COMPILE = "compile"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Trip:
    """One way through a file, with what was seen on it."""

    name: str
    result: RoundTrip
    loaded: Loaded = field(default_factory=Loaded)
    swallowed: tuple[Swallowed, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """The round trip's outcome, and `SILENT` where only frozen layers came back unfrozen."""
        if self.result.outcome is Outcome.WHOLE and self.loaded.unfrozen:
            return Outcome.SILENT
        return self.result.outcome


@dataclass(frozen=True)
class Advice:
    """One cause and what to do about it.

    Attributes
    ----------
    cause : Cause
        The cause.
    why : str
        What happens, in one or two sentences.
    evidence : str
        What was tried or seen on this model that says so.
    do : tuple of str
        Remedies that apply, best first, each with how.
    not_this : tuple of str
        Remedies that look right and do not help here.
    """

    cause: Cause
    why: str
    evidence: str = ""
    do: tuple[str, ...] = ()
    not_this: tuple[str, ...] = ()


class LossyModelError(AssertionError):
    """A model did not come back whole; the message says what was lost, why and what to do."""


@dataclass(frozen=True)
class Report:
    """The findings of `check`.

    Attributes
    ----------
    name : str
        The model's class, or what the user called it.
    trips : tuple of Trip
        First load, second generation and, where it matters, a load under another precision policy.
    advice : tuple of Advice
        Each cause with the remedies that apply; empty when whole.
    notes : tuple of str
        What limits the findings.
    code : str
        Methods to paste into the user's class, tried on this model; empty if they do not help.
    """

    name: str
    trips: tuple[Trip, ...]
    advice: tuple[Advice, ...] = ()
    notes: tuple[str, ...] = ()
    code: str = ""

    @property
    def whole(self) -> bool:
        """Whether every trip kept everything."""
        return all(trip.outcome is Outcome.WHOLE for trip in self.trips)

    @property
    def swallowed(self) -> tuple[Swallowed, ...]:
        """The exceptions that Keras swallowed on the first trip that had any."""
        return next((trip.swallowed for trip in self.trips if trip.swallowed), ())

    def __bool__(self) -> bool:
        raise TypeError("say which you mean: report.whole, or report.raise_if_lossy()")

    def raise_if_lossy(self) -> Report:
        """Return the report if the model came back whole.

        Raises
        ------
        LossyModelError
            Otherwise. It is an `AssertionError`, so a test fails with the whole story.
        """
        if not self.whole:
            raise LossyModelError(self.text())
        return self

    def text(self) -> str:
        """Return the findings in plain lines."""
        lines = [f"{self.name}: " + ("whole" if self.whole else "a save and load loses state")]
        for trip in self.trips:
            lines.append(f"  {trip.name}: {trip.outcome.value}; {losses(trip)}")
        for one in self.swallowed:
            lines.append(f"  Keras swallowed, at {place(one)}: {one.source}")
            lines.append(f"    {one.error}")
        for advice in self.advice:
            lines.append(f"  cause ({advice.cause.value}): {advice.why}")
            lines.extend(f"    do: {one}" for one in advice.do)
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Return the findings as plain values for JSON."""
        return {
            "name": self.name,
            "whole": self.whole,
            "trips": [_trip_dict(trip) for trip in self.trips],
            "swallowed": [asdict(one) for one in self.swallowed],
            "advice": [asdict(one) | {"cause": one.cause.value} for one in self.advice],
            "notes": list(self.notes),
            "code": self.code,
        }


def _trip_dict(trip: Trip) -> dict[str, Any]:
    result = trip.result
    return {
        "name": trip.name,
        "outcome": trip.outcome.value,
        "defects": asdict(result.defects),
        "weights_saved": result.weights_saved,
        "optimizer_variables_saved": result.optimizer_variables_saved,
        "warnings": list(result.warnings),
        "load_error": result.load_error,
        "next_step_error": result.next_step_error,
        "loaded": asdict(trip.loaded),
    }


def losses(trip: Trip) -> str:
    """Return in one line what `trip` lost."""
    result, defects = trip.result, trip.result.defects
    if result.load_error:
        return f"loading raised {result.load_error}"
    parts = [
        (defects.weights_lost, f"{defects.weights_lost} of {result.weights_saved} weights lost"),
        (defects.weights_changed, f"{defects.weights_changed} weights changed"),
        (
            defects.optimizer_variables_lost,
            f"{defects.optimizer_variables_lost} of {result.optimizer_variables_saved} "
            "optimizer variables lost",
        ),
        (
            defects.optimizer_variables_changed,
            f"{defects.optimizer_variables_changed} optimizer variables changed",
        ),
        (defects.iterations_lost, f"{defects.iterations_lost} iterations forgotten"),
        (defects.outputs_changed, f"{defects.outputs_changed:.0%} of the outputs differ"),
        (defects.next_step_changed, _next_step(result.next_step_error)),
        (defects.compile_changed, f"{defects.compile_changed} compile settings differ"),
        (bool(trip.loaded.unfrozen), f"{len(trip.loaded.unfrozen)} frozen layers unfrozen"),
    ]
    return ", ".join(text for count, text in parts if count) or NOTHING


def _next_step(error: str) -> str:
    short = error.partition("<")[0].strip(" :")[:80]
    return f"the next training step raises {short}" if error else "the next step differs"


def place(one: Swallowed) -> str:
    """Return ``file.py:12`` for an exception's line."""
    return f"{Path(one.file).name}:{one.line}"
