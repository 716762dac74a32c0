"""What a model is made of, what it is fed, and how it is trained: all but how it is put away."""

import functools
from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

import keras
import tensorflow as tf
from keras import optimizers
from keras.layers import LSTM, Dense, Flatten, Lambda, Layer, Reshape

from remedies.scenarios import bodies
from remedies.scenarios.bodies import FUNCTIONAL, OPERATIONS, WRITTEN, Body, Where, written
from remedies.scenarios.scenario import EAGERLY, OVERRIDES, Scenario, Trained, keras_file, sgd


class _Listed(Body):
    parts: ClassVar = {
        "flatten": Flatten,
        "stack": lambda: [Dense(4)],
        "named": lambda: {"head": Dense(2)},
    }


class _Recurrent(Body):
    parts: ClassVar = {
        "rows": partial(Reshape, (8, 24)),
        "stack": lambda: keras.Sequential([LSTM(4)]),
        "dense": partial(Dense, 2),
    }


class _Packed(Body):
    def call(self, inputs: Any) -> Any:
        return self.run(inputs[1], inputs[0])

    def build_steps(self, shapes: Any) -> None:
        super().build_steps({"image": shapes[0]})


class TwoArguments(Body):
    """Image and mask as two arguments of `call`, and the training step that this needs."""

    arguments: Callable[[Any], Any] = staticmethod(tuple)  # what `call` is given of a batch

    def call(self, image: Any, mask: Any) -> Any:  # type: ignore[override]
        return self.run(mask, image)

    def predict_step(self, data: Any) -> Any:
        return self(*self.arguments(data[0]))

    def train_step(self, data: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = self.compute_loss(*data[:2], self.predict_step(data))
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

    def call(self, inputs: Any) -> Any:
        return self.inner(inputs)

    def build_steps(self, shapes: Any) -> None:
        self.inner.build(shapes)


def _block(remedy: str) -> Any:
    return written(remedy, base=Layer)()


def _held(remedy: str, *_: Any, make: Any, name: str, outer: str = "") -> Any:
    """Put the layer or model into a subclassed model, written with remedy `outer` or the same."""
    holding = type(name + remedy, (_Holding,), {"parts": {"inner": partial(make, remedy)}})
    return written(outer or remedy, holding)()


def _in_functional(remedy: str, *_: Any, make: Any) -> Any:
    inputs = bodies.stand_ins()
    return keras.Model(inputs, make(remedy)(inputs))


def _bare(remedy: str, *_: Any, dtype: str | None = "bool") -> Any:
    if remedy == FUNCTIONAL:
        return bodies.functional(written("control", Where, base=Layer)(), mask=dtype)
    return bodies.functional(WRITTEN[remedy]().select, mask=dtype)


# A `Lambda` layer's functions, as users write them: they use the module that they stand in.
LAMBDAS = {
    "control": lambda two: tf.where(two["mask"], two["image"], 0),
    "tf_cast": lambda two: tf.where(tf.cast(two["mask"], "bool"), two["image"], 0),
    "ops_where": lambda two: keras.ops.where(two["mask"], two["image"], 0),
}


@bodies.register  # type: ignore[untyped-decorator]
def _masked(two: Any, way: str) -> Any:
    return getattr(OPERATIONS["where"], way)(two["mask"], two["image"])


def _in_lambda(remedy: str, *_: Any, named: bool = False, shape: Any = (8, 8, 3)) -> Any:
    given = {"way": WRITTEN[remedy].way} if named else {}
    layer = Lambda(_masked if named else LAMBDAS[remedy], output_shape=shape, arguments=given)
    return bodies.functional(lambda mask, image: layer({"mask": mask, "image": image}))


def _trusted(trained: Trained) -> Any:
    loaded = keras_file(trained, safe_mode=False)
    loaded.predict_on_batch(trained.inputs)
    return loaded


def _frozen(remedy: str, *_: Any) -> Any:
    model = bodies.make(remedy, bodies.Two)
    (model.layers[-2] if remedy == FUNCTIONAL else model.hidden).trainable = False
    return model


@functools.cache
def _strategy() -> Any:
    cpu = tf.config.list_physical_devices("CPU")[0]  # in two, which it takes before it starts
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    return tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])


