"""The small models that scenarios put remedies into.

An image of 8x8x3 is masked, flattened and given to `Dense` layers: small enough that a cell of the
matrix takes a second. A body says what the model is; a remedy adds how the mask is applied and what
is overridden. `written` makes the class of both.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import keras

from remedies.scenarios.operations import OPERATIONS

FUNCTIONAL = "functional_bool_input"
PACKAGE = "remedies.scenarios"  # that classes and functions are registered under
Shapes = Mapping[str, tuple[int, ...]]
register: Any = keras.saving.register_keras_serializable(PACKAGE)
SHAPES: Shapes = {"image": (8, 8, 3), "mask": (8, 8, 3)}


class Body(keras.layers.Layer):  # type: ignore[misc]
    """A dict of image and mask to two numbers."""

    select: Any  # which the remedy brings

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.flatten = keras.layers.Flatten()
        self.dense = keras.layers.Dense(2)

    def call(self, inputs: Any) -> Any:
        return self.run(inputs["mask"], inputs["image"])

    def run(self, mask: Any, image: Any) -> Any:
        """Mask the image and take it through the layers."""
        value = self.select(mask, image)
        for step in self.steps():
            value = step(value)
        return value

    def steps(self) -> list[Any]:
        """Return the layers in the order in which `call` uses them."""
        return [self.flatten, self.dense]

    def build_steps(self, config: Any) -> None:
        """Build every layer from the image's recorded shape, as the article does."""
        build_each(self.steps(), self.image_shape(config))

    def image_shape(self, config: Any) -> Any:
        return config["input_shape"]["image"]


def build_each(steps: list[Any], shape: Any) -> None:
    """Build layers of which each is called on what the one before returns."""
    for step in steps:
        step.build(shape)
        shape = step.compute_output_shape(shape)


class Two(Body):
    """Two `Dense` layers."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.hidden = keras.layers.Dense(4)

    def steps(self) -> list[Any]:
        return [self.flatten, self.hidden, self.dense]


class Raw(keras.layers.Layer):  # type: ignore[misc]
    """The operation as it stands: `tf.where`, but for the scenarios about others."""

    operation, way = OPERATIONS["where"], "raw"

    def select(self, mask: Any, image: Any) -> Any:
        return getattr(self.operation, self.way)(mask, image)


class TfCast(Raw):
    """The operation on a mask that is cast first."""

    way = "cast"


class OpsWhere(Raw):
    """`keras.ops.where`, which casts by itself, or the operation's counterpart in `keras.ops`."""

    way = "counterpart"


class BuildFromConfig(Raw):
    """The article's override: build each layer from the recorded shape of the image."""

    def build_from_config(self, config: Any) -> None:
        self.build_steps(config)


class BuildFromConfigPair(BuildFromConfig):
    """The override with its other half: the loaded model remembers its build config."""

    recorded: Any = None

    def build_from_config(self, config: Any) -> None:
        super().build_from_config(config)
        self.recorded = config

    def get_build_config(self) -> Any:
        return self.recorded or super().get_build_config()


WRITTEN = {
    "control": Raw,
    "build_from_config": BuildFromConfig,
    "build_from_config_pair": BuildFromConfigPair,
    "tf_cast": TfCast,
    "ops_where": OpsWhere,
}


@functools.cache
def written(
    remedy: str, body: type = Body, operation: str = "where", base: type = keras.Model
) -> type:
    """Return the registered class of `body` written with `remedy`."""
    title = "" if operation == "where" else operation.title().replace("_", "")
    name = f"{WRITTEN[remedy].__name__}{title}{body.__name__}{base.__name__}"
    made = type(name, (WRITTEN[remedy], body, base), {"operation": OPERATIONS[operation]})
    globals()[name] = made  # pickle finds classes by name
    return register(made)  # type: ignore[no-any-return]


@register
class Where(keras.layers.Layer):  # type: ignore[misc]
    """`tf.where(mask, image, 0)`, or another operation, as a layer for functional models."""

    def __init__(self, operation: str = "where", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.operation = operation

    def call(self, mask: Any, image: Any) -> Any:
        return OPERATIONS[self.operation].raw(mask, image)

    def get_config(self) -> Any:
        return super().get_config() | {"operation": self.operation}


def stand_ins(shapes: Shapes = SHAPES, mask: str | None = "bool") -> dict[str, Any]:
    """Return functional inputs `image` (floatx) and `mask`, of the dtype given."""
    dtypes = {"image": None, "mask": mask}
    return {name: keras.Input(shapes[name], name=name, dtype=dtypes[name]) for name in dtypes}


def functional(
    select: Any = None,
    body: type[Body] = Body,
    shapes: Shapes = SHAPES,
    mask: str | None = "bool",
    pack: Any = dict,
) -> Any:
    """Return a functional model of the body's layers behind `select(mask, image)`.

    `mask` is its dtype; `pack` makes the input structure of a dict of image and mask.
    """
    inputs = stand_ins(shapes, mask)
    value = (select or Where())(inputs["mask"], inputs["image"])
    for step in body().steps():
        value = step(value)
    return keras.Model(pack(inputs), value)


def make(
    remedy: str,
    body: Any = Body,
    operation: str = "where",
    shapes: Shapes = SHAPES,
    pack: Any = dict,
) -> Any:
    """Return the uncompiled model of `body` written with `remedy`."""
    if remedy == FUNCTIONAL:
        return functional(Where(operation), body, shapes, OPERATIONS[operation].dtype, pack)
    return written(remedy, body, operation)()
