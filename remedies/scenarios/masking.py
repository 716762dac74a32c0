"""How each remedy writes the masking of a small model, whatever the model's body is.

An image of 8x8x3 is masked, flattened and given to `Dense` layers: small enough that a cell of the
matrix takes a second. A body (`bodies`, `overrides`) says what the model is; a remedy adds how the
mask is applied and what is overridden. `written` makes the class of both.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import keras

from remedies.scenarios.operations import OPERATIONS, PACKAGE


class Raw:
    """The operation as it stands: `tf.where`, but for the scenarios about others."""

    operation = OPERATIONS["where"]

    def select(self, mask: Any, image: Any) -> Any:
        return self.operation.raw(mask, image)


class BuildFromConfig(Raw):
    """The article's override: build each layer from the recorded shape of the image."""

    def build_from_config(self, config: Any) -> None:
        body: Any = self
        body.build_steps(config)


class BuildFromConfigPair(BuildFromConfig):
    """The override with its other half: the loaded model remembers its build config."""

    def get_build_config(self) -> Any:
        base: Any = super()
        return getattr(self, "kept_config", None) or base.get_build_config()

    def build_from_config(self, config: Any) -> None:
        super().build_from_config(config)
        self.kept_config = config


class TfCast(Raw):
    """The operation on a mask that is cast first."""

    def select(self, mask: Any, image: Any) -> Any:
        return self.operation.cast(mask, image)


class OpsWhere(Raw):
    """`keras.ops.where`, which casts by itself, or the operation's counterpart in `keras.ops`."""

    def select(self, mask: Any, image: Any) -> Any:
        return self.operation.counterpart(mask, image)


WRITTEN = {
    "control": Raw,
    "build_from_config": BuildFromConfig,
    "build_from_config_pair": BuildFromConfigPair,
    "tf_cast": TfCast,
    "ops_where": OpsWhere,
}


@functools.cache
def written(remedy: str, body: Any, base: type | None = None) -> type:
    """Return the registered class of `body` written with `remedy`, by default a `keras.Model`."""
    parents = (WRITTEN[remedy], body, base or keras.Model)
    name = "".join(parent.__name__ for parent in parents)
    own = {key: vars(body)[key] for key in ("operation",) if key in vars(body)}
    made = type(name, parents, own)
    globals()[name] = made  # pickle finds classes by name
    return keras.saving.register_keras_serializable(PACKAGE)(made)  # type: ignore[no-any-return]


@keras.saving.register_keras_serializable(PACKAGE)
class Where(keras.layers.Layer):  # type: ignore[misc]
    """`tf.where(mask, image, 0)`, or another operation, as a layer for functional models."""

    def __init__(self, operation: str = "where", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.operation = operation

    def call(self, mask: Any, image: Any) -> Any:
        return OPERATIONS[self.operation].raw(mask, image)

    def get_config(self) -> Any:
        return super().get_config() | {"operation": self.operation}


Shapes = Mapping[str, tuple[int, ...]]
SHAPES: Shapes = {"image": (8, 8, 3), "mask": (8, 8, 3)}


def stand_ins(shapes: Shapes = SHAPES, mask: str | None = "bool") -> dict[str, Any]:
    """Return functional inputs `image` (floatx) and `mask`, of the dtype given."""
    dtypes = {"image": None, "mask": mask}
    return {name: keras.Input(shapes[name], name=name, dtype=dtypes[name]) for name in dtypes}


def functional(
    shapes: Shapes = SHAPES,
    pack: Any = dict,
    widths: tuple[int, ...] = (2,),
    operation: str = "where",
) -> Any:
    """Return the functional model; `pack` makes its input structure of a dict of inputs."""
    inputs = stand_ins(shapes, OPERATIONS[operation].dtype)
    value = keras.layers.Flatten()(Where(operation)(inputs["mask"], inputs["image"]))
    for width in widths:
        value = keras.layers.Dense(width)(value)
    return keras.Model(pack(inputs), value)