_NO_CLASS = dict.fromkeys(OVERRIDES, "a functional model has no class to override")
_IS_PLAIN = {FUNCTIONAL: "its plain form is a layer in a functional model"}
_NOT_BARE = _NO_CLASS | {FUNCTIONAL: "its plain form has a layer of its own around tf.where"}
_NO_ATTRIBUTES = {FUNCTIONAL: "a functional model holds layers in its graph, not in attributes"}
_nested = partial(Scenario, "nesting")
_lambda = partial(Scenario, "Lambda layer", make=_in_lambda, excuses=_NOT_BARE)
_structure = partial(Scenario, "input structures", pack=lambda two: [two["image"], two["mask"]])
_shape = partial(Scenario, "mask shapes")
_operation = partial(Scenario, "ops other than tf.where", compiling=EAGERLY, fed="int32")
_eager = partial(Scenario, "optimizers", compiling=EAGERLY)
_OPTIMIZERS = ("AdamW", "Lion", "RMSprop", "Nadam", "Adagrad", "Adafactor", "Ftrl", "Lamb", "Muon")
_DECAY = optimizers.schedules.CosineDecay(0.01, decay_steps=10)


def _trained(name: str, description: str, kind: str, **settings: Any) -> Scenario:
    # Looked up when it is made: an old Keras lacks some.
    return _eager(name, description, optimizer=lambda: getattr(optimizers, kind)(**settings))


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
    _nested("list", "layers in a list, and in a dict", body=_Listed, excuses=_NO_ATTRIBUTES),
    _nested("sequential_lstm", "a Sequential of an LSTM in a subclassed model",
            body=_Recurrent, excuses=_NO_ATTRIBUTES, compiling=EAGERLY),
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
    _shape("mask_one_channel", "mask [B,H,W,1] on an image [B,H,W,3]", channels=(3, 1)),
    _shape("mask_broadcasts_image", "mask [B,H,W,3] on an image [B,H,W,1]", channels=(1, 3)),
    *(Scenario("fed dtypes", f"fed_{dtype}", f"mask of 0 and 1 fed as {dtype}", fed=dtype)
      for dtype in ("float32", "int32", "uint8")),
    _operation("gather", "tf.gather of int32; ops: keras.ops.take", operation="gather"),
    _operation("one_hot", "tf.one_hot of int32", operation="one_hot"),
    Scenario("optimizers", "sgd", "SGD", optimizer=sgd),
    _trained("momentum", "SGD with momentum", "SGD", learning_rate=0.01, momentum=0.9),
    Scenario("optimizers", "adam", "Adam"),
    *(_trained(name.lower(), name, name) for name in _OPTIMIZERS),
    _trained("amsgrad", "Adam, AMSGrad and clipped gradients", "Adam", amsgrad=True, clipnorm=0.1),
    _trained("ema", "Adam, moving average of weights", "Adam", use_ema=True),
    _trained("accumulation", "Adam, gradients gathered over 2 steps", "Adam",
             gradient_accumulation_steps=2),
    _trained("schedule", "Adam, cosine decay of the learning rate", "Adam", learning_rate=_DECAY),
    _eager("loss_scaling", "Adam in a LossScaleOptimizer",
           optimizer=lambda: optimizers.LossScaleOptimizer(optimizers.Adam())),
    *(Scenario("dtype policies", name, policy=name, description="made under "
               f"{name.replace('floatx_', 'floatx ')}, loaded under float32")
      for name in ("mixed_float16", "mixed_bfloat16", "float16", "float64", "floatx_float16")),
    Scenario("frozen layer", "frozen", "layer.trainable = False, Adam", make=_frozen),
    Scenario("frozen layer", "frozen_sgd", "layer.trainable = False, SGD", make=_frozen,
             optimizer=sgd),
    *(Scenario("jit_compile", name, f"jit_compile={value!r}", compiling={"jit_compile": value})
      for name, value in (("jit_auto", "auto"), ("jit_on", True), ("jit_off", False))),
    *(Scenario("compile", name, f"{name}={value!r}", compiling={name: value})
      for name, value in (("run_eagerly", True), ("steps_per_execution", 2), ("metrics", ["mae"]))),
    Scenario("distribution", "mirrored", "MirroredStrategy over two logical CPU devices",
             scope=lambda: _strategy().scope(), prepare=_strategy),
)
