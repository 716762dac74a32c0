"""Every way to put a Keras model away and get it back, as its user would do it."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from remedies.scenarios import scenario
from remedies.scenarios.scenario import WEIGHTS, Scenario, Trained, keras_file, keras_files, needs
from remedies.state import roundtrip


def _file(trained: Trained, name: str = "model", save: bool = True, **settings: Any) -> Any:
    """Load the file of this name; `save` it first, unless a callback did."""
    if save:
        trained.model.save(trained.folder / name, **settings)
    return keras.saving.load_model(trained.folder / name)


def _directory(trained: Trained) -> Any:
    needs(keras.saving.save_model, "zipped")
    return _file(trained, zipped=False)


def _keras_file_after_h5(trained: Trained) -> Any:
    trained.model.save(trained.folder / "aside.h5")
    return keras_file(trained)


def _never_compiled(trained: Trained) -> Any:
    twin = type(trained.model).from_config(trained.model.get_config())
    twin(trained.inputs)
    twin.set_weights(trained.model.get_weights())
    return keras_file(trained._replace(model=twin))


def _copied(trained: Trained, copied: Callable[[Any], Any]) -> Any:
    model = copied(trained.model)
    model.set_weights(trained.model.get_weights())
    return model


def _fresh(trained: Trained, called: bool = False, built: bool = False) -> Any:
    """Make the model again, call it and build its optimizer."""
    model = trained.fresh()
    if called or built:
        model.predict_on_batch(trained.inputs)
    if built:
        model.optimizer.build(model.trainable_variables)
    return model


def _weights_file(trained: Trained, save: bool = True, **start: bool) -> Any:
    """Load a weights file into a fresh model; `save` it first, unless a callback did."""
    path = trained.folder / "model.weights.h5"
    if save:
        trained.model.save_weights(path)
    model = _fresh(trained, **start)
    model.load_weights(path)
    return model


def _checkpoint(name: str, **settings: Any) -> Callable[[Path], list[Any]]:
    return lambda folder: [keras.callbacks.ModelCheckpoint(folder / name, **settings)]


def _backup(folder: Path) -> list[Any]:
    callback = keras.callbacks.BackupAndRestore
    needs(callback.__init__, "delete_checkpoint")
    return [callback(folder / "backup", delete_checkpoint=False)]


def _restored(trained: Trained, **start: bool) -> Any:
    """Start a fresh model's `fit`, which finds every epoch done and only restores."""
    model, callbacks = _fresh(trained, **start), _backup(trained.folder)
    data = {"x": trained.inputs, "y": trained.targets, "batch_size": 16}
    model.fit(**data, epochs=scenario.STEPS, verbose=0, callbacks=callbacks)
    return model


def _tensorflow(trained: Trained, **start: bool) -> Any:
    path = tf.train.Checkpoint(model=trained.model).write(str(trained.folder / "state"))
    model = _fresh(trained, **start)
    tf.train.Checkpoint(model=model).restore(path)
    model.predict_on_batch(trained.inputs)
    model.optimizer.build(model.trainable_variables)
    return model


def _pickle(trained: Trained) -> Any:
    return pickle.loads(pickle.dumps(trained.model))  # noqa: S301 - bytes of our own making


def _rescued(trained: Trained) -> Any:
    loaded = keras_files(1, compile=False)(trained)
    loaded.predict_on_batch(trained.inputs)
    loaded.compile(optimizer=scenario.adam(), loss="mse", jit_compile=False)
    loaded.optimizer.build(loaded.trainable_variables)
    loaded.load_weights(trained.folder / "model.keras")
    return loaded


class Served:
    """An exported model behind its serving signature; it has outputs and nothing else."""

    weights = variables = metrics_variables = ()
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


