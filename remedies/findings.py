"""What a check says: the trips through a file, the causes and what to do."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from remedies.difference import Difference
from remedies.swallowed import Swallowed
from remedies.trip import Trip

NOTHING = "nothing lost"


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


class Cause(Enum):
    """Why a round trip loses something."""

    DTYPE = "dtype"
    ARGUMENTS = "arguments"
    TRAINING = "training_argument"
    CODE = "code"
    CHILDREN = "children_not_built"
    NOT_IN_FILE = "not_in_file"
    OUTSIDE = "state_outside_the_file"
    ATTRIBUTE = "python_value"
    RECURRENT = "recurrent_state"
    SECOND_GENERATION = "second_generation"
    GET_CONFIG = "get_config"
    NOT_REGISTERED = "not_registered"
    LAMBDA = "python_lambda"
    SAVE_ERROR = "save_error"
    LOAD_ERROR = "load_error"
    FROZEN = "frozen"
    PRECISION = "precision"
    ORDER = "order"
    OWN_VARIABLES = "own_save_and_load"
    LORA = "lora"
    QUANTIZED = "quantized"
    COMPILE = "compile"
    OPTIMIZER = "optimizer"
    LOSS_SCALE = "loss_scale"
    EXCLUSIONS = "weight_decay_exclusions"
    UNKNOWN = "unknown"


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
        What helps, best first, each with how.
    not_this : tuple of str
        What looks right and does not help here.
    code : str
        Text to paste; empty where there is none.
    place : str
        Where to paste it: a class, or "after loading".
    cured : bool or None
        Whether the model came back whole with `code`; None where that was not tried.
    """

    cause: Cause
    why: str
    evidence: str = ""
    do: tuple[str, ...] = ()
    not_this: tuple[str, ...] = ()
    code: str = ""
    place: str = ""
    cured: bool | None = None


class LossyModelError(AssertionError):
    """A model did not come back whole; the message says what was lost, why and what to do."""


@dataclass(frozen=True)
class Report:
    """What `check` says.

    Attributes
    ----------
    name : str
        The model's class, or what the user called it.
    trips : tuple of Trip
        First load, second generation and, where it matters, others.
    advice : tuple of Advice
        Each cause with what helps; empty when whole.
    notes : tuple of str
        What limits the verdict.
    undecided : str
        Why the verdict is open though nothing was lost; empty if it is not.
    """

    name: str
    trips: tuple[Trip, ...]
    advice: tuple[Advice, ...] = ()
    notes: tuple[str, ...] = ()
    undecided: str = ""

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
        codes = [advice.code for advice in self.advice if advice.code and advice.cured]
        return next(iter(codes or [advice.code for advice in self.advice if advice.code]), "")

    @property
    def headline(self) -> str:
        """The verdict and the one thing to do."""
        if self.undecided and self.verdict is Verdict.UNDECIDED:
            return f"{self.verdict.value}: {self.undecided}"
        first = next((advice.do[0] for advice in self.advice if advice.do), "")
        return self.verdict.value + (f"; what to do: {first}" if first else "")

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
        """Return the report in plain lines, the verdict first."""
        lines = [f"{self.name}: {self.headline}"]
        lines += [f"  {trip.name}: {trip.outcome.value}; {losses(trip)}" for trip in self.trips]
        for swallowed in self.swallowed:
            lines.append(f"  Keras swallowed, at {place(swallowed)}: {swallowed.source}")
            lines.append(f"    {swallowed.error}")
        for advice in self.advice:
            lines.append(f"  cause ({advice.cause.value}): {advice.why}")
            lines.extend(f"    do: {text}" for text in advice.do)
        return "\n".join([*lines, *(f"  note: {note}" for note in self.notes)])

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
            "advice": [asdict(entry) | {"cause": entry.cause.value} for entry in self.advice],
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


_NOUNS = {
    "weight": "weights",
    "optimizer": "optimizer variables",
    "plain": "variables that Keras does not track",
}


def losses(trip: Trip) -> str:
    """Return in one line what `trip` lost."""
    if trip.failure:
        return str(trip.failure)
    parts = []
    for kind, noun in _NOUNS.items():
        lost, changed = trip.of(kind, lost=True), trip.of(kind, lost=False)
        if lost:
            parts.append(f"{len(lost)} of {trip.saved[kind]} {noun} lost")
        if changed:
            parts.append(f"{len(changed)} of {trip.saved[kind]} {noun} changed")
    values = trip.of("attribute", "setting")
    parts += [f"{names(values)} differ" + "s" * (len(values) == 1)] if values else []
    frozen = top_layers(trip.of("trainable"))
    parts += [f"trainable flag lost: {', '.join(frozen)}"] if frozen else []
    policies = trip.of("policy")
    parts += [f"{len(policies)} layers change precision"] if policies else []
    if trip.outputs_changed:
        parts.append(f"{max(trip.outputs_changed, 0.01):.0%} of the outputs differ")
    parts += [trip.step] if trip.step else []
    parts += [f"compile settings differ: {', '.join(trip.settings)}"] if trip.settings else []
    return ", ".join(parts) or NOTHING


def names(differences: list[Difference], most: int = 6) -> str:
    """Return the paths of some differences as the user writes them, the first few by name."""
    paths = [difference.path for difference in differences]
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
