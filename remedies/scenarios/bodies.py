"""Bodies other than the plain one: other input structures, and layers held in other ways."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from remedies.scenarios.family import PACKAGE, Body, stand_ins


class Two(Body):
    """Two `Dense` layers."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.hidden = keras.layers.Dense(4)

    def steps(self) -> list[Any]:
        return [self.flatten, self.hidden, self.dense]


class Listed(Body):
    """Two `Dense` layers in a list."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.stack = [keras.layers.Dense(4), keras.layers.Dense(2)]

    def steps(self) -> list[Any]:
        return [self.flatten, *self.stack]


class Keyed(Body):
    """Two `Dense` layers in a dict."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.stack = {"hidden": keras.layers.Dense(4), "head": keras.layers.Dense(2)}

    def steps(self) -> list[Any]:
        return [self.flatten, *self.stack.values()]


class Recurrent(Body):
    """An `LSTM` in a `Sequential`, which is built on the number of dimensions it is to see."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rows = keras.layers.Reshape((8, 24))
        self.stack = keras.Sequential([keras.layers.LSTM(4)])

    def steps(self) -> list[Any]:
        return [self.rows, self.stack, self.dense]


class Packed(Body):
    """Image and mask in a tuple."""

    def call(self, inputs: Any) -> Any:
        image, mask = inputs
        return self.run(mask, image)

    def image_shape(self, config: Any) -> Any:
        return config["input_shape"][0]


class TwoArguments(Body):
    """Image and mask as two arguments of `call`, and the training step that this needs."""

    def call(self, image: Any, mask: Any) -> Any:  # type: ignore[override]
        return self.run(mask, image)

    def arguments(self, inputs: Any) -> tuple[Any, ...]:
        """Return what `call` is given of a batch."""
        return tuple(inputs)

    def predict_step(self, data: Any) -> Any:
        this: Any = self
        inputs, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        return this(*self.arguments(inputs))

    def train_step(self, data: Any) -> Any:
        this: Any = self
        inputs, targets, _ = keras.utils.unpack_x_y_sample_weight(data)
        with tf.GradientTape() as tape:
            outputs = this(*self.arguments(inputs))
            loss = this.compute_loss(inputs, targets, outputs)
        gradients = tape.gradient(loss, this.trainable_variables)
        this.optimizer.apply_gradients(zip(gradients, this.trainable_variables, strict=True))
        return {"loss": loss}


class DictAndArgument(TwoArguments):
    """A dict with the image, and the mask as a second argument."""

    def call(self, inputs: Any, mask: Any) -> Any:  # type: ignore[override]
        return self.run(mask, inputs["image"])

    def arguments(self, inputs: Any) -> tuple[Any, ...]:
        image, mask = inputs
        return {"image": image}, mask


class Asserting(Body):
    """A `call` that refuses any mask but a bool one, whatever it then does with it."""

    def call(self, inputs: Any) -> Any:
        dtype = keras.backend.standardize_dtype(inputs["mask"].dtype)
        if dtype != "bool":
            raise TypeError(f"the mask must be bool, not {dtype}")
        return super().call(inputs)


class Holding(Body):
    """A masking layer, held as an attribute; an override builds it by its `build`."""

    inner: Any

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        del self.flatten, self.dense

    def call(self, inputs: Any) -> Any:
        return self.inner(inputs)

    def build_steps(self, config: Any) -> None:
        self.inner.build(config["input_shape"])


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
        this: Any = self
        shapes = config["input_shape"]
        dtypes = {"image": "float32", "mask": "bool"}
        this({name: keras.ops.zeros(shapes[name], dtypes[name]) for name in dtypes})


class KeepsShapes(Body):
    """The article's override, which also sets what Keras' own `get_build_config` returns."""

    def build_from_config(self, config: Any) -> None:
        self.build_steps(config)
        self._build_shapes_dict = config


class CalledInInit(Body):
    """Calls itself on `keras.Input` of the dtypes it is fed, as soon as it is made."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        this: Any = self
        this(stand_ins())


class HalfBuilt(Two):
    """The article's override copied to a bigger model: it misses the last layer."""

    def build_steps(self, config: Any) -> None:
        shape = self.image_shape(config)
        for step in self.steps()[:-1]:
            step.build(shape)
            shape = step.compute_output_shape(shape)


class ShapeArithmetic(Body):
    """An override that adds to a recorded shape as if it were a tuple."""

    def build_steps(self, config: Any) -> None:
        self.dense.build(self.image_shape(config)[:1] + (192,))  # noqa: RUF005 - the mistake


class LateLayers(Body):
    """Two layers that `build` makes; the override makes them the other way round."""

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
        this: Any = self
        flat = self.flatten(this.select(mask, image))
        return this.first(flat) - 2 * this.last(flat)


class LateWeights(LateLayers):
    """The same with weights of the model itself."""

    def make(self, *names: str) -> None:
        this: Any = self
        del self.dense
        for name in names:
            setattr(self, name, this.add_weight(shape=(192, 2), name=name))

    def run(self, mask: Any, image: Any) -> Any:
        this: Any = self
        flat = self.flatten(this.select(mask, image))
        return flat @ this.first - 2 * (flat @ this.last)


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


# As a user writes them: they find `tf` and `keras` in the module that they stand in.
LAMBDAS = {
    "control": lambda two: tf.where(two["mask"], two["image"], 0),
    "tf_cast": lambda two: tf.where(tf.cast(two["mask"], "bool"), two["image"], 0),
    "ops_where": lambda two: keras.ops.where(two["mask"], two["image"], 0),
}
