"""One way through a file: save, load as the user would, and compare path by path."""

from __future__ import annotations

import contextlib
import tempfile
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from remedies.archive import Archive, read
from remedies.behaviour import Behaviour, behave, share_apart, tolerance_of, unlike
from remedies.difference import STATE, Difference, unequal, unequal_settings
from remedies.feed import Feed
from remedies.inventory import Inventory, is_functional, owned_classes, take
from remedies.libraries import of_framework
from remedies.preserve import align, level
from remedies.problem import reason
from remedies.rebuild import Swallowed, explain, observe
from remedies.roundtrip import Outcome

_UNLIKELY = 1_299_709


@dataclass(frozen=True)
class Failure:
    """An exception that ended the trip.

    Attributes
    ----------
    stage : str
        ``saving`` or ``loading``.
    text : str
        Keras' reason, one line.
    owner : object or None
        The innermost object of the user's that was being saved or loaded.
    error : Exception
        The exception.
    """

    stage: str
    text: str
    owner: Any
    error: BaseException = field(repr=False)

    def __str__(self) -> str:
        summary = f" ({type(self.owner).__name__})" if self.owner is not None else ""
        return f"{self.stage} raised{summary} {self.text}"


@dataclass(frozen=True)
class Trip:
    """What one trip did to the model.

    Attributes
    ----------
    name : str
        ``first load``, ``second generation``, or the policy that it was loaded under.
    saved : mapping of str to int
        How many variables of each kind there were to lose.
    differences : tuple of Difference
        What differs in the state, and in settings that state depends on.
    hints : tuple of Difference
        Python values of library classes that differ: no loss in themselves.
    outputs_changed : float or None
        Share of the predicted values that differ; None where not compared.
    step : str
        How the next training steps differ; empty if they do not.
    chance : tuple of str
        What two runs of the very same model do not repeat, so that it could not be compared.
    settings : tuple of str
        Compile settings that differ.
    failure : Failure or None
        What ended the trip.
    warnings : tuple of str
        What Keras warned of.
    swallowed : tuple of Swallowed
        Exceptions that Keras kept to itself.
    records_inputs : bool
        Whether a save of the loaded model would record how to build it.
    archive : Archive or None
        What was written.
    """

    name: str
    saved: Mapping[str, int]
    differences: tuple[Difference, ...] = ()
    hints: tuple[Difference, ...] = ()
    outputs_changed: float | None = 0.0
    step: str = ""
    chance: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    failure: Failure | None = None
    warnings: tuple[str, ...] = ()
    swallowed: tuple[Swallowed, ...] = ()
    records_inputs: bool = True
    archive: Archive | None = field(default=None, repr=False)

    @property
    def whole(self) -> bool:
        """Whether nothing differs in all that was compared."""
        return not (
            self.differences or self.failure or self.settings or self.step or self.outputs_changed
        )

    @property
    def outcome(self) -> Outcome:
        """What a user would notice of it."""
        if self.failure:
            return Outcome.LOUD
        if self.whole:
            return Outcome.WHOLE
        return Outcome.WARNED if self.warnings else Outcome.SILENT

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

    Returns
    -------
    tuple of Trip
        One for each load; a trip that failed is the last.

    Raises
    ------
    OSError
        Where the disk refuses.
    """
    custom = {**subject.custom_objects, **(scope or {})}
    names = (name, "second generation") if twice else (name,)
    source, trips, models = subject.model, [], []
    with tempfile.TemporaryDirectory() as folder:
        for number, title in enumerate(names):
            trip, source = _load_aside(
                subject, source, Path(folder) / f"{number}.keras", title, custom, policy
            )
            trips.append(trip)
            if source is None:
                break
            models.append(source)
    # Nothing is called before all is saved: a call makes fresh weights.
    for number, loaded in enumerate(models):
        first = number == 0
        if first or _keys(trips[number]) != _keys(trips[0]):
            share, step, chance = _compared(subject, loaded, train=train and first)
        else:
            share, step, chance = trips[0].outputs_changed, "", trips[0].chance
        trips[number] = replace(trips[number], outputs_changed=share, step=step, chance=chance)
    return tuple(trips)


def _keys(trip: Trip) -> set[tuple[str, bool]]:
    return {(difference.path, difference.lost) for difference in trip.differences}


def _load_aside(
    subject: Subject, source: Any, path: Path, name: str, custom: Mapping[str, Any], policy: str
) -> tuple[Trip, Any]:
    """Save `source` and load it; return the trip, not yet called, and the model or None."""
    saved = _counts(subject.before)
    with (
        warnings.catch_warnings(record=True) as given,
        observe(owned_classes(subject.model)) as calls,
    ):
        warnings.simplefilter("always")
        stage = "saving"
        try:
            source.save(path)
            calls.clear()
            given.clear()
            archive = read(path)
            stage = "loading"
            level(_UNLIKELY)  # what a new model draws must not happen to be what the old one drew
            loaded = _load(path, custom, policy)
        except OSError:
            raise
        except Exception as error:
            return Trip(name, saved, failure=_failure(stage, error)), None
    texts = [str(w.message) for w in given if issubclass(w.category, UserWarning)]
    differences, hints = unequal(subject.before, take(loaded))
    trip = Trip(
        name,
        saved,
        differences,
        hints,
        settings=unequal_settings(subject.model, loaded),
        warnings=tuple(dict.fromkeys(texts)),
        swallowed=explain(calls),
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


def _failure(stage: str, error: Exception) -> Failure:
    return Failure(stage, reason(error, 600), _owner_in(error), error)


def _owner_in(error: BaseException) -> Any:
    """Return the innermost object of no framework's class on the way to `error`, if any."""
    owner = None
    for frame, _ in traceback.walk_tb(error.__traceback__):
        held = frame.f_locals.get("self", frame.f_locals.get("cls"))
        cls = held if isinstance(held, type) else type(held)
        if (
            held is not None
            and not of_framework(cls)
            and not cls.__module__.startswith("remedies.")
        ):
            owner = held
    return owner


