"""The small models that scenarios put remedies into.

An image of 8x8x3 is masked, flattened and given to `Dense` layers: small enough that a cell of the
matrix takes a second. An operation says what is done with the mask, a body what the model is; a
remedy adds how the operation is written and what is overridden. `written` makes the class of all.
"""

import functools
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import keras
import tensorflow as tf

FUNCTIONAL = "functional_bool_input"
PACKAGE = "remedies.scenarios"  # that classes and functions are registered under
Shapes = Mapping[str, tuple[int, ...]]
Operation = Callable[[Any, Any], Any]  # of a mask and an image, to something of the image's shape
register: Any = keras.saving.register_keras_serializable(PACKAGE)
SHAPES: Shapes = {"image": (8, 8, 3), "mask": (8, 8, 3)}
_TABLE = (0.25, 0.75)


class Choice(NamedTuple):
    """One operation on a mask, and how it is written where it is not the plain way."""

    dtype: str  # what the mask has to be
    raw: Operation  # as TensorFlow's or Keras' users write it
    counterpart: Operation  # the same with the function of `keras.ops` that stands nearest

    def cast(self, mask: Any, image: Any) -> Any:
        """Return `raw` of the mask cast to what it has to be."""
        return self.raw(tf.cast(mask, self.dtype), image)


# fmt: off
OPERATIONS = {
    "where": Choice("bool", lambda m, x: tf.where(m, x, 0), lambda m, x: keras.ops.where(m, x, 0)),
    "gather": Choice("int32", lambda m, x: x * tf.gather(tf.constant(_TABLE), m),
                     lambda m, x: x * keras.ops.take(keras.ops.array(_TABLE), m)),
    "one_hot": Choice("int32", lambda m, x: x * tf.one_hot(m, 2)[..., 1],
                      lambda m, x: x * keras.ops.one_hot(m, 2)[..., 1]),
}
# fmt: on


class Body(keras.layers.Layer):  # type: ignore[misc]
    """A dict of image and mask to two numbers."""

    select: Operation  # which the remedy brings

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for name, part in self.parts().items():
            setattr(self, name, part)

    def parts(self) -> dict[str, Any]:
        """Return the layers that it holds, by attribute."""
        return {"flatten": keras.layers.Flatten(), "dense": keras.layers.Dense(2)}

    def steps(self) -> list[Any]:
        """Return the layers in the order in which `call` uses them."""
        return [self.flatten, self.dense]

    def call(self, inputs: Any) -> Any:
        return self.run(inputs["mask"], inputs["image"])

    def run(self, mask: Any, image: Any) -> Any:
        """Mask the image and take it through the layers."""
        value = self.select(mask, image)
        for step in self.steps():
            value = step(value)
        return value

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

    def parts(self) -> dict[str, Any]:
        return super().parts() | {"hidden": keras.layers.Dense(4)}

    def steps(self) -> list[Any]:
        return [self.flatten, self.hidden, self.dense]


class Raw(keras.layers.Layer):  # type: ignore[misc]
    """The operation as it stands: `tf.where`, but for the scenarios about others."""

    operation, way = OPERATIONS["where"], "raw"  # a way is a field of `Choice`, or `cast`

    def select(self, mask: Any, image: Any) -> Any:
        return getattr(self.operation, self.way)(mask, image)


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


WRITTEN: dict[str, Any] = {
    "control": Raw,
    "build_from_config": BuildFromConfig,
    "build_from_config_pair": BuildFromConfigPair,
    "tf_cast": type("TfCast", (Raw,), {"way": "cast"}),
    "ops_where": type("OpsWhere", (Raw,), {"way": "counterpart"}),
}


@functools.cache
def written(
    remedy: str, body: type = Body, operation: str = "where", base: type = keras.Model
) -> type:
    """Return the registered class of `body` written with `remedy`."""
    title = "" if operation == "where" else operation.title().replace("_", "")
    name = f"{WRITTEN[remedy].__name__}{title}{body.__name__.strip('_')}{base.__name__}"
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
    body: Any = Body,
    mask: Any = "bool",
    shapes: Shapes = SHAPES,
    pack: Any = dict,
) -> Any:
    """Return a functional model of the body's layers behind `select(mask, image)`.

    `mask` is its dtype; `pack` makes the input structure of a dict of image and mask.
    """
    inputs = stand_ins(shapes, mask)
    layers = body()
    layers.select = select or Where()
    return keras.Model(pack(inputs), layers.run(inputs["mask"], inputs["image"]))


def make(remedy: str, body: Any = Body, operation: str = "where", **inputs: Any) -> Any:
    """Return the uncompiled model of `body` written with `remedy`; `inputs` as in `functional`."""
    if remedy == FUNCTIONAL:
        return functional(Where(operation), body, OPERATIONS[operation].dtype, **inputs)
    return written(remedy, body, operation)()
