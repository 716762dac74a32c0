"""The small models of scenarios: a body, an operation on its mask, and a remedy that writes it."""

import functools
from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar, NamedTuple

import keras
import tensorflow as tf
from keras.layers import Dense, Flatten, Layer

FUNCTIONAL = "functional_bool_input"
Operation = Callable[[Any, Any], Any]  # of a mask and an image, to something of the image's shape
register: Any = keras.saving.register_keras_serializable("remedies.scenarios")


class Choice(NamedTuple):
    """One operation on a mask, and the ways of writing it."""

    dtype: str  # what the mask has to be
    raw: Operation  # as TensorFlow's users write it
    counterpart: Operation  # the same with the function of `keras.ops` that stands nearest

    def cast(self, mask: Any, image: Any) -> Any:
        return self.raw(tf.cast(mask, self.dtype), image)


# fmt: off
OPERATIONS = {
    "where": Choice("bool", lambda m, x: tf.where(m, x, 0), lambda m, x: keras.ops.where(m, x, 0)),
    "gather": Choice("int32", lambda m, x: x * tf.gather([0.25, 0.75], m),
                     lambda m, x: x * keras.ops.take(keras.ops.array([0.25, 0.75]), m)),
    "one_hot": Choice("int32", lambda m, x: x * tf.one_hot(m, 2)[..., 1],
                      lambda m, x: x * keras.ops.one_hot(m, 2)[..., 1]),
}
# fmt: on


class Body(Layer):  # type: ignore[misc]
    """A dict of image and mask to two numbers."""

    select: Operation  # which the remedy brings
    # What makes a layer, or some in a list or dict, by attribute.
    parts: ClassVar[dict[str, Any]] = {"flatten": Flatten, "dense": partial(Dense, 2)}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for name, make_part in self.parts.items():
            setattr(self, name, make_part())

    def steps(self) -> list[Any]:
        return list(tf.nest.flatten([getattr(self, name) for name in self.parts]))

    def call(self, inputs: Any) -> Any:
        return self.run(inputs["mask"], inputs["image"])

    def run(self, mask: Any, image: Any) -> Any:
        value = self.select(mask, image)
        for step in self.steps():
            value = step(value)
        return value

    def build_steps(self, shapes: Any) -> None:
        shape = shapes["image"]
        for step in self.steps():
            step.build(shape)
            shape = step.compute_output_shape(shape)


class Two(Body):
    """Two `Dense` layers."""

    parts: ClassVar = Body.parts | {"hidden": partial(Dense, 4)}

    def steps(self) -> list[Any]:
        return [self.flatten, self.hidden, self.dense]


class Raw(Layer):  # type: ignore[misc]
    """The operation as it stands: `tf.where`, but for the scenarios about others."""

    operation, way = OPERATIONS["where"], "raw"  # a way is a field of `Choice`, or `cast`

    def select(self, mask: Any, image: Any) -> Any:
        return getattr(self.operation, self.way)(mask, image)


class BuildFromConfig(Raw):
    """The article's override: build each layer from the recorded shape of the image."""

    def build_from_config(self, config: Any) -> None:
        self.build_steps(config["input_shape"])


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
    remedy: str, body: Any = Body, operation: str = "where", base: Any = keras.Model
) -> Any:
    """Return the registered class of `body` written with `remedy`."""
    title = "" if operation == "where" else operation.title().replace("_", "")
    name = f"{WRITTEN[remedy].__name__}{title}{body.__name__.strip('_')}{base.__name__}"
    made = type(name, (WRITTEN[remedy], body, base), {"operation": OPERATIONS[operation]})
    globals()[name] = made  # pickle finds classes by name
    return register(made)


class Where(Body):
    """The operation alone, as a layer for functional models."""

    parts: ClassVar = {}

    def call(self, mask: Any, image: Any) -> Any:  # type: ignore[override]
        return self.select(mask, image)


def stand_ins(channels: tuple[int, int] = (3, 3), mask: str | None = "bool") -> dict[str, Any]:
    """Return functional inputs `image` (floatx) and `mask`, of the dtype given."""
    image = keras.Input((8, 8, channels[0]), name="image")
    return {"image": image, "mask": keras.Input((8, 8, channels[1]), name="mask", dtype=mask)}


def functional(
    select: Any, body: Any = Body, mask: Any = "bool", channels: Any = (3, 3), pack: Any = dict
) -> Any:
    """Return a functional model of the body's layers behind `select`; `pack` as in `Scenario`."""
    inputs = stand_ins(channels, mask)
    layers = body()
    layers.select = select
    return keras.Model(pack(inputs), layers.run(inputs["mask"], inputs["image"]))


def make(remedy: str, body: Any = Body, operation: str = "where", *inputs: Any) -> Any:
    """Return the uncompiled model of `body` written with `remedy`; `inputs`: channels and pack."""
    if remedy == FUNCTIONAL:
        where = written("control", Where, operation, Layer)()
        return functional(where, body, OPERATIONS[operation].dtype, *inputs)
    return written(remedy, body, operation)()
