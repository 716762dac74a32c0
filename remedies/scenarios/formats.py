"""Every way to put a Keras model away and get it back, as its user would do it."""

from __future__ import annotations

import copy
import inspect
import pickle
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from remedies.scenarios.experiment import NotApplicableError, scenario
from remedies.scenarios.making import WEIGHTS, Route, Trained, adam, keras_file, keras_files

_without_compile = keras_files(1, compile=False)


def needs(function: Any, parameter: str) -> None:
    """Raise `NotApplicableError` where the installed Keras lacks a parameter."""
    if parameter not in inspect.signature(function).parameters:
        raise NotApplicableError(f"this Keras has no `{parameter}` in `{function.__name__}`")


def _directory(trained: Trained) -> Any:
    needs(keras.saving.save_model, "zipped")
    trained.model.save(trained.folder / "model", zipped=False)
    return keras.saving.load_model(trained.folder / "model")


def _file(name: str, save: bool = True) -> Route:
    """Load the file of this name; `save` it first, unless a callback did."""

    def route(trained: Trained) -> Any:
        if save:
            trained.model.save(trained.folder / name)
        return keras.saving.load_model(trained.folder / name)

    return route


def _keras_file_after_h5(trained: Trained) -> Any:
    trained.model.save(trained.folder / "aside.h5")
    return keras_file(trained)


def _never_compiled(trained: Trained) -> Any:
    twin = type(trained.model).from_config(trained.model.get_config())
    twin(trained.inputs)
    twin.set_weights(trained.model.get_weights())
    return keras_file(trained._replace(model=twin))


def _new(trained: Trained) -> Any:
    return trained.fresh()


def _called(trained: Trained) -> Any:
    model = trained.fresh()
    model.predict_on_batch(trained.inputs)
    return model


def _built(trained: Trained) -> Any:
    model = _called(trained)
    model.optimizer.build(model.trainable_variables)
    return model


def _weights_file(start: Route, saved: str = "") -> Route:
    """Load a weights file, or the one that a callback `saved`, into what `start` makes."""

    def route(trained: Trained) -> Any:
        path = trained.folder / (saved or "model.weights.h5")
        if not saved:
            trained.model.save_weights(path)
        model = start(trained)
        model.load_weights(path)
        return model

    return route


def _checkpoint(name: str, **settings: Any) -> Callable[[Path], list[Any]]:
    def callbacks(folder: Path) -> list[Any]:
        return [keras.callbacks.ModelCheckpoint(folder / name, **settings)]

    return callbacks


def _backup(folder: Path) -> list[Any]:
    callback = keras.callbacks.BackupAndRestore
    needs(callback.__init__, "delete_checkpoint")
    return [callback(folder / "backup", delete_checkpoint=False)]


def _restored(start: Route) -> Route:
    """Start the model's `fit`, which finds every epoch done and only restores."""

    def route(trained: Trained) -> Any:
        model = start(trained)
        callbacks = _backup(trained.folder)
        model.fit(trained.inputs, trained.targets, 16, epochs=3, verbose=0, callbacks=callbacks)
        return model

    return route


def _tensorflow(start: Route) -> Route:
    def route(trained: Trained) -> Any:
        path = tf.train.Checkpoint(model=trained.model).write(str(trained.folder / "state"))
        model = start(trained)
        tf.train.Checkpoint(model=model).restore(path)
        model.predict_on_batch(trained.inputs)
        model.optimizer.build(model.trainable_variables)
        return model

    return route


def _pickle(trained: Trained) -> Any:
    return pickle.loads(pickle.dumps(trained.model))  # noqa: S301 - bytes of our own making


def _with_weights(model: Any, trained: Trained) -> Any:
    model.set_weights(trained.model.get_weights())
    return model


def _clone(trained: Trained) -> Any:
    return _with_weights(keras.models.clone_model(trained.model), trained)


def _json(trained: Trained) -> Any:
    return _with_weights(keras.models.model_from_json(trained.model.to_json()), trained)


