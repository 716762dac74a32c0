"""One way through a file: save, load as the user would, and compare path by path."""

from __future__ import annotations

import tempfile
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from remedies.feed import Feed
from remedies.libraries import of_framework
from remedies.problem import reason
from remedies.state.archive import Archive, read
from remedies.state.arrays import share_apart
from remedies.state.behaviour import Behaviour, behave, tolerance_of, unlike
from remedies.state.difference import STATE, Difference, unequal, unequal_settings
from remedies.state.inventory import Inventory, is_functional, take
from remedies.state.preserve import align, level
from remedies.state.rebuild import Call, Swallowed, explain, watching
from remedies.state.roundtrip import Outcome, outcome

_UNLIKELY = 1_299_709


@dataclass(frozen=True)
class Failure:
    """An exception that ended the trip."""

    stage: str  # saving or loading
    text: str  # Keras' reason, one line
    owner: Any  # the innermost object of the user's that was being saved or loaded, if any
    error: BaseException = field(repr=False)

    def __str__(self) -> str:
        return f"{self.stage} raised{f' ({self.who})' * bool(self.who)} {self.text}"

    @property
    def who(self) -> str:
        """The class of `owner`, which may be a class itself: one that could not be made."""
        cls = self.owner if isinstance(self.owner, type) else type(self.owner)
        return "" if self.owner is None else cls.__name__


@dataclass(frozen=True)
class Trip:
    """What one trip did to the model."""

    name: str  # first load, second generation, or the policy that it was loaded under
    saved: Mapping[str, int]  # how many variables of each kind there were to lose
    differences: tuple[Difference, ...] = ()  # in the state, and in settings that it depends on
    hints: tuple[Difference, ...] = ()  # values of library classes that differ: no loss by itself
    outputs_changed: float | None = 0.0  # share of the predicted values; None: not compared
    step: str = ""  # how the next training steps differ
    chance: tuple[str, ...] = ()  # what two runs of the very same model do not repeat
    settings: tuple[str, ...] = ()  # compile settings that differ
    failure: Failure | None = None  # what ended the trip
    warnings: tuple[str, ...] = ()  # what Keras warned of
    swallowed: tuple[Swallowed, ...] = ()  # exceptions that Keras kept to itself
    calls: tuple[Call, ...] = field(default=(), repr=False)  # what Keras called on the way
    records_inputs: bool = True  # whether a save of the loaded model would say how to build it
    archive: Archive | None = field(default=None, repr=False)  # what was written

    @property
    def whole(self) -> bool:
        """Whether nothing differs in all that was compared."""
        return not (
            self.differences or self.failure or self.settings or self.step or self.outputs_changed
        )

    @property
    def outcome(self) -> Outcome:
        """What a user would notice of it."""
        return outcome(self.failure, not self.whole, self.warnings)

    def of(self, *kinds: str, lost: bool | None = None) -> list[Difference]:
        """Return the differences of some kinds; those `lost` or changed only, if that is given."""
        return [
            difference
            for difference in self.differences
            if difference.kind in kinds and lost in (None, difference.lost)
        ]


@dataclass(frozen=True)
class Subject:
    """The model that is checked, and all that was seen of it before its first trip."""

    model: Any
    feed: Feed
    before: Inventory
    behaviour: Behaviour
    again: Callable[[], tuple[str, ...]]
    custom_objects: Mapping[str, Any] = field(default_factory=dict)


def travel(
    subject: Subject,
    name: str = "first load",
    *,
    twice: bool = True,
    policy: str = "",
    scope: Mapping[str, Any] | None = None,
    train: bool = True,
) -> tuple[Trip, ...]:
    """Take the model of `subject` through a file and, `twice`, what was loaded through another.

    A trip that failed is the last. Raises `OSError` where the disk refuses.
    """
    custom = {**subject.custom_objects, **(scope or {})}
    trips: list[Trip] = []
    source, models = subject.model, []
    with tempfile.TemporaryDirectory() as folder:
        for title in (name, "second generation") if twice else (name,):
            path = Path(folder) / f"{len(trips)}.keras"
            trip, source = _load_aside(subject, source, path, title, custom, policy)
            trips.append(trip)
            if source is None:
                break
            models.append(source)
    # Nothing is called before all is saved: a call makes fresh weights.
    for number, (trip, loaded) in enumerate(zip(trips, models, strict=False)):
        if number and _keys(trip) == _keys(trips[0]):
            share, chance = trips[0].outputs_changed, trips[0].chance
            trips[number] = replace(trip, outputs_changed=share, chance=chance)
        else:
            trips[number] = _compared(subject, loaded, trip, train=train and not number)
    return tuple(trips)


