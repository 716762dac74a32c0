"""What a check says: the trips through a file, the causes of what they lost, and what helps."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from remedies.problem import shorten
from remedies.state.difference import Difference
from remedies.state.rebuild import Swallowed
from remedies.state.trip import Trip

Row = tuple[str, str]  # a style of a terminal's, and a line of text
_TRIED = {
    True: " (tried: the model comes back whole, twice over)",
    False: " (tried: not enough by itself)",
    None: "",
}

NOTHING = "nothing lost"
_NOUNS = {
    "weight": "weights",
    "optimizer": "optimizer variables",
    "plain": "variables that Keras does not track",
}


class Verdict(Enum):
    """What is to be said of a model; `status` is the command's exit status."""

    WHOLE = "whole"
    LOSSY = "a save and load loses state"
    UNUSABLE = "cannot be saved and loaded"
    UNDECIDED = "undecided"

    @property
    def status(self) -> int:
        """0 whole, 1 lossy or unusable, 3 undecided."""
        return {Verdict.WHOLE: 0, Verdict.UNDECIDED: 3}.get(self, 1)


@dataclass(frozen=True)
class Cure:
    """Text to paste."""

    code: str = ""
    place: str = ""  # where to paste it: ``in class Masked``, ``after loading``
    cured: bool | None = None  # whether the model came back whole with it; None: not tried

    @property
    def steps(self) -> tuple[str, ...]:
        """How to use it, in one sentence."""
        names = " and ".join(re.findall(r"^def (\w+)", self.code, re.MULTILINE))
        step = f"use the {names or 'code'} below {self.place}{tried(self.cured)}"
        return (step,) if self.code else ()


@dataclass(frozen=True)
class Cause:
    """Why a round trip loses something, and what helps."""

    name: str  # what it is called in JSON: ``dtype``, ``get_config``
    why: str  # what happens
    evidence: str = ""  # what was tried or seen on this model that says so
    do: tuple[str, ...] = ()  # what helps, best first
    cure: Cure = Cure()

    def rows(self) -> Iterator[Row]:
        """Yield the cause as lines."""
        yield "bold", f"\nCause: {self.name.replace('_', ' ')}"
        yield "", f"  {self.why}"
        if self.evidence:
            yield "dim", f"  Evidence: {self.evidence}"
        yield from (("green", f"  - {step}") for step in self.do)
        if self.cure.code:
            yield "bold", f"  {self.cure.place}:"
            yield from (("code", f"    {text}".rstrip()) for text in self.cure.code.splitlines())

    def to_dict(self) -> dict[str, Any]:
        """Return the cause as plain values for JSON."""
        plain = asdict(self)
        return {"cause": plain.pop("name"), **plain.pop("cure"), **plain}


class LossyModelError(AssertionError):
    """A model did not come back whole; a test fails with what was lost, why and what to do."""


