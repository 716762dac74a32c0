"""One way through a file: save, load as the user would, and compare path by path."""

import tempfile
import traceback
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from pathlib import Path
from typing import Any

from remedies.feed import Feed
from remedies.libraries import of_framework
from remedies.problem import reason
from remedies.state import difference
from remedies.state.archive import Archive, read
from remedies.state.difference import STATE, Behaviour, Difference
from remedies.state.inventory import Inventory, layers, owned_classes, records_inputs, take
from remedies.state.methods import Call, Swallowed, explain, observe
from remedies.state.preserve import Snapshot, align, level

Route = Callable[[Any, Path], Any]  # saves a model into a folder and returns what it loads


class Outcome(Enum):
    """What a user would notice of a trip."""

    WHOLE = "whole"
    WARNED = "warned"
    SILENT = "silent"
    LOUD = "loud"


@dataclass(frozen=True)
class Failure:
    """An exception that ended the trip."""

    stage: str  # saving or loading
    text: str  # Keras' reason, one line
    owner: type | None  # the innermost class of the user's that was being saved or loaded
    error: BaseException = field(repr=False)

    def __str__(self) -> str:
        return f"{self.stage} raised{f' ({self.owner.__name__})' if self.owner else ''} {self.text}"


@dataclass
class Trip:
    """What one trip did to the model."""

    name: str  # first load, second generation, or the policy that it was loaded under
    saved: Mapping[str, int]  # how many variables of each kind there were to lose
    differences: tuple[Difference, ...] = ()  # in the state, and in settings that it depends on
    outputs_changed: float | None = 0.0  # share of the predicted values; None: not compared
    step: str = ""  # how the next training steps differ
    chance: frozenset[str] = frozenset()  # what two runs of the very same model do not repeat
    settings: tuple[str, ...] = ()  # compile settings that differ
    uncompiled: bool = False  # whether all of them are lost
    failure: Failure | None = None  # what ended the trip
    warnings: tuple[str, ...] = ()  # what Keras warned of
    calls: tuple[Call, ...] = field(default=(), repr=False)  # what Keras called on the way
    # By the class and method of the user's that built on load, children that it did not build.
    unbuilt: Mapping[tuple[type, str], list[str]] = field(default_factory=dict)
    records_inputs: bool = True  # whether a save of the loaded model would say how to build it
    archive: Archive | None = field(default=None, repr=False)  # what was written
    behaviour: Behaviour = field(default_factory=Behaviour, repr=False, compare=False)

    @property
    def whole(self) -> bool:
        """Whether nothing differs in all that was compared."""
        lost = self.differences, self.settings, self.step, self.outputs_changed
        return not (self.failure or any(lost))

    @property
    def outcome(self) -> Outcome:
        if self.failure:
            return Outcome.LOUD
        if self.whole:
            return Outcome.WHOLE
        return Outcome.WARNED if self.warnings else Outcome.SILENT

    @property
    def swallowed(self) -> tuple[Swallowed, ...]:
        """The exceptions that Keras kept to itself while it loaded."""
        return () if self.failure else explain(self.calls)

    def of(self, *kinds: str, lost: bool | None = None) -> list[Difference]:
        """Return the differences of some kinds; those `lost` or changed only, if that is given."""
        return [d for d in self.differences if d.kind in kinds and lost in (None, d.lost)]


@dataclass
class Subject:
    """The model that is checked, and all that was seen of it before its first trip."""

    model: Any
    feed: Feed
    snapshot: Snapshot | None = None
    custom_objects: Mapping[str, Any] | None = None
    before: Inventory = field(init=False)
    behaviour: Behaviour = field(init=False)

    def __post_init__(self) -> None:
        self.before, self.behaviour = take(self.model), self._driven()

    def _driven(self) -> Behaviour:
        try:
            return difference.behave(self.model, self.feed)
        finally:
            if self.snapshot:
                self.snapshot.restore()

    again = cached_property(_driven)  # what differs in a second run is chance


