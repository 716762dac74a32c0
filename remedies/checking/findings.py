"""What a check says: the trips through a file, the causes of what they lost, and what helps."""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any

from remedies.problem import shorten
from remedies.state.difference import Difference
from remedies.state.methods import Swallowed
from remedies.state.trip import Trip

NOTHING = "nothing lost"
_NOUNS = {"weight": "weights", "optimizer": "optimizer variables", "plain": "untracked variables"}


class Verdict(Enum):
    """What is to be said of a model: in words, and as the command's exit status."""

    WHOLE = "whole", 0
    LOSSY = "a save and load loses state", 1
    UNUSABLE = "cannot be saved and loaded", 1
    UNDECIDED = "undecided", 3

    def __init__(self, words: str, status: int) -> None:
        self.words, self.status = words, status


@dataclass(frozen=True)
class Cure:
    """Text to paste."""

    code: str = ""
    place: str = ""  # where to paste it: ``in class Masked``
    cured: bool | None = None  # whether the model came back whole with it; None: not tried

    @property
    def step(self) -> str:
        """How to use it, in one sentence; empty where there is no code."""
        names = " and ".join(re.findall(r"^def (\w+)", self.code, re.MULTILINE)) or "code"
        return f"use the {names} below {self.place}{tried(self.cured)}" if self.code else ""


@dataclass(frozen=True)
class Cause:
    """Why a round trip loses something, and what helps."""

    name: str  # what it is called in JSON: ``dtype``, ``get_config``
    why: str  # what happens
    do: tuple[str, ...] = ()  # what helps, best first
    cure: Cure = Cure()

    def text(self) -> str:
        lines = [f"\nCause: {self.name.replace('_', ' ')}", f"  {self.why}"]
        lines += [f"  - {step}" for step in self.do]
        if self.cure.code:
            lines += [f"  {self.cure.place}:", textwrap.indent(self.cure.code, "    ")]
        return "\n".join(lines)


class LossyModelError(AssertionError):
    """A model did not come back whole; a test fails with what was lost, why and what to do."""


@dataclass(frozen=True)
class Report:
    """What `check` says."""

    name: str  # the model's class, or what the user called it
    trips: tuple[Trip, ...]  # first load, second generation and, where it matters, others
    advice: tuple[Cause, ...] = ()  # each cause with what helps; empty when whole
    undecided: str = ""  # why the verdict is open though nothing was lost
    compiled: bool = True  # whether there were an optimizer and settings to compare too

    @property
    def verdict(self) -> Verdict:
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
            return f"{self.verdict.words}: {self.undecided}"
        if self.whole and not self.compiled:
            return "whole; not compiled, so weights and predictions alone were compared"
        first = next((step for cause in self.advice for step in cause.do), "")
        return self.verdict.words + f"; what to do: {first}" * bool(first)

    def __bool__(self) -> bool:
        raise TypeError("say which you mean: report.whole, or report.raise_if_lossy()")

    def raise_if_lossy(self) -> Report:
        """Return the report if the model came back whole, else raise it as a `LossyModelError`."""
        if not self.whole:
            raise LossyModelError(self.text())
        return self

    def text(self) -> str:
        """Return the report in plain lines, the verdict and the one thing to do in the first."""
        lines = [f"{self.name}: {self.headline}"]
        lines += [f"  {trip.name}: {trip.outcome.value}, {losses(trip)}" for trip in self.trips]
        given = () if self.whole else dict.fromkeys(self.trips[0].warnings)
        lines += [f"  Keras warned: {shorten(' '.join(text.split()), 160)}" for text in given]
        for each in self.swallowed:
            where = f"{each.file}:{each.line}, in {each.owner}.{each.method}"
            lines.append(f"\nKeras swallowed this exception at {where}:")
            lines += [f"    {each.source}", f"    {each.error}"]
        return "\n".join([*lines, *(cause.text() for cause in self.advice)])

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain values for JSON, the verdict and what to do first."""
        return {
            "verdict": self.verdict.name.lower(),
            "do": self.headline,
            "name": self.name,
            "whole": self.whole,
            "exit_status": self.verdict.status,
            "trips": [_plain(trip) for trip in self.trips],
            "swallowed": [asdict(each) for each in self.swallowed],
            "advice": [
                {"cause": cause.name, "why": cause.why, "do": cause.do, **asdict(cause.cure)}
                for cause in self.advice
            ],
            "code": self.code,
        }


def _plain(trip: Trip) -> dict[str, Any]:
    kept = ("name", "saved", "outputs_changed", "step", "settings", "warnings")
    return {
        **{name: getattr(trip, name) for name in kept},
        "outcome": trip.outcome.value,
        "lost": [difference.path for difference in trip.differences if difference.lost],
        "changed": [difference.path for difference in trip.differences if not difference.lost],
        "failure": str(trip.failure or ""),
    }


def tried(held: bool | None) -> str:
    """Say whether a cure held on this model, if it was tried."""
    words = {True: "the model comes back whole, twice over", False: "not enough by itself"}
    return "" if held is None else f" (tried: {words[held]})"


def losses(trip: Trip) -> str:
    """Return in one line what `trip` lost."""
    if trip.failure:
        return str(trip.failure)
    values, policies = trip.of("attribute", "setting"), trip.of("policy")
    frozen, share = outermost(d.path for d in trip.of("trainable")), trip.outputs_changed or 0
    settings = "all of compile()" if trip.uncompiled else ", ".join(trip.settings)
    counts = Counter((d.kind, d.lost) for d in trip.differences)
    parts: dict[str, object] = {
        f"{counts[kind, lost]} of {trip.saved[kind]} {noun} {word}": counts[kind, lost]
        for kind, noun in _NOUNS.items()
        for word, lost in (("lost", True), ("changed", False))
    } | {
        f"{names(values)} differ{'s' * (len(values) == 1)}": values,
        f"trainable flag lost: {selves(frozen)}": frozen,
        f"{len(policies)} layers change precision": policies,
        f"{max(share, 0.01):.0%} of the outputs differ": share,
        trip.step: trip.step,
        f"compile settings differ: {settings}": trip.settings,
    }
    return ", ".join(text for text, lost in parts.items() if lost) or NOTHING


def names(differences: Iterable[Difference], most: int = 6) -> str:
    """Return the paths of some differences as the user writes them, the first few by name."""
    return selves([difference.path for difference in differences], most)


def selves(paths: list[str], most: int = 6) -> str:
    """Return paths as the user writes them, ``self.head, self.tail``, the first few by name."""
    shown = [f"self.{path}" if path else "the model" for path in paths[:most]]
    return ", ".join(shown) + (f" and {len(paths) - most} more" if len(paths) > most else "")


def outermost(paths: Iterable[str]) -> list[str]:
    """Return the paths that lie inside no other of them."""
    paths = [*paths]
    return [path for path in paths if not any(path.startswith(f"{other}.") for other in paths)]
