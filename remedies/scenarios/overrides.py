"""Bodies with a `build` or `build_from_config` of their own: other cures, and mistakes."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from remedies.scenarios.bodies import Body, Two
from remedies.scenarios.masking import stand_ins
from remedies.scenarios.operations import PACKAGE

_DTYPES = {"image": "float32", "mask": "bool"}


class Built(Body):
    """A `build` that builds every layer."""

    def build(self, input_shape: Any) -> None:
        self.build_steps({"input_shape": input_shape})


class EmptyBuild(Body):
    """A `build` that builds no layer."""

    def build(self, input_shape: Any) -> None:
        self.built = True


class CalledOnZeros(Body):
    """A `build_from_config` that calls the model on zeros of the dtypes it is fed."""

    def build_from_config(self, config: Any) -> None:
        shapes = config["input_shape"]
        self({name: keras.ops.zeros(shapes[name], dtype) for name, dtype in _DTYPES.items()})


class CalledOnStandIns(Body):
    """A `build_from_config` that calls the model on stand-ins of the dtypes it is fed."""

    def build_from_config(self, config: Any) -> None:
        shapes = config["input_shape"]
        self({name: keras.KerasTensor(shapes[name], dtype) for name, dtype in _DTYPES.items()})


class KeepsShapes(Body):
    """The article's override, which also sets what Keras' own `get_build_config` returns."""

    def build_from_config(self, config: Any) -> None:
        self.build_steps(config)
        self._build_shapes_dict = config


class CalledInInit(Body):
    """Calls itself on `keras.Input` of the dtypes it is fed, as soon as it is made."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self(stand_ins())


class HalfBuilt(Two):
    """The article's override copied to a bigger model: it misses the last layer."""

    def build_steps(self, config: Any) -> None:
        shape = self.image_shape(config)
        for step in self.steps()[:-1]:
            step.build(shape)
            shape = step.compute_output_shape(shape)


class EmptyOverride(Body):
    """An override that builds no layer."""

    def build_steps(self, config: Any) -> None:
        """Build nothing."""


class BuiltBackwards(Two):
    """An override that builds the layers of `__init__` in another order than `call` does."""

    def build_steps(self, config: Any) -> None:
        self.dense.build((None, 4))
        self.hidden.build((None, 192))
        self.flatten.build(self.image_shape(config))


class ShapeArithmetic(Body):
    """An override that adds to a recorded shape as if it were a tuple."""

    def build_steps(self, config: Any) -> None:
        self.dense.build(self.image_shape(config)[:1] + (192,))  # noqa: RUF005 - the mistake


class LateLayers(Body):
    """Two layers that `build` makes; the override makes them the other way round."""

    first: Any
    last: Any

    def build(self, input_shape: Any) -> None:
        self.make("first", "last")

    def build_steps(self, config: Any) -> None:
        self.make("last", "first")

    def make(self, *names: str) -> None:
        """Make the layers in this order."""
        del self.dense
        for name in names:
            setattr(self, name, keras.layers.Dense(2))
            getattr(self, name).build((None, 192))

    def run(self, mask: Any, image: Any) -> Any:
        flat = self.flatten(self.select(mask, image))
        return self.first(flat) - 2 * self.last(flat)


class LateWeights(LateLayers):
    """The same with weights of the model itself."""

    add_weight: Any

    def make(self, *names: str) -> None:
        del self.dense
        for name in names:
            setattr(self, name, self.add_weight(shape=(192, 2), name=name))

    def run(self, mask: Any, image: Any) -> Any:
        flat = self.flatten(self.select(mask, image))
        return flat @ self.first - 2 * (flat @ self.last)


@keras.saving.register_keras_serializable(PACKAGE)
class FilledWhere(keras.layers.Layer):  # type: ignore[misc]
    """A layer whose `get_config` leaves out what it fills with."""

    def __init__(self, fill: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.fill = fill

    def call(self, mask: Any, image: Any) -> Any:
        return tf.where(mask, image, self.fill)

    def get_config(self) -> Any:
        return {"name": self.name, "dtype": self.dtype}