def travel(
    subject: Subject,
    name: str = "first load",
    *,
    twice: bool = True,
    scope: Mapping[str, Any] | None = None,
    route: Route | None = None,
    train: bool = True,
) -> tuple[Trip, ...]:
    """Take a model through a ``.keras`` file, or a `route`, and what was loaded through another.

    `scope` are more custom objects. A trip that failed is the last; the disk's errors are raised.
    """
    custom = {**(subject.custom_objects or {}), **(scope or {})}
    trips, models, source = [], [], subject.model
    for title in (name, "second generation") if twice else (name,):
        trips.append(Trip(title, counted(subject.before)))
        source = _loaded(trips[-1], subject, source, custom, route)
        if trips[-1].failure:
            break
        models.append(source)
    # Nothing is called before all is saved: a call makes fresh weights.
    for trip, loaded in zip(trips, models, strict=False):
        _compare(subject, loaded, trip, train=train and trip is trips[0])
    return tuple(trips)


def counted(inventory: Inventory) -> dict[str, int]:
    """Return how many variables of each kind of `STATE` there are to lose."""
    return {kind: sum(item.kind == kind for item in inventory.values()) for kind in STATE}


def _loaded(trip: Trip, subject: Subject, source: Any, custom: Any, route: Route | None) -> Any:
    """Save `source`, return what is loaded, not yet called, and note on `trip` how that went."""
    import keras

    stage = "saving"
    with (
        tempfile.TemporaryDirectory() as folder,
        warnings.catch_warnings(record=True) as given,
        observe(owned_classes(subject.model)) as calls,
    ):
        warnings.simplefilter("always")
        path = Path(folder, "model.keras")
        try:
            if route is None:
                source.save(path)
                stage, trip.archive = "loading", read(path)
                # What a new model draws must not be what the old one drew.
                level(1_299_709)
                loaded = keras.saving.load_model(path, custom_objects=custom)
            else:
                loaded = route(source, Path(folder))
        except OSError:
            raise
        except Exception as error:
            trip.failure = Failure(stage, reason(error, 600), _owner_in(error), error)
        trip.unbuilt = _unbuilt(calls, source)
    if trip.failure:
        return None
    trip.differences = tuple(difference.unequal(subject.before, take(loaded)))
    trip.settings, trip.uncompiled = difference.unequal_settings(subject.model, loaded)
    trip.warnings = tuple(str(w.message) for w in given if issubclass(w.category, UserWarning))
    trip.records_inputs, trip.calls = records_inputs(loaded), tuple(calls)
    return loaded


def _unbuilt(calls: list[Call], source: Any) -> dict[tuple[type, str], list[str]]:
    builds = {id(call.owner): call for call in calls if call.method != "call"}.values()
    held = [f".{path}" for path, layer in layers(source).items() if layer.weights] if builds else []
    unbuilt = {}
    for call in builds:
        idle = (path for path, child in layers(call.owner).items() if not child.built)
        if left := [path for path in idle if any(each.endswith(f".{path}") for each in held)]:
            unbuilt[type(call.owner), call.method] = left
    return unbuilt


def _owner_in(error: BaseException | None) -> type | None:
    """Return the innermost class of no framework's on the way to `error`, if any."""
    owner: type | None = None
    while error is not None:
        for frame, _ in traceback.walk_tb(error.__traceback__):
            held = frame.f_locals.get("self", frame.f_locals.get("cls"))
            cls = held if isinstance(held, type) else type(held)
            if not (of_framework(cls) or cls.__module__.startswith("remedies.")):
                owner = cls
        # Keras raises anew for each object around the one at fault: the first error knows that one.
        error = error.__cause__ or error.__context__
    return owner


def _compare(subject: Subject, loaded: Any, trip: Trip, *, train: bool) -> None:
    """Let the loaded model predict and train, and note on `trip` how that differs."""
    align(subject.model, loaded)
    before = subject.behaviour
    after = trip.behaviour = difference.behave(loaded, subject.feed, train=train)
    if differ := difference.apart(before, after):
        limits = before.tolerance, difference.ROUNDING, 1e-3
        trip.chance = frozenset(difference.apart(before, subject.again, limits))
    steps = (text for name, text in differ.items() if name not in {"predictions", *trip.chance})
    trip.step = next(steps, "")
    trip.outputs_changed = None  # what is not repeated is not compared
    if before.outputs is not None and "predictions" not in trip.chance:
        given = before.outputs, after.outputs or ()
        trip.outputs_changed = difference.share_apart(*given, before.tolerance)
