"""The bodies of the small models: input structures, and ways to hold layers."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from remedies.scenarios import masking
from remedies.scenarios.making import FUNCTIONAL
from remedies.scenarios.operations import OPERATIONS

Shapes = masking.Shapes
Make = Callable[[str, Shapes], Any]


class Body:
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
        shape = self.image_shape(config)
        for step in self.steps():
            step.build(shape)
            shape = step.compute_output_shape(shape)

    def image_shape(self, config: Any) -> Any:
        return config["input_shape"]["image"]


def body(written: Any, pack: Any = dict, widths: tuple[int, ...] = (2,)) -> Make:
    """Return the maker of a `Body`; `pack` and `widths` are the functional form's."""

    def make(remedy: str, shapes: Shapes) -> Any:
        if remedy == FUNCTIONAL:
            return masking.functional(shapes, pack, widths)
        return masking.written(remedy, written)()

    return make


plain = body(Body)


@functools.cache
def operating(name: str) -> type[Body]:
    """Return the plain body with operation `name` in place of `tf.where`."""
    return type(f"{name.title().replace('_', '')}Body", (Body,), {"operation": OPERATIONS[name]})


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


class Kinds(Body):
    """Layers of many kinds in a list."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.stack = [
            keras.layers.Conv2D(2, 3),
            keras.layers.BatchNormalization(),
            keras.layers.LayerNormalization(),
            keras.layers.TimeDistributed(keras.layers.Dense(2)),
            keras.layers.EinsumDense("abcd,de->abce", (None, None, 2)),
            keras.layers.Reshape((6, 12)),
            keras.layers.LSTM(4),
        ]

    def steps(self) -> list[Any]:
        return [*self.stack, self.dense]


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


class EagerOnly(Body):
    """A `call` that reads a value, which no symbolic tensor has."""

    def call(self, inputs: Any) -> Any:
        shade = float(inputs["image"].numpy().mean())
        return super().call(inputs) + shade


class SetLater(Body):
    """A `call` that needs an attribute which only the script that trains sets."""

    scale: Any

    def call(self, inputs: Any) -> Any:
        scale = self.scale  # before the layers: those that were called are built, and whole
        return super().call(inputs) * scale


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