def _counts(before: Inventory) -> dict[str, int]:
    kinds = [item.kind for item in before.values()]
    return {kind: kinds.count(kind) for kind in STATE}


def _compared(
    subject: Subject, loaded: Any, *, train: bool
) -> tuple[float | None, str, tuple[str, ...]]:
    fed, before = subject.feed, subject.behaviour
    tolerance = tolerance_of(subject.model)
    align(subject.model, loaded)
    try:
        outputs = fed.outputs(loaded)
    except Exception as error:
        return 1.0, f"the loaded model cannot be called: {reason(error, 160)}", ()
    share = None if before.outputs is None else share_apart(before.outputs, outputs, tolerance)
    align(subject.model, loaded)
    step, behaviour = "", None
    if train and fed.trains:
        step, behaviour = _steps_of(subject, loaded)
        step = step if behaviour is None else unlike(before, behaviour, tolerance)
    if not share and not step:
        return share, step, ()
    chance = subject.again()
    if "predictions" in chance:
        share = None
    if behaviour is not None and chance:
        step = unlike(before, behaviour, tolerance, chance)
    return share, step, chance


def _steps_of(subject: Subject, loaded: Any) -> tuple[str, Behaviour | None]:
    """Return why the loaded model cannot be trained, or what it does."""
    if not loaded.compiled:
        return "the loaded model cannot be trained: it is not compiled", None
    try:
        return "", behave(loaded, subject.feed)
    except Exception as error:
        return f"the next training step raises {reason(error, 160)}", None


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep TensorFlow's and Keras' advice back: a check runs the same steps many times over."""
    import logging

    loggers = [logging.getLogger(name) for name in ("tensorflow", "absl")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