def _keys(trip: Trip) -> set[tuple[str, bool]]:
    return {(difference.path, difference.lost) for difference in trip.differences}


def _load_aside(
    subject: Subject, source: Any, path: Path, name: str, custom: Mapping[str, Any], policy: str
) -> tuple[Trip, Any]:
    """Save `source` and load it; return the trip, not yet called, and the model or None."""
    kinds = [item.kind for item in subject.before.values()]
    trip = Trip(name, {kind: kinds.count(kind) for kind in STATE})
    stage = "saving"
    calls: list[Call] = []
    try:
        with watching(subject.model) as (calls, _):
            source.save(path)
        archive = read(path)
        stage = "loading"
        level(_UNLIKELY)  # what a new model draws must not happen to be what the old one drew
        with watching(subject.model) as (calls, texts):
            loaded = _load(path, custom, policy)
    except OSError:
        raise
    except Exception as error:
        failure = Failure(stage, reason(error, 600), _owner_in(error), error)
        return replace(trip, failure=failure, calls=tuple(calls)), None
    differences, hints = unequal(subject.before, take(loaded))
    trip = replace(
        trip,
        differences=differences,
        hints=hints,
        settings=unequal_settings(subject.model, loaded),
        warnings=tuple(dict.fromkeys(texts)),
        swallowed=explain(calls),
        calls=tuple(calls),
        records_inputs=is_functional(loaded) or loaded.get_build_config() is not None,
        archive=archive,
    )
    return trip, loaded


def _load(path: Path, custom: Mapping[str, Any], policy: str) -> Any:
    import keras

    before = keras.config.dtype_policy()
    if policy:
        keras.config.set_dtype_policy(policy)
    try:
        return keras.saving.load_model(path, custom_objects=dict(custom) or None)
    finally:
        keras.config.set_dtype_policy(before)


def _owner_in(error: BaseException) -> Any:
    """Return the innermost object of no framework's class on the way to `error`, if any.

    Keras raises anew for each object around the one at fault: the first error knows that one.
    """
    inner = error.__cause__ or error.__context__
    owner = None if inner is None else _owner_in(inner)
    for frame, _ in traceback.walk_tb(error.__traceback__) if owner is None else ():
        held = frame.f_locals.get("self", frame.f_locals.get("cls"))
        cls = held if isinstance(held, type) else type(held)
        if not (held is None or of_framework(cls) or cls.__module__.startswith("remedies.")):
            owner = held
    return owner


def _compared(subject: Subject, loaded: Any, trip: Trip, *, train: bool) -> Trip:
    """Return `trip` with how the loaded model predicts and trains."""
    fed, before, tolerance = subject.feed, subject.behaviour, tolerance_of(subject.model)
    align(subject.model, loaded)
    try:
        outputs = fed.outputs(loaded) or ()
    except Exception as error:
        step = f"the loaded model cannot be called: {reason(error, 160)}"
        return replace(trip, outputs_changed=1.0, step=step)
    share = None if before.outputs is None else share_apart(before.outputs, outputs, tolerance)
    step, after = "", None
    if train and fed.trains and not loaded.compiled:
        step = "the loaded model cannot be trained: it is not compiled"
    elif train and fed.trains:
        align(subject.model, loaded)
        try:
            after = behave(loaded, fed)
        except Exception as error:
            step = f"the next training step raises {reason(error, 160)}"
        else:
            step = unlike(before, after, tolerance)
    chance = subject.again() if share or step else ()
    if "predictions" in chance:
        share = None
    if after is not None and chance:
        step = unlike(before, after, tolerance, chance)
    return replace(trip, outputs_changed=share, step=step, chance=chance)
