"""How image and mask arrive, where the operation stands, and what else a model is made of."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import keras
import tensorflow as tf

from remedies.scenarios import bodies
from remedies.scenarios.bodies import FUNCTIONAL, WRITTEN, Body, Where, written
from remedies.scenarios.operations import OPERATIONS
from remedies.scenarios.scenario import EAGERLY, OVERRIDES, Scenario, Trained, keras_files

Make = Callable[[str], Any]


class Listed(Body):
    """Layers in a list."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.stack = self.parts()

    def parts(self) -> Any:
        return [keras.layers.Dense(4), keras.layers.Dense(2)]

    def steps(self) -> list[Any]:
        return [self.flatten, *self.stack]


class Keyed(Listed):
    """Layers in a dict."""

    def parts(self) -> Any:
        return {"hidden": keras.layers.Dense(4), "head": keras.layers.Dense(2)}

    def steps(self) -> list[Any]:
        return [self.flatten, *self.stack.values()]


class Kinds(Listed):
    """Layers of many kinds in a list."""

    def parts(self) -> Any:
        return [
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

    def arguments(self, inputs: Any) -> Any:
        """Return what `call` is given of a batch."""
        return inputs

    def predict_step(self, data: Any) -> Any:
        inputs, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        return self(*self.arguments(inputs))

    def train_step(self, data: Any) -> Any:
        inputs, targets, _ = keras.utils.unpack_x_y_sample_weight(data)
        with tf.GradientTape() as tape:
            loss = self.compute_loss(inputs, targets, self(*self.arguments(inputs)))
        weights = self.trainable_variables
        self.optimizer.apply(tape.gradient(loss, weights), weights)
        return {"loss": loss}


class DictAndArgument(TwoArguments):
    """A dict with the image, and the mask as a second argument."""

    def call(self, inputs: Any, mask: Any) -> Any:  # type: ignore[override]
        return self.run(mask, inputs["image"])

    def arguments(self, inputs: Any) -> Any:
        image, mask = inputs
        return {"image": image}, mask


class Holding(keras.layers.Layer):  # type: ignore[misc]
    """Holds the masking layer or model as an attribute; an override builds it by its `build`."""

    hold: Callable[[], Any]

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.inner = self.hold()

    def call(self, inputs: Any) -> Any:
        return self.inner(inputs)

    def build_steps(self, config: Any) -> None:
        self.inner.build(config["input_shape"])


def _block(remedy: str) -> Any:
    return written(remedy, base=keras.layers.Layer)()


def _held(remedy: str, make: Make, name: str, outer: str = "") -> Any:
    """Put the layer or model into a subclassed model, written with remedy `outer` or the same."""
    holding = type(name + remedy, (Holding,), {"hold": lambda self: make(remedy)})
    return written(outer or remedy, holding)()


def _in_functional(remedy: str, make: Make) -> Any:
    inputs = bodies.stand_ins()
    return keras.Model(inputs, make(remedy)(inputs))


def _bare(remedy: str, dtype: str | None = "bool") -> Any:
    """Use the operation straight on functional inputs."""
    select = Where() if remedy == FUNCTIONAL else WRITTEN[remedy]().select
    return bodies.functional(select, mask=dtype)


# A `Lambda` layer's functions, as users write them: they use the module that they stand in.
LAMBDAS = {
    "control": lambda two: tf.where(two["mask"], two["image"], 0),
    "tf_cast": lambda two: tf.where(tf.cast(two["mask"], "bool"), two["image"], 0),
    "ops_where": lambda two: keras.ops.where(two["mask"], two["image"], 0),
}


@bodies.register  # type: ignore[untyped-decorator]
def masked(two: Any, way: str) -> Any:
    """Do what the lambdas do, as a function that Keras finds by its name."""
    return getattr(OPERATIONS["where"], way)(two["mask"], two["image"])


def _in_lambda(remedy: str, named: bool = False, shape: Any = (8, 8, 3)) -> Any:
    function, given = LAMBDAS[remedy], {}
    if named:
        function, given = masked, {"way": WRITTEN[remedy].way}
    layer = keras.layers.Lambda(function, output_shape=shape, arguments=given)
    return bodies.functional(lambda mask, image: layer({"mask": mask, "image": image}))


def _trusted(trained: Trained) -> Any:
    loaded = keras_files(1, safe_mode=False)(trained)
    loaded.predict_on_batch(trained.inputs)
    return loaded


def _list(inputs: dict[str, Any]) -> Any:
    return [inputs["image"], inputs["mask"]]


_NO_CLASS = dict.fromkeys(OVERRIDES, "a functional model has no class to override")
_IS_PLAIN = {FUNCTIONAL: "its plain form is a layer in a functional model"}
_NOT_BARE = _NO_CLASS | {FUNCTIONAL: "its plain form has a layer of its own around tf.where"}
_NO_ATTRIBUTES = {FUNCTIONAL: "a functional model holds layers in its graph, not in attributes"}
_nested = partial(Scenario, "nesting")
_holding = partial(_nested, excuses=_NO_ATTRIBUTES)
_lambda = partial(Scenario, "Lambda layer", make=_in_lambda, excuses=_NOT_BARE)
_structure = partial(Scenario, "input structures", pack=_list)
_shape = partial(Scenario, "mask shapes")


def _fed(dtype: str) -> Scenario:
    return Scenario("fed dtypes", f"fed_{dtype}", f"mask of 0 and 1 fed as {dtype}", fed=dtype)


def _operation(name: str, description: str) -> Scenario:
    row = partial(Scenario, "ops other than tf.where", operation=name, compiling=EAGERLY)
    return row(name, description, fed=OPERATIONS[name].dtype)


# fmt: off
SCENARIOS = (
    _nested("bare", "the operation straight on keras.Input", make=_bare, excuses=_NOT_BARE),
    _nested("input_without_dtype",
            "the same, on a keras.Input without dtype; functional: in a layer",
            make=partial(_bare, dtype=None), excuses=_NO_CLASS),
    _nested("layer_in_functional", "a masking layer in a functional model",
            make=partial(_in_functional, make=_block), excuses=_IS_PLAIN),
    _nested("model_in_functional", "the model in a functional model",
            make=partial(_in_functional, make=bodies.make)),
    _nested("layer_in_model", "a masking layer in a subclassed model",
            make=partial(_held, make=_block, name="Layer"), excuses=_IS_PLAIN),
    _nested("model_in_model", "the model in a subclassed model",
            make=partial(_held, make=bodies.make, name="Model", outer="control")),
    _holding("list", "layers in a list", body=Listed),
    _holding("dict_of_layers", "layers in a dict", body=Keyed),
    _holding("list_of_kinds",
             "Conv2D, normalizations, TimeDistributed, EinsumDense and LSTM in a list",
             body=Kinds, compiling=EAGERLY),
    _holding("sequential_lstm", "a Sequential of an LSTM in a subclassed model",
             body=Recurrent, compiling=EAGERLY),
    _lambda("lambda", "the operation in a Lambda in a functional model",
            make=partial(_in_lambda, shape=None)),
    _lambda("lambda_shaped", "the same, its output_shape given"),
    _lambda("lambda_unsafe", "the same, load_model(safe_mode=False), then predict", _trusted),
    _lambda("lambda_named", "the same with a registered function in place of the lambda",
            make=partial(_in_lambda, named=True)),
    _structure("tuple", "image and mask in a tuple", body=Packed,
               pack=lambda inputs: (inputs["image"], inputs["mask"])),
    _structure("two_arguments", "call(image, mask); functional: a list", body=TwoArguments),
    _structure("dict_and_argument", 'call({"image": ...}, mask); functional: a list',
               body=DictAndArgument),
    _shape("mask_one_channel", "mask [B,H,W,1] on an image [B,H,W,3]", mask=(8, 8, 1)),
    _shape("mask_broadcasts_image", "mask [B,H,W,3] on an image [B,H,W,1]", image=(8, 8, 1)),
    *map(_fed, ("float32", "int32", "uint8")),
    _operation("gather", "tf.gather of int32; ops: keras.ops.take"),
    _operation("one_hot", "tf.one_hot of int32"),
    _operation("and", "mask & (image > 0.5); ops: logical_and"),
    _operation("invert", "~mask; ops: logical_not"),
    _operation("reduce_any", "tf.reduce_any; ops: any"),
    _operation("add_constant", "an int32 plus tf.constant(1); ops: add"),
    _operation("take", "keras.ops.take of int32; ops: take_along_axis"),
    _operation("boolean_mask", "tf.boolean_mask, which takes a float mask"),
)