@dataclass(frozen=True)
class Report:
    """What `check` says."""

    name: str  # the model's class, or what the user called it
    trips: tuple[Trip, ...]  # first load, second generation and, where it matters, others
    advice: tuple[Cause, ...] = ()  # each cause with what helps; empty when whole
    notes: tuple[str, ...] = ()  # what limits the verdict
    undecided: str = ""  # why the verdict is open though nothing was lost

    @property
    def verdict(self) -> Verdict:
        """The verdict in one word."""
        if self.trips[0].failure:
            return Verdict.UNUSABLE
        if not all(trip.whole for trip in self.trips):
            return Verdict.LOSSY
        return Verdict.UNDECIDED if self.undecided else Verdict.WHOLE

    @property
    def whole(self) -> bool:
        """Whether every trip kept everything, and everything was compared."""
        return self.verdict is Verdict.WHOLE

    @property
    def swallowed(self) -> tuple[Swallowed, ...]:
        """The exceptions that Keras swallowed on the first trip that had any."""
        return next((trip.swallowed for trip in self.trips if trip.swallowed), ())

    @property
    def code(self) -> str:
        """The first text to paste that was tried and held, or else the first; empty if none."""
        cures = sorted((cause.cure for cause in self.advice), key=lambda cure: not cure.cured)
        return next((cure.code for cure in cures if cure.code), "")

    @property
    def headline(self) -> str:
        """The verdict and the one thing to do."""
        if self.verdict is Verdict.UNDECIDED:
            return f"{self.verdict.value}: {self.undecided}"
        first = next((step for cause in self.advice for step in cause.do), "")
        return f"{self.verdict.value}; what to do: {first}" if first else str(self.verdict.value)

    def __bool__(self) -> bool:
        raise TypeError("say which you mean: report.whole, or report.raise_if_lossy()")

    def raise_if_lossy(self) -> Report:
        """Return the report if the model came back whole, else raise it as a `LossyModelError`."""
        if not self.whole:
            raise LossyModelError(self.text())
        return self

    def rows(self) -> Iterator[Row]:
        """Yield the report as lines, the verdict and the one thing to do in the first."""
        style = {0: "bold green", 3: "bold yellow"}.get(self.verdict.status, "bold red")
        yield style, f"{self.name}: {self.headline}"
        before = ""
        for trip in self.trips:
            lost = losses(trip)
            again = lost == before != NOTHING
            yield "", f"  {trip.name}: {trip.outcome.value}, {'the same again' if again else lost}"
            before = lost
        for warning in () if self.whole else self.trips[0].warnings:
            yield "dim", f"  Keras warned: {shorten(' '.join(warning.split()), 160)}"
        for error in self.swallowed:
            where = f"{error.file}:{error.line}, in {error.owner}.{error.method}"
            yield "bold", f"\nKeras swallowed this exception at {where}:"
            yield from (("", f"    {text}") for text in (error.source, error.error))
        for cause in self.advice:
            yield from cause.rows()
        yield from (("dim", f"  note: {note}") for note in self.notes)

    def text(self) -> str:
        """Return the report in plain lines."""
        return "\n".join(text for _, text in self.rows())

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain values for JSON, the verdict and what to do first."""
        return {
            "verdict": self.verdict.name.lower(),
            "do": self.headline,
            "name": self.name,
            "whole": self.whole,
            "exit_status": self.verdict.status,
            "trips": [_trip_dict(trip) for trip in self.trips],
            "swallowed": [asdict(swallowed) for swallowed in self.swallowed],
            "advice": [cause.to_dict() for cause in self.advice],
            "notes": list(self.notes),
            "code": self.code,
        }


def _trip_dict(trip: Trip) -> dict[str, Any]:
    return {
        "name": trip.name,
        "outcome": trip.outcome.value,
        "saved": dict(trip.saved),
        "lost": [difference.path for difference in trip.differences if difference.lost],
        "changed": [difference.path for difference in trip.differences if not difference.lost],
        "outputs_changed": trip.outputs_changed,
        "step": trip.step,
        "settings_changed": list(trip.settings),
        "failure": str(trip.failure) if trip.failure else "",
        "warnings": list(trip.warnings),
    }


def tried(held: bool | None) -> str:
    """Say whether a cure held on this model, if it was tried."""
    return _TRIED[held]


def losses(trip: Trip) -> str:
    """Return in one line what `trip` lost."""
    if trip.failure:
        return str(trip.failure)
    parts = [
        f"{len(differences)} of {trip.saved[kind]} {noun} {word}"
        for kind, noun in _NOUNS.items()
        for word in ("lost", "changed")
        if (differences := trip.of(kind, lost=word == "lost"))
    ]
    if values := trip.of("attribute", "setting"):
        parts.append(f"{names(values)} differ" + "s" * (len(values) == 1))
    if frozen := top_layers(trip.of("trainable")):
        parts.append(f"trainable flag lost: {', '.join(frozen)}")
    if policies := trip.of("policy"):
        parts.append(f"{len(policies)} layers change precision")
    if trip.outputs_changed:
        parts.append(f"{max(trip.outputs_changed, 0.01):.0%} of the outputs differ")
    if trip.step:
        parts.append(trip.step)
    if trip.settings:
        parts.append(f"compile settings differ: {', '.join(trip.settings)}")
    return ", ".join(parts) or NOTHING


def names(differences: list[Difference], most: int = 6) -> str:
    """Return the paths of some differences as the user writes them, the first few by name."""
    return selves([difference.path for difference in differences], most)


def selves(paths: list[str], most: int = 6) -> str:
    """Return paths as the user writes them, ``self.head, self.tail``, the first few by name."""
    more = f" and {len(paths) - most} more" if len(paths) > most else ""
    return ", ".join(f"self.{path}" for path in paths[:most]) + more


def top_layers(differences: list[Difference]) -> list[str]:
    """Return the layers of some differences that lie in no other of them."""
    paths = [difference.path for difference in differences]
    inner = {path for path in paths if any(path.startswith(f"{outer}.") for outer in paths)}
    return [f"self.{path}" if path else "the model" for path in paths if path not in inner]


def place(swallowed: Swallowed) -> str:
    """Return ``file.py:12`` for an exception's place."""
    return f"{Path(swallowed.file).name}:{swallowed.line}"
