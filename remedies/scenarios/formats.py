"""Every way to put a Keras model away and get it back, as its user would do it."""

from __future__ import annotations

import copy
import inspect
import pickle
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from remedies.scenarios.experiment import (
    WEIGHTS,
    Experiment,
    NotApplicableError,
    Route,
    Scenario,
    Trained,
    adam,
    keras_file,
    keras_files,
)

_without_compile = keras_files(1, compile=False)


def needs(function: Any, parameter: str) -> None:
    """Raise `NotApplicableError` where the installed Keras lacks a parameter."""
    if parameter not in inspect.signature(function).parameters:
        raise NotApplicableError(f"this Keras has no `{parameter}` in `{function.__name__}`")


def _directory(trained: Trained) -> Any:
    import keras

    needs(keras.saving.save_model, "zipped")
    trained.model.save(trained.folder / "model", zipped=False)
    return keras.saving.load_model(trained.folder / "model")


def _file(name: str, save: bool = True) -> Route:
    """Load the file of this name; `save` it first, unless a callback did."""

    def route(trained: Trained) -> Any:
        import keras

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
    return keras_file(replace(trained, model=twin))


def _called(model: Any, inputs: Any) -> None:
    model.predict_on_batch(inputs)


def _built(model: Any, inputs: Any) -> None:
    _called(model, inputs)
    model.optimizer.build(model.trainable_variables)


Ready = Callable[[Any, Any], object]


def _fresh(trained: Trained, ready: Ready | None) -> Any:
    """Return a model made anew, which `ready` has prepared."""
    model = trained.fresh()
    if ready:
        ready(model, trained.inputs)
    return model


def _weights_file(ready: Ready | None, saved: str = "") -> Route:
    """Load a weights file, or the one that a callback `saved`, into a fresh model."""

    def route(trained: Trained) -> Any:
        path = trained.folder / (saved or "model.weights.h5")
        if not saved:
            trained.model.save_weights(path)
        model = _fresh(trained, ready)
        model.load_weights(path)
        return model

    return route


def _checkpoint(name: str, **settings: Any) -> Callable[[Path], list[Any]]:
    def callbacks(folder: Path) -> list[Any]:
        import keras

        return [keras.callbacks.ModelCheckpoint(folder / name, **settings)]

    return callbacks


def _backup(folder: Path) -> list[Any]:
    import keras

    callback = keras.callbacks.BackupAndRestore
    needs(callback.__init__, "delete_checkpoint")
    return [callback(folder / "backup", delete_checkpoint=False)]


def _restore_backup(ready: Ready | None) -> Route:
    """Start a fresh model's `fit`, which finds every epoch done and only restores."""

    def route(trained: Trained) -> Any:
        model = _fresh(trained, ready)
        callbacks = _backup(trained.folder)
        model.fit(trained.inputs, trained.targets, 16, epochs=3, verbose=0, callbacks=callbacks)
        return model

    return route


def _tensorflow_checkpoint(ready: Ready | None) -> Route:
    def route(trained: Trained) -> Any:
        import tensorflow as tf

        path = tf.train.Checkpoint(model=trained.model).write(str(trained.folder / "state"))
        model = _fresh(trained, ready)
        tf.train.Checkpoint(model=model).restore(path)
        _built(model, trained.inputs)
        return model

    return route


def _pickle(trained: Trained) -> Any:
    return pickle.loads(pickle.dumps(trained.model))  # noqa: S301 - bytes of our own making


def _deepcopy(trained: Trained) -> Any:
    return copy.deepcopy(trained.model)


def _with_weights(model: Any, trained: Trained) -> Any:
    model.set_weights(trained.model.get_weights())
    return model


def _clone(trained: Trained) -> Any:
    import keras

    return _with_weights(keras.models.clone_model(trained.model), trained)


def _json(trained: Trained) -> Any:
    import keras

    return _with_weights(keras.models.model_from_json(trained.model.to_json()), trained)


def _rescued(trained: Trained) -> Any:
    loaded = _without_compile(trained)
    _called(loaded, trained.inputs)
    loaded.compile(optimizer=adam(), loss="mse", jit_compile=False)
    loaded.optimizer.build(loaded.trainable_variables)
    loaded.load_weights(trained.folder / "model.keras")
    return loaded


def _loss_object() -> Any:
    import keras

    return keras.losses.MeanSquaredError()