class Resumed(Scenario):
    """Training in several runs, a file between each two, compared with training in one."""

    runs, steps = 4, 20  # enough to tell a loss that starts over from one that goes on

    def check(self, remedy: str) -> roundtrip.RoundTrip:
        batch, losses = self.data(), list[float]()
        twin = self._alike(remedy)
        unbroken = [self._run(twin, batch) for _ in range(self.runs)]

        def route(_: Any, folder: Path) -> Any:
            model = self._alike(remedy)
            for run in range(self.runs):
                with scenario.failing(f"in run {run + 1}: "):
                    model = roundtrip.keras_file(model, folder) if run else model
                    losses.append(self._run(model, batch))
            return model

        trip = roundtrip.round_trip(twin, *batch, route=route)
        ends, expected = (", ".join(f"{loss:.2g}" for loss in run) for run in (losses, unbroken))
        remark = f"losses at the end of each run {ends}; without a break {expected}"
        return replace(trip, remark=remark)

    def _alike(self, remedy: str) -> Any:
        """Return the compiled model; each time with the same weights, once it is called."""
        keras.utils.set_random_seed(0)
        return self.compiled(remedy)

    def _run(self, model: Any, batch: Any) -> float:
        for _ in range(self.steps):
            model.reset_metrics()  # some versions return a running mean
            loss = model.train_on_batch(*batch)
        return float(loss)


def _through_json(model: Any) -> Any:
    return keras.models.model_from_json(model.to_json())


_row = partial(Scenario, "formats")
_weights_row = partial(_row, keeps=WEIGHTS)
_export_row = partial(Scenario, "export", keeps=("outputs_changed",))
_second = partial(Scenario, "second generation")
_LOSS = {"loss": keras.losses.MeanSquaredError()}
_h5 = partial(_file, name="model.h5")
_clone = partial(_copied, copied=keras.models.clone_model)
_json = partial(_copied, copied=_through_json)

# fmt: off
SCENARIOS = (
    _row("keras", "a .keras file"),
    _row("directory", "the same, not zipped", _directory),
    _weights_row("compile_false", "load_model(compile=False)", keras_files(1, compile=False)),
    _weights_row("never_compiled", "called, never compiled or trained", _never_compiled),
    _row("h5", "the legacy .h5 file", _h5),
    _row("h5_loss_object", "the same, the loss given as an object", _h5, compiling=_LOSS),
    _row("after_h5", "a .keras file after an .h5 one", _keras_file_after_h5),
    _row("weights_uncalled", "a .weights.h5 file into a fresh model", _weights_file),
    _row("weights_called", "a .weights.h5 file into a called model",
         partial(_weights_file, called=True)),
    _row("weights_built", "the same, optimizer built too", partial(_weights_file, built=True)),
    _row("checkpoint", "ModelCheckpoint, whole model",
         partial(_file, name="best.keras", save=False), callbacks=_checkpoint("best.keras")),
    _row("checkpoint_weights", "ModelCheckpoint, weights only, into a called model",
         partial(_weights_file, save=False, called=True),
         callbacks=_checkpoint("model.weights.h5", save_weights_only=True)),
    _row("backup", "BackupAndRestore in a fresh model's fit", _restored, callbacks=_backup),
    _row("backup_called", "the same, model called first", partial(_restored, called=True),
         callbacks=_backup),
    _row("tf_checkpoint", "tf.train.Checkpoint, restored before the first call", _tensorflow),
    _row("tf_checkpoint_built", "the same, model called and optimizer built first",
         partial(_tensorflow, built=True)),
    _row("pickle", "pickle.loads(pickle.dumps(model))", _pickle),
    _row("deepcopy", "copy.deepcopy(model)", lambda trained: copy.deepcopy(trained.model)),
    _weights_row("clone", "clone_model and set_weights", _clone),
    _weights_row("json", "to_json, model_from_json, set_weights", _json),
    _row("rescued", "load uncompiled, call, compile, build the optimizer, load_weights", _rescued),
    _export_row("export", "export, fed as in training", _export),
    _export_row("export_signature", "export with a stated input signature", _export_with_signature),
    _export_row("export_loaded", "load, call, export with a stated signature", _export_loaded),
    _second("second_adam", "two saves and loads, Adam", keras_files(2)),
    _second("second_sgd", "two saves and loads, SGD", keras_files(2), optimizer=scenario.sgd),
    _second("second_uncompiled", "two saves and loads, compile=False",
            keras_files(2, compile=False), keeps=WEIGHTS),
    Resumed("second generation", "four_runs",
            "4 runs of 20 steps, a .keras file between each two, Adam",
            optimizer=lambda: keras.optimizers.Adam(0.01, name="adam")),
)
