"""Every way to put a Keras model away and get it back, as its user would do it."""

from __future__ import annotations

import copy
import inspect
import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from remedies.scenarios.case import (
    WEIGHTS,
    Case,
    NotApplicableError,
    Trained,
    adam,
    keras_file,
)
from remedies.scenarios.generations import generations
from remedies.scenarios.scenario import Scenario

_without_compile = generations(1, compile=False)


def needs(function: Any, parameter: str) -> None:
    """Raise `NotApplicableError` where the installed Keras lacks a parameter."""
    if parameter not in inspect.signature(function).parameters:
        raise NotApplicableError(f"this Keras has no `{parameter}` in `{function.__name__}`")


def _directory(trained: Trained) -> Any:
    import keras

    needs(keras.saving.save_model, "zipped")
    trained.model.save(trained.folder / "model", zipped=False)
    return keras.saving.load_model(trained.folder / "model")


def _h5(trained: Trained) -> Any:
    import keras

    trained.model.save(trained.folder / "model.h5")
    return keras.saving.load_model(trained.folder / "model.h5")


def _keras_file_after_h5(trained: Trained) -> Any:
    trained.model.save(trained.folder / "aside.h5")
    return keras_file(trained)


def _never_compiled(trained: Trained) -> Any:
    twin = type(trained.model).from_config(trained.model.get_config())
    twin(trained.inputs)
    twin.set_weights(trained.model.get_weights())
    return keras_file(replace(trained, model=twin))


Ready = Callable[[Any, Any], object]


def _never_called(model: Any, inputs: Any) -> None:
    """Leave the fresh model as it was made."""


def _called(model: Any, inputs: Any) -> None:
    model.predict_on_batch(inputs)


def _called_and_optimizer_built(model: Any, inputs: Any) -> None:
    _called(model, inputs)
    model.optimizer.build(model.trainable_variables)


def _weights_file(ready: Ready, saved: str = "") -> Callable[[Trained], Any]:
    """Load a weights file into a fresh model that `ready` has prepared."""

    def route(trained: Trained) -> Any:
        path = trained.folder / (saved or "model.weights.h5")
        if not saved:
            trained.model.save_weights(path)
        fresh = trained.fresh()
        ready(fresh, trained.inputs)
        fresh.load_weights(path)
        return fresh

    return route


def _checkpoint(name: str, **settings: Any) -> Callable[[Path], list[Any]]:
    def callbacks(folder: Path) -> list[Any]:
        import keras

        return [keras.callbacks.ModelCheckpoint(folder / name, **settings)]

    return callbacks


def _load_checkpoint(trained: Trained) -> Any:
    import keras

    return keras.saving.load_model(trained.folder / "best.keras")


def _backup(folder: Path) -> list[Any]:
    import keras

    callback = keras.callbacks.BackupAndRestore
    needs(callback.__init__, "delete_checkpoint")
    return [callback(folder / "backup", delete_checkpoint=False)]


def _restore_backup(ready: Ready) -> Callable[[Trained], Any]:
    """Start a fresh model's `fit`, which finds every epoch done and only restores."""

    def route(trained: Trained) -> Any:
        fresh = trained.fresh()
        ready(fresh, trained.inputs)
        callbacks = _backup(trained.folder)
        fresh.fit(trained.inputs, trained.targets, 16, epochs=3, verbose=0, callbacks=callbacks)
        return fresh

    return route


def _tensorflow_checkpoint(ready: Ready) -> Callable[[Trained], Any]:
    def route(trained: Trained) -> Any:
        import tensorflow as tf

        path = tf.train.Checkpoint(model=trained.model).write(str(trained.folder / "state"))
        fresh = trained.fresh()
        ready(fresh, trained.inputs)
        tf.train.Checkpoint(model=fresh).restore(path)
        _called_and_optimizer_built(fresh, trained.inputs)
        return fresh

    return route


