"""How a model is trained: optimizers, dtype policies, frozen layers, XLA, several devices."""

from __future__ import annotations

import contextlib
import functools
from functools import partial
from typing import Any

import keras
import tensorflow as tf

from remedies.scenarios import bodies, scenario
from remedies.scenarios.scenario import EAGERLY, NotApplicableError, Scenario, Trained, keras_file


def _optimizer(name: str, *rate: float, **settings: Any) -> Any:
    """Return a new Keras optimizer; what an old Keras lacks does not apply."""
    optimizer = getattr(keras.optimizers, name, None)
    if optimizer is None:
        raise NotApplicableError(f"this Keras has no optimizer {name}")
    for setting in settings:
        scenario.needs(optimizer, setting)
    return optimizer(*rate, **settings)


def _scheduled() -> Any:
    return keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.01, decay_steps=10))


def _loss_scaled() -> Any:
    return keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam())


def _under_float32(trained: Trained) -> Any:
    trained.model.save(trained.folder / "model.keras")
    scenario.set_policy("float32")
    return keras.saving.load_model(trained.folder / "model.keras")


def _frozen(remedy: str) -> Any:
    model = bodies.make(remedy, bodies.Two)
    hidden = model.layers[-2] if remedy == bodies.FUNCTIONAL else model.hidden
    hidden.trainable = False
    return model


def two_devices() -> None:
    """Give TensorFlow two logical CPU devices; where it has started, the scenario says so."""
    cpu = tf.config.list_physical_devices("CPU")[0]
    two = [tf.config.LogicalDeviceConfiguration()] * 2
    with contextlib.suppress(RuntimeError):
        tf.config.set_logical_device_configuration(cpu, two)


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


_OPTIMIZERS = ("AdamW", "Lion", "RMSprop", "Nadam", "Adagrad", "Adafactor", "Ftrl", "Lamb", "Muon")
_POLICIES = ("mixed_float16", "mixed_bfloat16", "float16", "float64", "floatx_float16")
_trained = partial(Scenario, "optimizers")
_adam = partial(_optimizer, "Adam")
_frozen_layer = partial(Scenario, "frozen layer", make=_frozen)


def _eager(name: str, description: str, optimizer: Any) -> Scenario:
    return _trained(name, description, optimizer=optimizer, compiling=EAGERLY)


def _policy(name: str) -> Scenario:
    description = f"made under {name.replace('floatx_', 'floatx ')}, loaded under float32"
    return Scenario("dtype policies", name, description, _under_float32, policy=name)


def _compiled(group: str, name: str, setting: str, value: Any) -> Scenario:
    return Scenario(group, name, f"{setting}={value!r}", compiling={setting: value})


# fmt: off
SCENARIOS = (
    _trained("sgd", "SGD", optimizer=scenario.sgd),
    _eager("momentum", "SGD with momentum", partial(_optimizer, "SGD", 0.01, momentum=0.9)),
    _trained("adam", "Adam", optimizer=_adam),
    *(_eager(name.lower(), name, partial(_optimizer, name)) for name in _OPTIMIZERS),
    _eager("amsgrad", "Adam, AMSGrad and clipped gradients",
           partial(_adam, amsgrad=True, clipnorm=0.1)),
    _eager("ema", "Adam, moving average of weights", partial(_adam, use_ema=True)),
    _eager("accumulation", "Adam, gradients gathered over 2 steps",
           partial(_adam, gradient_accumulation_steps=2)),
    _eager("schedule", "Adam, cosine decay of the learning rate", _scheduled),
    _eager("loss_scaling", "Adam in a LossScaleOptimizer", _loss_scaled),
    *map(_policy, _POLICIES),
    _frozen_layer("frozen", "layer.trainable = False, Adam"),
    _frozen_layer("frozen_sgd", "layer.trainable = False, SGD", optimizer=scenario.sgd),
    _compiled("jit_compile", "jit_auto", "jit_compile", "auto"),
    _compiled("jit_compile", "jit_on", "jit_compile", True),
    _compiled("jit_compile", "jit_off", "jit_compile", False),
    _compiled("compile", "run_eagerly", "run_eagerly", True),
    _compiled("compile", "steps_per_execution", "steps_per_execution", 2),
    _compiled("compile", "metrics", "metrics", ["mae"]),
    Scenario("distribution", "mirrored", "MirroredStrategy over two logical CPU devices",
             _load_in_scope, scope=lambda: strategy().scope(), prepare=two_devices),
)
