"""How image and mask arrive, where the operation stands, and what else a model is made of."""

from collections.abc import Callable
from functools import partial
from typing import Any

import keras
import tensorflow as tf

from remedies.scenarios import bodies
from remedies.scenarios.bodies import FUNCTIONAL, OPERATIONS, WRITTEN, Body, Where, written
from remedies.scenarios.scenario import EAGERLY, OVERRIDES, Scenario, Trained, keras_files


class _Listed(Body):
    def parts(self) -> dict[str, Any]:
        held = {"stack": [keras.layers.Dense(4)], "named": {"head": keras.layers.Dense(2)}}
        return {"flatten": keras.layers.Flatten(), **held}

    def steps(self) -> list[Any]:
        return [self.flatten, *self.stack, self.named["head"]]


class _Recurrent(Body):
    def parts(self) -> dict[str, Any]:
        stack = keras.Sequential([keras.layers.LSTM(4)])
        return super().parts() | {"rows": keras.layers.Reshape((8, 24)), "stack": stack}

    def steps(self) -> list[Any]:
        return [self.rows, self.stack, self.dense]


class _Packed(Body):
    def call(self, inputs: Any) -> Any:
        return self.run(inputs[1], inputs[0])

    def image_shape(self, config: Any) -> Any:
        return config["input_shape"][0]


class TwoArguments(Body):
    """Image and mask as two arguments of `call`, and the training step that this needs."""

    arguments: Callable[[Any], Any] = staticmethod(tuple)  # what `call` is given of a batch

    def call(self, image: Any, mask: Any) -> Any:  # type: ignore[override]
        return self.run(mask, image)

    def predict_step(self, data: Any) -> Any:
        return self(*self.arguments(keras.utils.unpack_x_y_sample_weight(data)[0]))

    def train_step(self, data: Any) -> Any:
        inputs, targets, _ = keras.utils.unpack_x_y_sample_weight(data)
        with tf.GradientTape() as tape:
            loss = self.compute_loss(inputs, targets, self(*self.arguments(inputs)))
        weights = self.trainable_variables
        self.optimizer.apply(tape.gradient(loss, weights), weights)
        return {"loss": loss}


class DictAndArgument(TwoArguments):
    """A dict with the image, and the mask as a second argument."""

    arguments = staticmethod(lambda inputs: ({"image": inputs[0]}, inputs[1]))

    def call(self, inputs: Any, mask: Any) -> Any:  # type: ignore[override]
        return self.run(mask, inputs["image"])


class _Holding(Body):
    """Holds the masking layer or model as an attribute; an override builds it by its `build`."""

    hold: Callable[[], Any]

    def parts(self) -> dict[str, Any]:
        return {"inner": self.hold()}

    def call(self, inputs: Any) -> Any:
        return self.inner(inputs)

    def build_steps(self, config: Any) -> None:
        self.inner.build(config["input_shape"])


def _block(remedy: str) -> Any:
    return written(remedy, base=keras.layers.Layer)()


def _held(remedy: str, make: Callable[[str], Any], name: str, outer: str = "") -> Any:
    """Put the layer or model into a subclassed model, written with remedy `outer` or the same."""
    holding = type(name + remedy, (_Holding,), {"hold": lambda self: make(remedy)})
    return written(outer or remedy, holding)()


def _in_functional(remedy: str, make: Callable[[str], Any]) -> Any:
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


_NO_CLASS = dict.fromkeys(OVERRIDES, "a functional model has no class to override")
_IS_PLAIN = {FUNCTIONAL: "its plain form is a layer in a functional model"}
_NOT_BARE = _NO_CLASS | {FUNCTIONAL: "its plain form has a layer of its own around tf.where"}
_NO_ATTRIBUTES = {FUNCTIONAL: "a functional model holds layers in its graph, not in attributes"}
_nested = partial(Scenario, "nesting")
_holding = partial(_nested, excuses=_NO_ATTRIBUTES)
_lambda = partial(Scenario, "Lambda layer", make=_in_lambda, excuses=_NOT_BARE)
_structure = partial(Scenario, "input structures", pack=lambda two: [two["image"], two["mask"]])
_shape = partial(Scenario, "mask shapes")
_operation = partial(Scenario, "ops other than tf.where", compiling=EAGERLY)

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
    _holding("list", "layers in a list, and in a dict", body=_Listed),
    _holding("sequential_lstm", "a Sequential of an LSTM in a subclassed model",
             body=_Recurrent, compiling=EAGERLY),
    _lambda("lambda", "the operation in a Lambda in a functional model",
            make=partial(_in_lambda, shape=None)),
    _lambda("lambda_shaped", "the same, its output_shape given"),
    _lambda("lambda_unsafe", "the same, load_model(safe_mode=False), then predict", _trusted),
    _lambda("lambda_named", "the same with a registered function in place of the lambda",
            make=partial(_in_lambda, named=True)),
    _structure("tuple", "image and mask in a tuple", body=_Packed,
               pack=lambda two: (two["image"], two["mask"])),
    _structure("two_arguments", "call(image, mask); functional: a list", body=TwoArguments),
    _structure("dict_and_argument", 'call({"image": ...}, mask); functional: a list',
               body=DictAndArgument),
    _shape("mask_one_channel", "mask [B,H,W,1] on an image [B,H,W,3]",
           shapes={"image": (8, 8, 3), "mask": (8, 8, 1)}),
    _shape("mask_broadcasts_image", "mask [B,H,W,3] on an image [B,H,W,1]",
           shapes={"image": (8, 8, 1), "mask": (8, 8, 3)}),
    *(Scenario("fed dtypes", f"fed_{dtype}", f"mask of 0 and 1 fed as {dtype}", fed=dtype)
      for dtype in ("float32", "int32", "uint8")),
    _operation("gather", "tf.gather of int32; ops: keras.ops.take", operation="gather"),
    _operation("one_hot", "tf.one_hot of int32", operation="one_hot"),
)
