"""Every way to put a Keras model away and get it back, as its user would do it."""

import copy
import pickle
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import tensorflow as tf

from remedies.scenarios import scenario
from remedies.scenarios.scenario import WEIGHTS, Scenario, Trained, keras_file, keras_files
from remedies.state import roundtrip


def _file(trained: Trained, name: str = "model", **settings: Any) -> Any:
    trained.model.save(trained.folder / name, **settings)
    return keras.saving.load_model(trained.folder / name)


def _after_h5(trained: Trained) -> Any:
    trained.model.save(trained.folder / "aside.h5")
    return keras_file(trained)


def _cloned(trained: Trained) -> Any:
    model = keras.models.clone_model(trained.model)
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


def _weights_file(trained: Trained, **start: bool) -> Any:
    """Load a weights file into a fresh model."""
    trained.model.save_weights(trained.folder / "model.weights.h5")
    model = _fresh(trained, **start)
    model.load_weights(trained.folder / "model.weights.h5")
    return model


def _restored(trained: Trained, **start: bool) -> Any:
    """Start a fresh model's `fit`, which finds every epoch done and only restores."""
    folder = trained.folder / "backup"
    backup = keras.callbacks.BackupAndRestore(folder, delete_checkpoint=False)
    backup.set_model(trained.model)
    backup.on_epoch_end(0)  # as `fit` does when it has trained
    model = _fresh(trained, **start)
    again = keras.callbacks.BackupAndRestore(folder, delete_checkpoint=False)
    model.fit(trained.inputs, trained.targets, 16, epochs=1, verbose=0, callbacks=[again])
    return model


def _tensorflow(trained: Trained, **start: bool) -> Any:
    path = tf.train.Checkpoint(model=trained.model).write(str(trained.folder / "state"))
    model = _fresh(trained, **start)
    tf.train.Checkpoint(model=model).restore(path)
    model.predict_on_batch(trained.inputs)
    model.optimizer.build(model.trainable_variables)
    return model


def _pickled(trained: Trained) -> Any:
    return pickle.loads(pickle.dumps(trained.model))  # noqa: S301 - bytes of our own making


def _rescued(trained: Trained) -> Any:
    loaded = keras_files(1, compile=False)(trained)
    loaded.predict_on_batch(trained.inputs)
    loaded.compile(optimizer=scenario.adam(), loss="mse", jit_compile=False)
    loaded.optimizer.build(loaded.trainable_variables)
    loaded.load_weights(trained.folder / "model.keras")
    return loaded


def _exported(trained: Trained, stated: bool = True) -> Any:
    """Export the model, with a `stated` input signature; what is served has outputs alone."""
    folder = str(trained.folder / "served")
    spec = {k: tf.TensorSpec((None, *v.shape[1:]), v.dtype) for k, v in trained.inputs.items()}
    trained.model.export(folder, **({"input_signature": [spec]} if stated else {}))
    saved = tf.saved_model.load(folder)
    saved.serve({name: tf.convert_to_tensor(value) for name, value in trained.inputs.items()})
    state = dict.fromkeys(("weights", "variables", "metrics_variables"), ())
    return SimpleNamespace(**state, compiled=False, predict_on_batch=saved.serve)


class Resumed(Scenario):
    """Training in several runs, a file between each two, compared with training in one."""

    runs, steps = 4, 20  # enough to tell a loss that starts over from one that goes on

    def check(self, remedy: str) -> roundtrip.RoundTrip:
        batch, ends = self.data(), list[str]()

        def trained(between: Callable[[Any], Any] = lambda model: model) -> Any:
            keras.utils.set_random_seed(0)  # the same weights each time, once it is called
            model, losses = self.compiled(remedy), []
            for run in range(self.runs):
                with scenario.failing(f"in run {run + 1}: "):
                    model = between(model) if run else model
                    for _ in range(self.steps):
                        model.reset_metrics()  # some versions return a running mean
                        loss = model.train_on_batch(*batch)
                    losses.append(f"{float(loss):.2g}")
            ends.append(", ".join(losses))
            return model

        def route(_: Any, folder: Path) -> Any:
            return trained(partial(roundtrip.keras_file, folder=folder))

        trip = roundtrip.round_trip(trained(), *batch, route=route)
        remark = "losses at the end of each run {1}; without a break {0}".format(*ends)
        return replace(trip, remark=remark)


_row = partial(Scenario, "formats")
_export = partial(Scenario, "export", keeps=("outputs_changed",))
_second = partial(Scenario, "second generation")

# fmt: off
SCENARIOS = (
    _row("keras", "a .keras file"),
    _row("directory", "the same, not zipped", partial(_file, zipped=False)),
    _row("compile_false", "load_model(compile=False)", keras_files(1, compile=False),
         keeps=WEIGHTS),
    _row("h5", "the legacy .h5 file", partial(_file, name="model.h5")),
    _row("h5_loss_object", "the same, the loss given as an object", partial(_file, name="model.h5"),
         compiling={"loss": keras.losses.MeanSquaredError()}),
    _row("after_h5", "a .keras file after an .h5 one", _after_h5),
    _row("weights_uncalled", "a .weights.h5 file into a fresh model", _weights_file),
    _row("weights_called", "a .weights.h5 file into a called model",
         partial(_weights_file, called=True)),
    _row("weights_built", "the same, optimizer built too", partial(_weights_file, built=True)),
    _row("backup", "BackupAndRestore in a fresh model's fit", _restored),
    _row("backup_called", "the same, model called first", partial(_restored, called=True)),
    _row("tf_checkpoint", "tf.train.Checkpoint, restored before the first call", _tensorflow),
    _row("tf_checkpoint_built", "the same, model called and optimizer built first",
         partial(_tensorflow, built=True)),
    _row("pickle", "pickle.loads(pickle.dumps(model))", _pickled),
    _row("deepcopy", "copy.deepcopy(model)", lambda trained: copy.deepcopy(trained.model)),
    _row("clone", "clone_model and set_weights", _cloned, keeps=WEIGHTS),
    _row("rescued", "load uncompiled, call, compile, build the optimizer, load_weights", _rescued),
    _export("export", "export, fed as in training", partial(_exported, stated=False)),
    _export("export_signature", "export with a stated input signature", _exported),
    _second("second_adam", "two saves and loads, Adam", keras_files(2)),
    _second("second_sgd", "two saves and loads, SGD", keras_files(2), optimizer=scenario.sgd),
    _second("second_uncompiled", "two saves and loads, compile=False",
            keras_files(2, compile=False), keeps=WEIGHTS),
    Resumed("second generation", "four_runs",
            "4 runs of 20 steps, a .keras file between each two, Adam",
            optimizer=lambda: keras.optimizers.Adam(0.01, name="adam")),
)
