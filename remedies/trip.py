"""One way through a file: save, load as the user would, and compare path by path."""

from __future__ import annotations

import contextlib
import tempfile
import traceback
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from remedies.archive import Archive, read
from remedies.feed import Feed
from remedies.inventory import Inventory, equal, is_functional, owned_classes, take
from remedies.libraries import of_framework, of_user
from remedies.preserve import align, level
from remedies.problem import reason
from remedies.rebuild import Call, observe
from remedies.roundtrip import Outcome
from remedies.swallowed import Swallowed, explain

STATE = ("weight", "optimizer", "plain")
# Sums are added up in an order that follows the names of layers, which Keras numbers anew on load.
_TOLERANCE, _HALF = 1e-5, 1e-2
STEPS = 2  # the second shows what the first one did
_UNLIKELY = 1_299_709


@dataclass(frozen=True)
class Difference:
    """One thing of the model that a trip lost or changed.

    Attributes
    ----------
    path, kind : str
        As in `inventory.Item`.
    lost : bool
        Whether the loaded model lacks it; else its value differs.
    before, after : object
        Values; None where there is none.
    owner : object
        The layer, optimizer or other object of the model that holds it.
    """

    path: str
    kind: str
    lost: bool
    before: Any = None
    after: Any = None
    owner: Any = field(default=None, repr=False)


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
        about = f" ({type(self.owner).__name__})" if self.owner is not None else ""
        return f"{self.stage} raised{about} {self.text}"


@dataclass(frozen=True)
class Behaviour:
    """What a model does: predictions, what each of `STEPS` steps logs, and its state after them."""

    outputs: tuple[np.ndarray, ...] | None = None
    logs: tuple[Mapping[str, float], ...] = ()
    after: Mapping[str, np.ndarray] = field(default_factory=dict)
    error: str = ""


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
    calls : tuple of Call
        What Keras called on the way.
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
    calls: tuple[Call, ...] = field(default=(), repr=False)
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