def _pickle(trained: Trained) -> Any:
    return pickle.loads(pickle.dumps(trained.model))  # noqa: S301 - bytes of our own making


def _deepcopy(trained: Trained) -> Any:
    return copy.deepcopy(trained.model)


def _clone(trained: Trained) -> Any:
    import keras

    clone = keras.models.clone_model(trained.model)
    clone.set_weights(trained.model.get_weights())
    return clone


def _json(trained: Trained) -> Any:
    import keras

    made = keras.models.model_from_json(trained.model.to_json())
    made.set_weights(trained.model.get_weights())
    return made


def _rescued(trained: Trained) -> Any:
    loaded = _without_compile(trained)
    _called(loaded, trained.inputs)
    loaded.compile(optimizer=adam(), loss="mse", jit_compile=False)
    loaded.optimizer.build(loaded.trainable_variables)
    loaded.load_weights(trained.folder / "model.keras")
    return loaded


def _loss() -> Any:
    import keras

    return keras.losses.MeanSquaredError()


def _scenario(name: str, about: str, case: Case, core: bool = False) -> Scenario:
    return Scenario(name, "formats", about, case, core)


_WEIGHTS_CHECKPOINT = _checkpoint("best.weights.h5", save_weights_only=True)

SCENARIOS = (
    _scenario("keras", "a .keras file", Case(), core=True),
    _scenario("directory", "the same, not zipped", Case(_directory)),
    _scenario("compile_false", "load_model(compile=False)", Case(_without_compile, keeps=WEIGHTS)),
    _scenario(
        "never_compiled", "called, never compiled or trained", Case(_never_compiled, keeps=WEIGHTS)
    ),
    _scenario("h5", "the legacy .h5 file", Case(_h5)),
    _scenario("h5_loss_object", "the same, the loss given as an object", Case(_h5, loss=_loss)),
    _scenario("after_h5", "a .keras file after an .h5 one", Case(_keras_file_after_h5)),
    _scenario(
        "weights_uncalled",
        "a .weights.h5 file into a fresh model",
        Case(_weights_file(_never_called)),
    ),
    _scenario(
        "weights_called", "the same, model called first", Case(_weights_file(_called)), core=True
    ),
    _scenario(
        "weights_built",
        "the same, optimizer built too",
        Case(_weights_file(_called_and_optimizer_built)),
    ),
    _scenario(
        "checkpoint",
        "ModelCheckpoint, whole model",
        Case(_load_checkpoint, callbacks=_checkpoint("best.keras")),
    ),
    _scenario(
        "checkpoint_weights",
        "ModelCheckpoint, weights only, into a called model",
        Case(_weights_file(_called, "best.weights.h5"), callbacks=_WEIGHTS_CHECKPOINT),
    ),
    _scenario(
        "backup",
        "BackupAndRestore in a fresh model's fit",
        Case(_restore_backup(_never_called), callbacks=_backup),
    ),
    _scenario(
        "backup_called",
        "the same, model called first",
        Case(_restore_backup(_called), callbacks=_backup),
    ),
    _scenario(
        "tf_checkpoint",
        "tf.train.Checkpoint, restored before the first call",
        Case(_tensorflow_checkpoint(_never_called)),
    ),
    _scenario(
        "tf_checkpoint_built",
        "the same, model called and optimizer built first",
        Case(_tensorflow_checkpoint(_called_and_optimizer_built)),
    ),
    _scenario("pickle", "pickle.loads(pickle.dumps(model))", Case(_pickle), core=True),
    _scenario("deepcopy", "copy.deepcopy(model)", Case(_deepcopy)),
    _scenario("clone", "clone_model and set_weights", Case(_clone, keeps=WEIGHTS)),
    _scenario("json", "to_json, model_from_json, set_weights", Case(_json, keeps=WEIGHTS)),
    _scenario(
        "rescued",
        "load uncompiled, call, compile, build the optimizer, load_weights",
        Case(_rescued),
        core=True,
    ),
)