class Served:
    """An exported model behind its serving signature; it has outputs and nothing else."""

    weights: tuple[Any, ...] = ()
    variables = metrics_variables = weights
    compiled = False

    def __init__(self, path: Path) -> None:
        import tensorflow as tf

        self._saved = tf.saved_model.load(str(path))

    def predict_on_batch(self, inputs: Any) -> Any:
        import tensorflow as tf

        return self._saved.serve({k: tf.convert_to_tensor(v) for k, v in inputs.items()})


def _export(trained: Trained, **settings: Any) -> Any:
    trained.model.export(str(trained.folder / "served"), **settings)
    served = Served(trained.folder / "served")
    served.predict_on_batch(trained.inputs)
    return served


def _export_with_signature(trained: Trained) -> Any:
    import tensorflow as tf

    needs(trained.model.export, "kwargs")
    spec = {k: tf.TensorSpec((None, *v.shape[1:]), v.dtype) for k, v in trained.inputs.items()}
    return _export(trained, input_signature=[spec])


def _export_loaded(trained: Trained) -> Any:
    loaded = keras_file(trained)
    _called(loaded, trained.inputs)
    return _export_with_signature(replace(trained, model=loaded))


_row = partial(Scenario, "formats")
_weights = partial(Experiment, keeps=WEIGHTS)
_served = partial(Experiment, keeps=("outputs_changed",))
_backed_up = partial(Experiment, callbacks=_backup)
_checkpointed = Experiment(_file("best.keras", False), callbacks=_checkpoint("best.keras"))
_weights_checkpointed = Experiment(
    _weights_file(_called, "best.weights.h5"),
    callbacks=_checkpoint("best.weights.h5", save_weights_only=True),
)

SCENARIOS = (
    _row("keras", "a .keras file", Experiment(), core=True),
    _row("directory", "the same, not zipped", Experiment(_directory)),
    _row("compile_false", "load_model(compile=False)", _weights(_without_compile)),
    _row("never_compiled", "called, never compiled or trained", _weights(_never_compiled)),
    _row("h5", "the legacy .h5 file", Experiment(_file("model.h5"))),
    _row(
        "h5_loss_object",
        "the same, the loss given as an object",
        Experiment(_file("model.h5"), loss=_loss_object),
    ),
    _row("after_h5", "a .keras file after an .h5 one", Experiment(_keras_file_after_h5)),
    _row(
        "weights_uncalled", "a .weights.h5 file into a fresh model", Experiment(_weights_file(None))
    ),
    _row(
        "weights_called",
        "the same, model called first",
        Experiment(_weights_file(_called)),
        core=True,
    ),
    _row("weights_built", "the same, optimizer built too", Experiment(_weights_file(_built))),
    _row("checkpoint", "ModelCheckpoint, whole model", _checkpointed),
    _row(
        "checkpoint_weights",
        "ModelCheckpoint, weights only, into a called model",
        _weights_checkpointed,
    ),
    _row("backup", "BackupAndRestore in a fresh model's fit", _backed_up(_restore_backup(None))),
    _row("backup_called", "the same, model called first", _backed_up(_restore_backup(_called))),
    _row(
        "tf_checkpoint",
        "tf.train.Checkpoint, restored before the first call",
        Experiment(_tensorflow_checkpoint(None)),
    ),
    _row(
        "tf_checkpoint_built",
        "the same, model called and optimizer built first",
        Experiment(_tensorflow_checkpoint(_built)),
    ),
    _row("pickle", "pickle.loads(pickle.dumps(model))", Experiment(_pickle), core=True),
    _row("deepcopy", "copy.deepcopy(model)", Experiment(_deepcopy)),
    _row("clone", "clone_model and set_weights", _weights(_clone)),
    _row("json", "to_json, model_from_json, set_weights", _weights(_json)),
    _row(
        "rescued",
        "load uncompiled, call, compile, build the optimizer, load_weights",
        Experiment(_rescued),
        core=True,
    ),
    Scenario("export", "export", "export, fed as in training", _served(_export)),
    Scenario(
        "export",
        "export_signature",
        "export with a stated input signature",
        _served(_export_with_signature),
    ),
    Scenario(
        "export",
        "export_loaded",
        "load, call, export with a stated signature",
        _served(_export_loaded),
    ),
)
