"""Check a user's own model: what a save and load loses, why, and what helps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from remedies.batch import feed
from remedies.checking.cures import scope_of
from remedies.checking.diagnosis import diagnose
from remedies.checking.findings import Report
from remedies.feed import Feed
from remedies.problem import BadInputError
from remedies.scratch import scratch
from remedies.state.arrays import share_apart
from remedies.state.behaviour import Behaviour, behave, tolerance_of
from remedies.state.inventory import take
from remedies.state.preserve import Snapshot, preserved
from remedies.state.trip import Subject, Trip, travel

_RANDOM = "no file keeps random state (of Dropout, say); it was set equal before comparing"


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
        Built. It is left as it was, bit for bit: variables, optimizers, metrics and attributes.
    x, y, sample_weight : structure of arrays, optional
        What `fit` is given: arrays, or in `x` a `tf.data.Dataset`, generator or `PyDataset`, of
        which the first batch is taken. Left out, they are made from what the model records.
    name : str
        How the report calls the model; its class by default.
    custom_objects : mapping, optional
        What the user hands to `load_model`.

    Returns
    -------
    Report
        It has no truth value, since "true" could mean either: ask ``report.whole``.

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
        subject = _observed(model, fed, snapshot, custom_objects or {})
        return _reported(subject, _trips(subject), name)


def require_ready(model: Any, name: str) -> None:
    """Refuse what is no built Keras model, with a `BadInputError` that says what it lacks."""
    import keras

    if not isinstance(model, keras.Model):
        raise BadInputError(f"{name}: is a {type(model).__name__}, not a keras.Model")
    if not (model.built or model.weights):
        raise BadInputError(f"{name}: the model is not built; call it on a batch first")


def _observed(
    model: Any, fed: Feed, snapshot: Snapshot, custom_objects: Mapping[str, Any]
) -> Subject:
    """Drive the model once and return what it holds and does; it is put back afterwards."""

    def behaviour() -> Behaviour:
        try:
            return behave(model, fed)
        finally:
            snapshot.restore()

    before, first = take(model), behaviour()

    def again() -> tuple[str, ...]:
        return _chance(first, behaviour(), tolerance_of(model))

    return Subject(model, fed, before, first, again, custom_objects)


def _chance(first: Behaviour, second: Behaviour, tolerance: float) -> tuple[str, ...]:
    """Name what two runs of the very same model, from the same state and seeds, do not repeat."""
    names = []
    if share_apart(first.outputs or (), second.outputs or (), tolerance):
        names.append("predictions")
    for left, right in zip(first.logs, second.logs, strict=False):
        names += [key for key in left if abs(left[key] - right.get(key, 0)) > 1e-6 * abs(left[key])]
    if share_apart(tuple(first.after.values()), tuple(second.after.values()), 1e-3):
        names.append("training")
    return tuple(dict.fromkeys(names))


def _trips(subject: Subject) -> tuple[Trip, ...]:
    import keras

    trips = travel(subject)
    failure = trips[0].failure
    if failure and failure.stage == "loading":
        # Again, with the user's classes handed to `load_model`.
        more = travel(subject, "load with custom_objects", scope=scope_of(subject.model))
        return trips if more[0].failure else (*trips, *more)
    if not failure and keras.config.dtype_policy().name != "float32":
        where = "load where the policy is float32"
        trips += travel(subject, where, twice=False, policy="float32")
    return trips


def _reported(subject: Subject, trips: tuple[Trip, ...], name: str) -> Report:
    fed, compiled = subject.feed, subject.model.compiled
    notes = [_RANDOM] if any(item.kind == "seed" for item in subject.before.values()) else []
    undecided = ""
    if not compiled:
        notes.append("the model is not compiled, so only weights and predictions were compared")
    if any({"predictions", "loss", "training"} & {*trip.chance} for trip in trips):
        undecided = "two runs of the same model differ, so its results were not compared"
    elif not fed.trains and (compiled or not fed.predicts):
        what = "its training step was not" if fed.predicts else "nothing but its variables was"
        undecided = f"{what} compared: {fed.problem or 'no data'}"
    hints = [difference.path for difference in trips[0].hints]
    if hints and not trips[0].whole:
        notes.append(f"Python values that differ after loading: {', '.join(hints[:6])}")
    advice = () if all(trip.whole for trip in trips) else diagnose(subject, trips)
    return Report(name, trips, advice, tuple(notes), undecided)
