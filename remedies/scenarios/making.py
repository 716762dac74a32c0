"""What scenarios are made of: small models, optimizers, and ways through a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import keras

from remedies import registry

REMEDIES = tuple(registry.REMEDIES)
FUNCTIONAL = "functional_bool_input"
OVERRIDES = ("build_from_config", "build_from_config_pair")
WEIGHTS = ("weights_lost", "weights_changed", "outputs_changed")
# Tracing takes most of a cell's time, and what files keep does not depend on how steps run: the
# scenarios `run_eagerly` and `jit_...` show it. Rows that are many of a kind run so.
EAGERLY = {"run_eagerly": True}


class Trained(NamedTuple):
    """A compiled and trained model on its way through a format."""

    model: Any
    fresh: Callable[[], Any]  # makes it again: compiled, never called, with other weights
    inputs: Any  # the batch it was trained on
    targets: Any
    folder: Path  # where to save


Route = Callable[[Trained], Any]


def keras_files(count: int, **settings: Any) -> Route:
    """Return the route through `count` ``.keras`` files; `settings` go to `load_model`."""

    def route(trained: Trained) -> Any:
        path = trained.folder / "model.keras"
        model = trained.model
        for _ in range(count):
            model.save(path)
            model = keras.saving.load_model(path, **settings)
        return model

    return route


keras_file = keras_files(1)


def adam() -> Any:
    """Return Adam under a fixed name: Keras numbers the names of a process's optimizers."""
    return keras.optimizers.Adam(name="adam")


def sgd() -> Any:
    """Return plain SGD, which has no variables of its own per weight."""
    return keras.optimizers.SGD(0.01)


def only(*remedies: str, because: str) -> dict[str, str]:
    """Return the excuses of all but these remedies."""
    return {name: because for name in REMEDIES if name not in remedies}


def set_policy(name: str) -> None:
    """Make `name` the default dtype policy; ``floatx_...`` sets the default float type instead."""
    floatx = name.removeprefix("floatx_") if name.startswith("floatx_") else "float32"
    keras.config.set_floatx(floatx)
    if floatx == "float32":
        setter = getattr(keras.config, "set_dtype_policy", None)
        (setter or keras.mixed_precision.set_dtype_policy)(name)  # where Keras 3.0 has it
