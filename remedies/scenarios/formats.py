"""Every way to put a Keras model away and get it back, as its user would do it."""

import copy
import pickle
from functools import partial
from types import SimpleNamespace
from typing import Any

import keras
import tensorflow as tf

from remedies.scenarios import scenario
from remedies.scenarios.scenario import WEIGHTS, Scenario, Trained, keras_file, keras_file_twice
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


def _weights_file(trained: Trained, **start: bool) -> Any:
    trained.model.save_weights(trained.folder / "model.weights.h5")
    model = trained.fresh(**start)
    model.load_weights(trained.folder / "model.weights.h5")
    return model


def _restored(trained: Trained, **start: bool) -> Any:
    """Start a fresh model's `fit`, which finds every epoch done and only restores."""
    backup = keras.callbacks.BackupAndRestore(trained.folder / "backup")
    backup.set_model(trained.model)
    backup.on_epoch_end(0)  # as `fit` does when it has trained
    model = trained.fresh(**start)
    model.fit(trained.inputs, trained.targets, 16, epochs=1, verbose=0, callbacks=[backup])
    return model


def _tensorflow(trained: Trained, **start: bool) -> Any:
    path = tf.train.Checkpoint(model=trained.model).write(str(trained.folder / "state"))
    model = trained.fresh(**start)
    tf.train.Checkpoint(model=model).restore(path)
    model.predict_on_batch(trained.inputs)
    model.optimizer.build(model.trainable_variables)
    return model


def _rescued(trained: Trained) -> Any:
    loaded = keras_file(trained, compile=False)
    loaded.predict_on_batch(trained.inputs)
    loaded.compile(optimizer=scenario.adam(), loss="mse", jit_compile=False)
    loaded.optimizer.build(loaded.trainable_variables)
    loaded.load_weights(trained.folder / "model.keras")
    return loaded


def _exported(trained: Trained, stated: bool = True) -> Any:
    """Export the model, with a `stated` input signature; what is served has outputs alone."""
    spec = {k: tf.TensorSpec((None, *v.shape[1:]), v.dtype) for k, v in trained.inputs.items()}
    signature = [spec] if stated else None
    trained.model.export(str(trained.folder), input_signature=signature, verbose=False)
    saved = tf.saved_model.load(str(trained.folder))
    saved.serve({name: tf.constant(value) for name, value in trained.inputs.items()})
    state = dict.fromkeys(("weights", "variables", "metrics_variables"), ())
    # The saved object holds the variables that what it serves uses.
    return SimpleNamespace(**state, compiled=False, predict_on_batch=saved.serve, saved=saved)


class Resumed(Scenario):
    """Training in 4 runs of 20 steps, a file between each two, compared with training in one."""

    def check(self, remedy: str) -> roundtrip.RoundTrip:
        batch, ends = self.data(), list[str]()

        def trained(folder: Any = None) -> Any:
            keras.utils.set_random_seed(0)  # the same weights each time, once it is called
            model, losses = self.compiled(remedy), []
            for run in range(4):
                with scenario.failing(f"in run {run + 1}: "):
                    if run and folder:
                        model = roundtrip.keras_file(model, folder)
                    logs = model.fit(*batch, 16, epochs=20, shuffle=False, verbose=0).history
                    losses.append(f"{logs['loss'][-1]:.2g}")
            ends.append(", ".join(losses))
            return model

        trip = roundtrip.round_trip(trained(), *batch, route=lambda _, folder: trained(folder))
        trip.remark = "losses at the end of each run {1}; without a break {0}".format(*ends)
        return trip


_row = partial(Scenario, "formats")
_export = partial(Scenario, "export", keeps=("outputs_changed",))
_second = partial(Scenario, "second generation")

# fmt: off
SCENARIOS = (
    _row("keras", "a .keras file"),
    _row("directory", "the same, not zipped", partial(_file, zipped=False)),
    _row("compile_false", "load_model(compile=False)", partial(keras_file, compile=False),
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
    _row("pickle", "pickle.loads(pickle.dumps(model))",
         lambda trained: pickle.loads(pickle.dumps(trained.model))),  # noqa: S301 - our own bytes
    _row("deepcopy", "copy.deepcopy(model)", lambda trained: copy.deepcopy(trained.model)),
    _row("clone", "clone_model and set_weights", _cloned, keeps=WEIGHTS),
    _row("rescued", "load uncompiled, call, compile, build the optimizer, load_weights", _rescued),
    _export("export", "export, fed as in training", partial(_exported, stated=False)),
    _export("export_signature", "export with a stated input signature", _exported),
    _second("second_adam", "two saves and loads, Adam", keras_file_twice),
    _second("second_sgd", "two saves and loads, SGD", keras_file_twice, optimizer=scenario.sgd),
    _second("second_uncompiled", "two saves and loads, compile=False",
            partial(keras_file_twice, compile=False), keeps=WEIGHTS),
    Resumed("second generation", "four_runs",
            "4 runs of 20 steps, a .keras file between each two, Adam",
            optimizer=partial(scenario.adam, 0.01)),
)
