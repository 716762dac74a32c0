"""What is set around a model: dtype policies, frozen layers, XLA, a distribution strategy."""

from __future__ import annotations

import functools
from typing import Any

from remedies.scenarios.case import FUNCTIONAL, Case, Trained, keras_file, set_policy
from remedies.scenarios.generations import sgd
from remedies.scenarios.nesting import body
from remedies.scenarios.scenario import Scenario


def _under_float32(trained: Trained) -> Any:
    import keras

    trained.model.save(trained.folder / "model.keras")
    set_policy("float32")
    return keras.saving.load_model(trained.folder / "model.keras")


def _frozen(remedy: str, shapes: Any) -> Any:
    model = body("Two", widths=(4, 2))(remedy, shapes)
    hidden = model.layers[-2] if remedy == FUNCTIONAL else model.hidden
    hidden.trainable = False
    return model


@functools.cache
def strategy() -> Any:
    """Return a mirrored strategy over two logical CPU devices, which the process must have."""
    import tensorflow as tf

    names = [device.name for device in tf.config.list_logical_devices("CPU")]
    return tf.distribute.MirroredStrategy(names[:2])


def _load_in_scope(trained: Trained) -> Any:
    with strategy().scope():
        return keras_file(trained)


_POLICIES = ("mixed_float16", "mixed_bfloat16", "float16", "float64", "floatx_float16")

SCENARIOS = (
    *(
        Scenario(
            policy,
            "dtype policies",
            f"made under {policy.replace('floatx_', 'floatx ')}, loaded under float32",
            Case(_under_float32, policy=policy),
            core=policy == "mixed_bfloat16",
        )
        for policy in _POLICIES
    ),
    Scenario(
        "frozen", "frozen layer", "layer.trainable = False, Adam", Case(make=_frozen), core=True
    ),
    Scenario(
        "frozen_sgd",
        "frozen layer",
        "layer.trainable = False, SGD",
        Case(make=_frozen, optimizer=sgd),
    ),
    *(
        Scenario(f"jit_{name}", "jit_compile", f"jit_compile={jit!r}", Case(jit=jit))
        for name, jit in (("auto", "auto"), ("on", True), ("off", False))
    ),
    *(
        Scenario(name, "compile", f"{name}={value!r}", Case(compiling={name: value}))
        for name, value in (
            ("run_eagerly", True),
            ("steps_per_execution", 2),
            ("metrics", ["mae"]),
        )
    ),
    Scenario(
        "mirrored",
        "distribution",
        "MirroredStrategy over two logical CPU devices",
        Case(_load_in_scope, scope=lambda: strategy().scope()),
        own_process=True,
    ),
)