def behave(model: Any, fed: Feed, *, train: bool = True) -> Behaviour:
    """Predict and train `model` on its batch; it is changed by that."""
    outputs = fed.outputs(model)
    if not (train and fed.trains):
        return Behaviour(outputs)
    logs = tuple(fed.fit(model, STEPS))
    items = take(model).items()
    return Behaviour(
        outputs, logs, {path: item.value for path, item in items if item.kind == "weight"}
    )


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
            return Trip(name, saved, failure=_failure(stage, error), calls=tuple(calls)), None
    texts = [str(w.message) for w in given if issubclass(w.category, UserWarning)]
    differences, hints = _differences(subject.before, take(loaded))
    trip = Trip(
        name,
        saved,
        differences,
        hints,
        settings=_settings(subject.model, loaded),
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


def _differences(
    before: Inventory, after: Inventory
) -> tuple[tuple[Difference, ...], tuple[Difference, ...]]:
    differences: list[Difference] = []
    hints: list[Difference] = []
    paths, others = _weight_paths(before), _weight_paths(after)
    for path, item in before.items():
        if item.kind in ("metric", "seed") or _unused(item):
            continue
        other = after.get(path)
        if other is not None and equal(item.value, other.value):
            continue
        value = None if other is None else other.value
        entry = Difference(item.path, item.kind, other is None, item.value, value, item.owner)
        if item.kind in STATE or (item.kind == "setting" and _comparable(item.value, value)):
            differences.append(entry)
        elif other is not None and item.kind == "trainable":
            # The flag of what only holds layers is nothing by itself: theirs decide.
            alone = not item.owner._layers and bool(item.owner.weights)
            if alone or _trained(item.owner, paths) != _trained(other.owner, others):
                differences.append(entry)
        elif other is not None and item.kind == "policy":
            if _computes(item.owner):
                differences.append(entry)
        elif item.kind == "attribute" and _counts_as_state(item, value):
            (differences if of_user(type(item.owner)) else hints).append(entry)
    return tuple(differences), tuple(hints)


def _weight_paths(inventory: Inventory) -> dict[int, str]:
    return {id(item.variable): path for path, item in inventory.items() if item.kind == "weight"}


def _trained(layer: Any, paths: Mapping[int, str]) -> list[str]:
    return [paths.get(id(variable), "") for variable in layer.trainable_variables]


def _computes(layer: Any) -> bool:
    import keras

    # A model's own policy computes nothing: its layers' policies do.
    return bool(layer.weights) and not isinstance(layer, keras.Model)


def _comparable(before: list[Any], after: Any) -> bool:
    return after is None or len(before) == len(after)


def _counts_as_state(item: Any, value: Any) -> bool:
    # A text that differs in its number alone is a name, which Keras counts up in a process.
    if isinstance(item.value, str) and isinstance(value, str):
        return item.value.rstrip("0123456789_") != value.rstrip("0123456789_")
    return True


def _unused(item: Any) -> bool:
    return item.kind in ("optimizer", "setting") and not getattr(item.owner, "built", True)


def _settings(model: Any, loaded: Any) -> tuple[str, ...]:
    if not model.compiled:
        return ()
    if not loaded.compiled:
        return ("all of compile()",)
    try:
        before, after = model.get_compile_config() or {}, loaded.get_compile_config() or {}
    except Exception:  # it had to be serialised for the file, so this one is the loaded model's
        return ("all of compile()",)
    if before and not after:
        return ("all of compile()",)
    names = sorted(before.keys() | after.keys())
    return tuple(
        name for name in names if _nameless(before.get(name)) != _nameless(after.get(name))
    )


def _nameless(config: Any) -> Any:
    """Return a config without the names that Keras counts up."""
    if isinstance(config, dict):
        return {key: _nameless(part) for key, part in config.items() if key != "name"}
    if isinstance(config, (list, tuple)):
        return [_nameless(part) for part in config]
    return config


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


def tolerance_of(model: Any) -> float:
    """Return how far apart two results of one model may lie, for the precision it computes in."""
    names = (getattr(layer, "compute_dtype", "") for layer in model._flatten_layers())
    half = any("16" in str(name) or "8" in str(name) for name in names)
    return _HALF if half else _TOLERANCE


def _steps_of(subject: Subject, loaded: Any) -> tuple[str, Behaviour | None]:
    """Return why the loaded model cannot be trained, or what it does."""
    if not loaded.compiled:
        return "the loaded model cannot be trained: it is not compiled", None
    try:
        return "", behave(loaded, subject.feed)
    except Exception as error:
        return f"the next training step raises {reason(error, 160)}", None


def unlike(
    before: Behaviour, after: Behaviour, tolerance: float, chance: Collection[str] = ()
) -> str:
    """Say how the training steps differ, `chance` left out; empty if they do not."""
    for number, (left, right) in enumerate(zip(before.logs, after.logs, strict=False), 1):
        if left.keys() != right.keys():
            return f"training step {number} logs {', '.join(right)} in place of {', '.join(left)}"
        for name in sorted(left.keys() - chance, key=lambda name: name != "loss"):
            if not np.allclose(
                left[name], right[name], rtol=20 * tolerance, atol=20 * tolerance, equal_nan=True
            ):
                return (
                    f"{name} of training step {number} is {right[name]:.6g}, not {left[name]:.6g}"
                )
    if "training" in chance:
        return ""
    paths = before.after.keys() & after.after.keys()
    pairs = [(before.after[path], after.after[path]) for path in sorted(paths)]
    wide = [(a.astype("float64"), b.astype("float64")) for a, b in pairs if a.shape == b.shape]
    apart = sum(float(np.sum((a - b) ** 2)) for a, b in wide if a.dtype.kind == "f") ** 0.5
    size = sum(float(np.sum(a**2)) for a, _ in wide if a.dtype.kind == "f") ** 0.5
    return "the weights after training differ" if apart > 0.02 * size + 1e-6 else ""


def share_apart(
    left: tuple[np.ndarray, ...], right: tuple[np.ndarray, ...] | None, tolerance: float
) -> float:
    """Return the share of the values in `left` that lie apart from those in `right`."""
    total = sum(array.size for array in left)
    if right is None or len(left) != len(right):
        return 1.0
    return sum(_apart(a, b, tolerance) for a, b in zip(left, right, strict=True)) / max(1, total)


def _apart(left: np.ndarray, right: np.ndarray, tolerance: float) -> int:
    if left.shape != right.shape or left.dtype != right.dtype:
        return left.size
    if left.dtype.kind in "OSUb":
        return int(np.sum(left != right))
    kind = "complex128" if left.dtype.kind == "c" else "float64"
    a, b = left.astype(kind), right.astype(kind)
    finite = np.abs(a[np.isfinite(a)])
    scale = max(1.0, float(finite.max())) if finite.size else 1.0
    near = np.isclose(a, b, rtol=tolerance, atol=tolerance * scale, equal_nan=True)
    return int(np.sum(~near))


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