def _rescued(trained: Trained) -> Any:
    loaded = _without_compile(trained)
    loaded.predict_on_batch(trained.inputs)
    loaded.compile(optimizer=adam(), loss="mse", jit_compile=False)
    loaded.optimizer.build(loaded.trainable_variables)
    loaded.load_weights(trained.folder / "model.keras")
    return loaded


class Served:
    """An exported model behind its serving signature; it has outputs and nothing else."""

    weights: tuple[Any, ...] = ()
    variables = metrics_variables = weights
    compiled = False

    def __init__(self, path: Path) -> None:
        self._saved = tf.saved_model.load(str(path))

    def predict_on_batch(self, inputs: Any) -> Any:
        return self._saved.serve({k: tf.convert_to_tensor(v) for k, v in inputs.items()})


def _export(trained: Trained, **settings: Any) -> Any:
    trained.model.export(str(trained.folder / "served"), **settings)
    served = Served(trained.folder / "served")
    served.predict_on_batch(trained.inputs)
    return served


def _export_with_signature(trained: Trained) -> Any:
    needs(trained.model.export, "kwargs")
    spec = {k: tf.TensorSpec((None, *v.shape[1:]), v.dtype) for k, v in trained.inputs.items()}
    return _export(trained, input_signature=[spec])


def _export_loaded(trained: Trained) -> Any:
    loaded = keras_file(trained)
    loaded.predict_on_batch(trained.inputs)
    return _export_with_signature(trained._replace(model=loaded))


_row = partial(scenario, "formats")
_LOSS = keras.losses.MeanSquaredError
_export_row = partial(scenario, "export", keeps=("outputs_changed",))

SCENARIOS = (
    _row("keras", "a .keras file"),
    _row("directory", "the same, not zipped", _directory),
    _row("compile_false", "load_model(compile=False)", _without_compile, keeps=WEIGHTS),
    _row("never_compiled", "called, never compiled or trained", _never_compiled, keeps=WEIGHTS),
    _row("h5", "the legacy .h5 file", _file("model.h5")),
    _row("h5_loss_object", "the same, the loss given as an object", _file("model.h5"), loss=_LOSS),
    _row("after_h5", "a .keras file after an .h5 one", _keras_file_after_h5),
    _row("weights_uncalled", "a .weights.h5 file into a fresh model", _weights_file(_new)),
    _row("weights_called", "a .weights.h5 file into a called model", _weights_file(_called)),
    _row("weights_built", "the same, optimizer built too", _weights_file(_built)),
    _row(
        "checkpoint",
        "ModelCheckpoint, whole model",
        _file("best.keras", save=False),
        callbacks=_checkpoint("best.keras"),
    ),
    _row(
        "checkpoint_weights",
        "ModelCheckpoint, weights only, into a called model",
        _weights_file(_called, "best.weights.h5"),
        callbacks=_checkpoint("best.weights.h5", save_weights_only=True),
    ),
    _row("backup", "BackupAndRestore in a fresh model's fit", _restored(_new), callbacks=_backup),
    _row("backup_called", "the same, model called first", _restored(_called), callbacks=_backup),
    _row("tf_checkpoint", "tf.train.Checkpoint, restored before the first call", _tensorflow(_new)),
    _row(
        "tf_checkpoint_built",
        "the same, model called and optimizer built first",
        _tensorflow(_built),
    ),
    _row("pickle", "pickle.loads(pickle.dumps(model))", _pickle),
    _row("deepcopy", "copy.deepcopy(model)", lambda trained: copy.deepcopy(trained.model)),
    _row("clone", "clone_model and set_weights", _clone, keeps=WEIGHTS),
    _row("json", "to_json, model_from_json, set_weights", _json, keeps=WEIGHTS),
    _row("rescued", "load uncompiled, call, compile, build the optimizer, load_weights", _rescued),
    _export_row("export", "export, fed as in training", _export),
    _export_row("export_signature", "export with a stated input signature", _export_with_signature),
    _export_row("export_loaded", "load, call, export with a stated signature", _export_loaded),
)
