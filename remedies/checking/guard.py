"""Stop a training run at its first checkpoint that would not come back whole."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from remedies.checking.diagnosis import diagnose
from remedies.checking.findings import Report
from remedies.feed import Feed, spread
from remedies.scratch import scratch
from remedies.state.behaviour import Behaviour
from remedies.state.inventory import take
from remedies.state.preserve import randomness
from remedies.state.trip import Subject, travel
from remedies.state.weights_file import try_weights


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
    subject = Subject(model, Feed(inputs, call=call), take(model), Behaviour(), tuple)
    with randomness():
        trips = travel(subject, twice=False, train=False)
        advice = () if trips[0].whole else diagnose(subject, trips)
    return Report(type(model).__name__, trips, advice)


_WATCHED = {"save": try_model, "save_weights": try_weights}
