"""How a model is trained: optimizers, dtype policies, frozen layers, XLA, several devices."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

from remedies.scenarios.experiment import (
    EAGERLY,
    FUNCTIONAL,
    Experiment,
    NotApplicableError,
    Scenario,
    Shapes,
    Trained,
    body,
    keras_file,
    set_policy,
    sgd,
)


def _keras(name: str, **settings: Any) -> Callable[[], Any]:
    """Return the maker of a Keras optimizer; what an old Keras lacks does not apply."""

    def make() -> Any:
        import keras

        optimizer = getattr(keras.optimizers, name, None)
        if optimizer is None:
            raise NotApplicableError(f"this Keras has no optimizer {name}")
        for setting in settings.keys() - inspect.signature(optimizer).parameters.keys():
            raise NotApplicableError(f"this Keras has no `{setting}` in {name}")
        return optimizer(**settings)

    return make


def _scheduled() -> Any:
    import keras

    return keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.01, decay_steps=10))


def _loss_scaled() -> Any:
    import keras

    return keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam())


def _under_float32(trained: Trained) -> Any:
    import keras

    trained.model.save(trained.folder / "model.keras")
    set_policy("float32")
    return keras.saving.load_model(trained.folder / "model.keras")


def _frozen(remedy: str, shapes: Shapes) -> Any:
    model = body("Two", widths=(4, 2))(remedy, shapes)
    hidden = model.layers[-2] if remedy == FUNCTIONAL else model.hidden
    hidden.trainable = False
    return model


def two_devices() -> None:
    """Give TensorFlow two logical CPU devices, if it has not started."""
    import tensorflow as tf

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
    import tensorflow as tf

    names = [device.name for device in tf.config.list_logical_devices("CPU")]
    if len(names) < 2:
        raise NotApplicableError("needs a process whose TensorFlow has not started")
    return tf.distribute.MirroredStrategy(names[:2])


def _load_in_scope(trained: Trained) -> Any:
    with strategy().scope():
        return keras_file(trained)


def _optimizer(name: str, description: str, make: Callable[[], Any]) -> Scenario:
    return Scenario("optimizers", name, description, Experiment(optimizer=make, compiling=EAGERLY))


def _policy(name: str) -> Scenario:
    description = f"made under {name.replace('floatx_', 'floatx ')}, loaded under float32"
    experiment = Experiment(_under_float32, policy=name)
    return Scenario("dtype policies", name, description, experiment, name == "mixed_bfloat16")


def _compiled(group: str, name: str, setting: str, value: Any) -> Scenario:
    return Scenario(group, name, f"{setting}={value!r}", Experiment(compiling={setting: value}))


_frozen_layer = partial(Scenario, "frozen layer")

SCENARIOS = (
    Scenario("optimizers", "sgd", "SGD", Experiment(optimizer=sgd), core=True),
    _optimizer("momentum", "SGD with momentum", _keras("SGD", learning_rate=0.01, momentum=0.9)),
    Scenario("optimizers", "adam", "Adam", Experiment(optimizer=_keras("Adam"))),
    _optimizer("adamw", "AdamW", _keras("AdamW")),
    _optimizer("lion", "Lion", _keras("Lion")),
    _optimizer("rmsprop", "RMSprop", _keras("RMSprop")),
    _optimizer("nadam", "Nadam", _keras("Nadam")),
    _optimizer("adagrad", "Adagrad", _keras("Adagrad")),
    _optimizer("adafactor", "Adafactor", _keras("Adafactor")),
    _optimizer("ftrl", "Ftrl", _keras("Ftrl")),
    _optimizer("lamb", "Lamb", _keras("Lamb")),
    _optimizer("muon", "Muon", _keras("Muon")),
    _optimizer(
        "amsgrad",
        "Adam, AMSGrad and clipped gradients",
        _keras("Adam", amsgrad=True, clipnorm=0.1),
    ),
    _optimizer("ema", "Adam, moving average of weights", _keras("Adam", use_ema=True)),
    _optimizer(
        "accumulation",
        "Adam, gradients gathered over 2 steps",
        _keras("Adam", gradient_accumulation_steps=2),
    ),
    _optimizer("schedule", "Adam, cosine decay of the learning rate", _scheduled),
    _optimizer("loss_scaling", "Adam in a LossScaleOptimizer", _loss_scaled),
    _policy("mixed_float16"),
    _policy("mixed_bfloat16"),
    _policy("float16"),
    _policy("float64"),
    _policy("floatx_float16"),
    _frozen_layer("frozen", "layer.trainable = False, Adam", Experiment(make=_frozen), core=True),
    _frozen_layer(
        "frozen_sgd", "layer.trainable = False, SGD", Experiment(make=_frozen, optimizer=sgd)
    ),
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
