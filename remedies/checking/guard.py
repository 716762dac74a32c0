"""Stop a training run at its first checkpoint that would not come back whole; try weights files."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from remedies.checking.diagnosis import diagnose
from remedies.checking.findings import Cause, Report, names
from remedies.feed import Feed, spread
from remedies.problem import reason
from remedies.state.archive import absent, arrays_in, missing, saved
from remedies.state.difference import STATE, Difference
from remedies.state.inventory import take
from remedies.state.preserve import randomness, scratch
from remedies.state.trip import Failure, Subject, Trip, travel


def guard(model: Any = None) -> Any:
    """Return a callback that tries the first checkpoint of a run, and stops the run if it is lossy.

    It takes `ModelCheckpoint`, `BackupAndRestore` and plain `model.save` and `save_weights` alike,
    costs one round trip, and changes nothing in the model.

    Parameters
    ----------
    model : keras.Model, optional
        Guard it from now on, without `fit` or before it. Left out, `fit` says which.

    Raises
    ------
    LossyModelError
        From the save that would lose something, once it is written; with the whole report.

    Examples
    --------
    >>> callbacks = [remedies.guard(), ModelCheckpoint("model.keras")]  # doctest: +SKIP
    >>> model.fit(x, y, epochs=100, callbacks=callbacks)  # doctest: +SKIP
    """
    import keras

    class Guard(keras.callbacks.Callback):  # type: ignore[misc]
        def set_model(self, guarded: Any) -> None:
            super().set_model(guarded)
            _watch(guarded)

        def on_train_end(self, logs: Any = None) -> None:
            _release(self.model)

    if model is not None:
        _watch(model)
    return Guard()


def _watch(model: Any) -> None:
    for name, attempt in _WATCHED.items():
        if name not in vars(model):
            object.__setattr__(model, name, _trying(model, name, attempt))


def _release(model: Any) -> None:
    for name in _WATCHED:
        vars(model).pop(name, None)


def _trying(model: Any, name: str, attempt: Callable[[Any], Report]) -> Any:
    original = getattr(model, name)

    @functools.wraps(original)
    def saving(*args: Any, **kwargs: Any) -> Any:
        _release(model)
        written = original(*args, **kwargs)
        attempt(model).raise_if_lossy()
        return written

    return saving


@scratch()
def try_model(model: Any, inputs: Any = None) -> Report:
    """Return the report on one round trip of `model` as it is, without calling it.

    Causes are looked for, and cures written, on `inputs` where they are given.
    """
    call = () if inputs is None else spread(type(model), inputs)
    subject = Subject(model, Feed(inputs, call=call), take(model))
    with randomness():
        trips = travel(subject, twice=False, train=False)
        advice = () if trips[0].whole else diagnose(subject, trips)
    return Report(type(model).__name__, trips, advice)


@scratch()
def try_weights(model: Any) -> Report:
    """Return the report on what a file of the weights of `model` does not hold."""
    lost = tuple(
        Difference(item.path, item.kind, True, item.value, None, item.owner)
        for item in absent(model, saved(model), STATE)
    )
    why = f"The weights file does not hold {names(list(lost))}: Keras does not track these."
    do = "make them with self.add_weight(...), or keep them in an attribute that Keras saves"
    kinds = [item.kind for item in take(model).values()]
    counts = {kind: kinds.count(kind) for kind in STATE}
    trip = Trip("weights file", counts, lost, outputs_changed=None)
    advice = (Cause("not_in_file", why, do=(do,)),) if lost else ()
    return Report(type(model).__name__, (trip,), advice)


@scratch()
def check_weights(path: str, model: Any, name: str) -> Report:
    """Load a ``.weights.h5`` file into `model` and report what did not come in.

    Raises `BadInputError` for a file that cannot be read.
    """
    held = arrays_in(Path(path))
    trip = Trip("load_weights", dict.fromkeys(STATE, len(held)), outputs_changed=None)
    try:
        model.load_weights(path)
    except Exception as error:
        why, do = "The weights do not fit this model.", f"make it as it was saved: {reason(error)}"
        failure = Failure("loading", reason(error, 600), None, error)
        cause = Cause("load_error", why, do=(do,))
        return Report(name, (replace(trip, failure=failure),), (cause,))
    lost = missing(model, held)
    inner = [key for key in lost if key.startswith("optimizer")]
    why = f"{len(lost)} arrays of the file are not in the model: {', '.join(lost[:3])}."
    do = "before load_weights, call the model on a batch"
    if inner:
        do += " and model.optimizer.build(model.trainable_variables)"
    cause = Cause("optimizer" if len(inner) == len(lost) else "children_not_built", why, do=(do,))
    kinds = {key: "optimizer" if key in inner else "weight" for key in lost}
    differences = tuple(Difference(key, kind, True) for key, kind in kinds.items())
    return Report(name, (replace(trip, differences=differences),), (cause,) if lost else ())


_WATCHED = {"save": try_model, "save_weights": try_weights}
