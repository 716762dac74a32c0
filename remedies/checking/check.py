"""Check a user's model: what a save and load loses, why, what helps; or stop a run that loses."""

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from remedies.checking.catalogue import cause
from remedies.checking.cures import scope_of
from remedies.checking.diagnosis import diagnose
from remedies.checking.findings import Report, names
from remedies.feed import Feed, feed
from remedies.problem import BadInputError, reason
from remedies.state.archive import absent, arrays_in, missing, saved
from remedies.state.difference import STATE, Difference
from remedies.state.inventory import take
from remedies.state.preserve import preserved, randomness, scratch
from remedies.state.trip import Failure, Subject, Trip, counted, travel


@scratch()
def check(
    model: Any,
    x: Any = None,
    y: Any = None,
    sample_weight: Any = None,
    *,
    name: str = "",
    custom_objects: Mapping[str, Any] | None = None,
) -> Report:
    """Save and load `model` twice in a temporary folder and report what was lost, and why.

    Parameters
    ----------
    model : keras.Model
        Built. It is left as it was, bit for bit.
    x, y, sample_weight : structure of arrays, optional
        What `fit` is given; of a data set or generator in `x`, the first batch is taken. Left out,
        they are made from what the model records.
    name : str
        How the report calls the model; its class by default.
    custom_objects : mapping, optional
        What the user hands to `load_model`.

    Returns
    -------
    Report
        It has no truth value: ask ``report.whole``.

    Raises
    ------
    BadInputError
        For what is no built Keras model, or one that does not accept the data.

    Examples
    --------
    A test that fails with what was lost, the line at fault and the cure::

        def test_my_model_survives_a_round_trip():
            remedies.check(make_model(), x, y).raise_if_lossy()
    """
    name = name or type(model).__name__
    require_ready(model, name)
    with preserved(model) as snapshot:
        fed = feed(model, x, y, sample_weight, name, snapshot)
        return examine(Subject(model, fed, snapshot, custom_objects), name)


def examine(subject: Subject, name: str, *, advise: bool = True) -> Report:
    """Return the report on a model that was observed; with `advise`, how to mend it too."""
    trips = _trips(subject)
    advice = diagnose(subject, trips) if advise else ()
    return Report(name, trips, advice, _undecided(subject, trips), subject.model.compiled)


def require_ready(model: Any, name: str) -> None:
    """Refuse what is no built Keras model, with a `BadInputError` that says what it lacks."""
    import keras

    if not isinstance(model, keras.Model):
        raise BadInputError(f"{name}: is a {type(model).__name__}, not a keras.Model")
    if not (model.built or model.weights):
        raise BadInputError(f"{name}: the model is not built; call it on a batch first")


def _trips(subject: Subject) -> tuple[Trip, ...]:
    import keras

    trips = travel(subject)
    failure = trips[0].failure
    if failure and failure.stage == "loading":
        # Again, with the user's classes handed to `load_model`.
        more = travel(subject, "load with custom_objects", scope=scope_of(subject.model))
        return trips if more[0].failure else (*trips, *more)
    if not failure and (policy := keras.config.dtype_policy()).name != "float32":
        keras.config.set_dtype_policy("float32")
        try:
            trips += travel(subject, "load where the policy is float32", twice=False)
        finally:
            keras.config.set_dtype_policy(policy)
    return trips


def _undecided(subject: Subject, trips: tuple[Trip, ...]) -> str:
    fed = subject.feed
    if any({"predictions", "loss", "training"} & trip.chance for trip in trips):
        return "two runs of the same model differ, so its results were not compared"
    if fed.trains or (fed.predicts and not subject.model.compiled):
        return ""
    what = "its training step was not" if fed.predicts else "nothing but its variables was"
    return f"{what} compared: {fed.problem}"


def guard(model: Any = None) -> Any:
    """Return a callback that tries the first checkpoint of a run, and stops the run if it is lossy.

    It takes `ModelCheckpoint`, `BackupAndRestore` and plain `model.save` and `save_weights` alike,
    costs one round trip, and changes nothing in the model. With `model`, that one is guarded at
    once, without `fit` too. A save that would lose state raises a `LossyModelError`, once written.

    Examples
    --------
    >>> callbacks = [remedies.guard(), ModelCheckpoint("model.keras")]  # doctest: +SKIP
    >>> model.fit(x, y, epochs=100, callbacks=callbacks)  # doctest: +SKIP
    """
    import keras

    made: Any = keras.callbacks.LambdaCallback(
        on_train_begin=lambda _: _watch(made.model), on_train_end=lambda _: _release(made.model)
    )
    if model is not None:
        _watch(model)
    return made


def _watch(model: Any) -> None:
    def saving(name: str, *args: Any, **kwargs: Any) -> Any:
        _release(model)
        written = getattr(model, name)(*args, **kwargs)
        _WATCHED[name](model).raise_if_lossy()
        return written

    vars(model).update({name: functools.partial(saving, name) for name in _WATCHED})


def _release(model: Any) -> None:
    for name in _WATCHED:
        vars(model).pop(name, None)


@scratch()
def try_model(model: Any) -> Report:
    """Return the report on one round trip of `model` as it is, without calling it."""
    subject = Subject(model, Feed(None))
    with randomness():
        trips = travel(subject, twice=False, train=False)
        return Report(type(model).__name__, trips, diagnose(subject, trips))


@scratch()
def try_weights(model: Any) -> Report:
    """Return the report on what a file of the weights of `model` does not hold."""
    items = absent(model, saved(model), STATE)
    lost = tuple(Difference(item.path, item.kind, True) for item in items)
    trip = Trip("weights file", counted(take(model)), lost, outputs_changed=None)
    advice = (cause("not_in_file.weights", names=names(lost)),) if lost else ()
    return Report(type(model).__name__, (trip,), advice)


@scratch()
def check_weights(path: str, model: Any, name: str) -> Report:
    """Load a ``.weights.h5`` file into `model` and report what did not come in."""
    held = arrays_in(Path(path))
    trip = Trip("load_weights", dict.fromkeys(STATE, len(held)), outputs_changed=None)
    try:
        model.load_weights(path)
    except Exception as error:
        trip.failure = Failure("loading", reason(error, 600), None, error)
        return Report(name, (trip,), (cause("error", stage="Loading", error=reason(error)),))
    lost = missing(model, held)
    kinds = ["optimizer" if key.startswith("optimizer/") else "weight" for key in lost]
    trip.differences = tuple(Difference(*each, True) for each in zip(lost, kinds, strict=True))
    advice = cause("not_loaded.weights", count=len(lost), names=", ".join(lost[:3]))
    return Report(name, (trip,), (advice,) if lost else ())


_WATCHED = {"save": try_model, "save_weights": try_weights}
