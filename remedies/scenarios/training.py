"""How a model is trained: optimizers, dtype policies, frozen layers, XLA, several devices."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

import keras
import tensorflow as tf

from remedies.scenarios.bodies import Shapes, Two, body
from remedies.scenarios.experiment import Experiment, NotApplicableError, Scenario, scenario
from remedies.scenarios.making import EAGERLY, FUNCTIONAL, Trained, keras_file, set_policy, sgd


def _keras(name: str, *rate: float, **settings: Any) -> Callable[[], Any]:
    """Return the maker of a Keras optimizer; what an old Keras lacks does not apply."""

    def make() -> Any:
        optimizer = getattr(keras.optimizers, name, None)
        if optimizer is None:
            raise NotApplicableError(f"this Keras has no optimizer {name}")
        for setting in settings.keys() - inspect.signature(optimizer).parameters.keys():
            raise NotApplicableError(f"this Keras has no `{setting}` in {name}")
        return optimizer(*rate, **settings)

    return make


def _scheduled() -> Any:
    return keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.01, decay_steps=10))


def _loss_scaled() -> Any:
    return keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam())


def _under_float32(trained: Trained) -> Any:
    trained.model.save(trained.folder / "model.keras")
    set_policy("float32")
    return keras.saving.load_model(trained.folder / "model.keras")


def _frozen(remedy: str, shapes: Shapes) -> Any:
    model = body(Two, widths=(4, 2))(remedy, shapes)
    hidden = model.layers[-2] if remedy == FUNCTIONAL else model.hidden
    hidden.trainable = False
    return model


def two_devices() -> None:
    """Give TensorFlow two logical CPU devices, if it has not started."""
    cpu = tf.config.list_physical_devices("CPU")[0]
    try:
        tf.config.set_logical_device_configuration(
            cpu, [tf.config.LogicalDeviceConfiguration()] * 2
        )
    except RuntimeError:
        return  # it has started: the scenario then says that it cannot be shown


@functools.cache
def strategy() -> Any:
    """Return a mirrored strategy over two logical CPU devices, which the process must have."""
    names = [device.name for device in tf.config.list_logical_devices("CPU")]
    if len(names) < 2:
        raise NotApplicableError("needs a process whose TensorFlow has not started")
    return tf.distribute.MirroredStrategy(names[:2])


def _load_in_scope(trained: Trained) -> Any:
    with strategy().scope():
        return keras_file(trained)


_OPTIMIZERS = ["AdamW", "Lion", "RMSprop", "Nadam", "Adagrad", "Adafactor", "Ftrl", "Lamb", "Muon"]
_optimizer = partial(scenario, "optimizers")
_eager = partial(_optimizer, compiling=EAGERLY)
_frozen_layer = partial(scenario, "frozen layer", make=_frozen)


def _policy(name: str) -> Scenario:
    description = f"made under {name.replace('floatx_', 'floatx ')}, loaded under float32"
    return scenario("dtype policies", name, description, _under_float32, policy=name)


def _compiled(group: str, name: str, setting: str, value: Any) -> Scenario:
    return scenario(group, name, f"{setting}={value!r}", compiling={setting: value})


SCENARIOS = (
    _optimizer("sgd", "SGD", optimizer=sgd),
    _eager("momentum", "SGD with momentum", optimizer=_keras("SGD", 0.01, momentum=0.9)),
    _optimizer("adam", "Adam", optimizer=_keras("Adam")),
    *(_eager(name.lower(), name, optimizer=_keras(name)) for name in _OPTIMIZERS),
    _eager(
        "amsgrad",
        "Adam, AMSGrad and clipped gradients",
        optimizer=_keras("Adam", amsgrad=True, clipnorm=0.1),
    ),
    _eager("ema", "Adam, moving average of weights", optimizer=_keras("Adam", use_ema=True)),
    _eager(
        "accumulation",
        "Adam, gradients gathered over 2 steps",
        optimizer=_keras("Adam", gradient_accumulation_steps=2),
    ),
    _eager("schedule", "Adam, cosine decay of the learning rate", optimizer=_scheduled),
    _eager("loss_scaling", "Adam in a LossScaleOptimizer", optimizer=_loss_scaled),
    *map(_policy, ("mixed_float16", "mixed_bfloat16", "float16", "float64", "floatx_float16")),
    _frozen_layer("frozen", "layer.trainable = False, Adam"),
    _frozen_layer("frozen_sgd", "layer.trainable = False, SGD", optimizer=sgd),
    _compiled("jit_compile", "jit_auto", "jit_compile", "auto"),
    _compiled("jit_compile", "jit_on", "jit_compile", True),
    _compiled("jit_compile", "jit_off", "jit_compile", False),
    _compiled("compile", "run_eagerly", "run_eagerly", True),
    _compiled("compile", "steps_per_execution", "steps_per_execution", 2),
    _compiled("compile", "metrics", "metrics", ["mae"]),
    Scenario(
        "distribution",
        "mirrored",
        "MirroredStrategy over two logical CPU devices",
        Experiment(_load_in_scope, scope=lambda: strategy().scope()),
        prepare=two_devices,
    ),
)
