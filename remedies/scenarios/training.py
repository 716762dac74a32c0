"""How a model is trained: optimizers, dtype policies, frozen layers, XLA, several devices."""

import functools
from collections.abc import Callable
from functools import partial
from typing import Any

import keras
import tensorflow as tf

from remedies.scenarios import bodies, scenario
from remedies.scenarios.scenario import EAGERLY, Scenario


def _optimizer(name: str, **settings: Any) -> Callable[[], Any]:
    """Return what makes an optimizer, looked up when it is made: an old Keras lacks some."""
    return lambda: getattr(keras.optimizers, name)(**settings)


def _loss_scaled() -> Any:
    return keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam())


def _frozen(remedy: str) -> Any:
    model = bodies.make(remedy, bodies.Two)
    hidden = model.layers[-2] if remedy == bodies.FUNCTIONAL else model.hidden
    hidden.trainable = False
    return model


def two_devices() -> None:
    """Give TensorFlow two logical CPU devices, which it takes only before it starts."""
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)


@functools.cache
def _strategy() -> Any:
    return tf.distribute.MirroredStrategy([d.name for d in tf.config.list_logical_devices("CPU")])


_OPTIMIZERS = ("AdamW", "Lion", "RMSprop", "Nadam", "Adagrad", "Adafactor", "Ftrl", "Lamb", "Muon")
_DECAY = keras.optimizers.schedules.CosineDecay(0.01, decay_steps=10)
_trained = partial(Scenario, "optimizers")
_eager = partial(_trained, compiling=EAGERLY)
_frozen_layer = partial(Scenario, "frozen layer", make=_frozen)


def _compiled(group: str, name: str, setting: str, value: Any) -> Scenario:
    return Scenario(group, name, f"{setting}={value!r}", compiling={setting: value})


# fmt: off
SCENARIOS = (
    _trained("sgd", "SGD", optimizer=scenario.sgd),
    _eager("momentum", "SGD with momentum",
           optimizer=_optimizer("SGD", learning_rate=0.01, momentum=0.9)),
    _trained("adam", "Adam"),
    *(_eager(name.lower(), name, optimizer=_optimizer(name)) for name in _OPTIMIZERS),
    _eager("amsgrad", "Adam, AMSGrad and clipped gradients",
           optimizer=_optimizer("Adam", amsgrad=True, clipnorm=0.1)),
    _eager("ema", "Adam, moving average of weights", optimizer=_optimizer("Adam", use_ema=True)),
    _eager("accumulation", "Adam, gradients gathered over 2 steps",
           optimizer=_optimizer("Adam", gradient_accumulation_steps=2)),
    _eager("schedule", "Adam, cosine decay of the learning rate",
           optimizer=_optimizer("Adam", learning_rate=_DECAY)),
    _eager("loss_scaling", "Adam in a LossScaleOptimizer", optimizer=_loss_scaled),
    *(Scenario("dtype policies", name, policy=name, description="made under "
               f"{name.replace('floatx_', 'floatx ')}, loaded under float32")
      for name in ("mixed_float16", "mixed_bfloat16", "float16", "float64", "floatx_float16")),
    _frozen_layer("frozen", "layer.trainable = False, Adam"),
    _frozen_layer("frozen_sgd", "layer.trainable = False, SGD", optimizer=scenario.sgd),
    _compiled("jit_compile", "jit_auto", "jit_compile", "auto"),
    _compiled("jit_compile", "jit_on", "jit_compile", True),
    _compiled("jit_compile", "jit_off", "jit_compile", False),
    _compiled("compile", "run_eagerly", "run_eagerly", True),
    _compiled("compile", "steps_per_execution", "steps_per_execution", 2),
    _compiled("compile", "metrics", "metrics", ["mae"]),
    Scenario("distribution", "mirrored", "MirroredStrategy over two logical CPU devices",
             scope=lambda: _strategy().scope(), prepare=two_devices),
)
