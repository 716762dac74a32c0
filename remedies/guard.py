"""Stop a training run at its first checkpoint that would not come back whole."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path
from typing import Any

from remedies.archive import arrays_in, digest_of
from remedies.behaviour import Behaviour
from remedies.diagnosis import diagnose
from remedies.difference import STATE, Difference
from remedies.feed import Feed
from remedies.findings import Cause, Report
from remedies.inventory import take
from remedies.preserve import randomness
from remedies.scratch import scratch
from remedies.trip import Subject, Trip, quiet, travel


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


_WATCHED = {"save": False, "save_weights": True}


def _watch(model: Any) -> None:
    for name, weights_only in _WATCHED.items():
        if name not in vars(model):
            object.__setattr__(model, name, _trying(model, name, weights_only))


def _release(model: Any) -> None:
    for name in _WATCHED:
        vars(model).pop(name, None)


def _trying(model: Any, name: str, weights_only: bool) -> Any:
    original = getattr(model, name)

    @functools.wraps(original)
    def saving(*args: Any, **kwargs: Any) -> Any:
        _release(model)
        written = original(*args, **kwargs)
        with randomness():
            (try_weights if weights_only else try_model)(model).raise_if_lossy()
        return written

    return saving


@scratch()
def try_model(model: Any) -> Report:
    """Return the report on one round trip of `model` as it is, without calling it."""
    name = type(model).__name__
    with quiet():
        subject = Subject(model, Feed(None), take(model), Behaviour(), tuple)
        trips = travel(subject, twice=False, train=False)
        return Report(name, trips, () if trips[0].whole else diagnose(subject, trips))


@scratch()
def try_weights(model: Any) -> Report:
    """Return the report on what a ``.weights.h5`` file of `model` does not hold."""
    with quiet(), tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.weights.h5"
        model.save_weights(path)
        held = {entry.digest for entry in arrays_in(path).values()}
    absent = tuple(
        Difference(item.path, item.kind, True, item.value, None, item.owner)
        for item in take(model).values()
        if item.kind in STATE and digest_of(item.value) not in held
    )
    saved = {kind: len([d for d in absent if d.kind == kind]) for kind in STATE}
    trip = Trip("weights file", saved, absent, outputs_changed=None)
    paths = ", ".join(f"self.{difference.path}" for difference in absent[:6])
    why = f"The weights file does not hold {paths}: Keras does not track these variables."
    do = ("make them with self.add_weight(...), or keep them in an attribute that Keras saves",)
    advice = (Cause("not_in_file", why, do=do),) if absent else ()
    return Report(type(model).__name__, (trip,), advice)
