"""Every trap in docs/fidelity.md, each on the smallest model that falls into it."""

from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from remedies.checking.check import check
from remedies.state.preserve import level

X, Y = np.ones((4, 3), "float32"), np.ones((4, 1), "float32")
registered = keras.saving.register_keras_serializable("traps")


def fitted(model, optimizer="adam"):
    model.compile(optimizer, "mse")
    model.fit(X, Y, verbose=0)
    return model


@registered
class Plain(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = keras.layers.Dense(1)

    def call(self, x):
        return self.dense(x)


@registered
class Compiles(Plain):
    def compile(self, optimizer="adam", loss="mse", **kwargs):
        super().compile(optimizer=optimizer, loss=loss, **kwargs)


@registered
class Scaled(Plain):
    def __init__(self, scale=1.0, **kwargs):
        super().__init__(**kwargs)
        self.scale = scale

    def call(self, x):
        return self.dense(x) * self.scale


@registered
class Predicts(Plain):
    def __init__(self, by=1.0, **kwargs):
        super().__init__(**kwargs)
        self.scaled = lambda values: values * by

    def predict_step(self, data):
        return self.scaled(self(data))


@registered
class Required(Plain):
    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units


class Helper(tf.Module):
    def __init__(self):
        super().__init__()
        self.shift = tf.Variable(tf.random.normal((1,)))


@registered
class Helped(Plain):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.helper = Helper()

    def call(self, x):
        return self.dense(x) + self.helper.shift


def functional(layer=None):
    inputs = keras.Input((3,))
    hidden = (layer or keras.layers.Dense(2))(inputs)
    return keras.Model(inputs, keras.layers.Dense(1)(hidden))


def moved_on():
    model = fitted(Scaled())
    del model.scale
    model.threshold, model.scale = 2.5, 1.0
    return model


def lora():
    layer = keras.layers.Dense(2)
    model = functional(layer)
    layer.enable_lora(2)
    return fitted(model)


@registered
class Builds(keras.layers.Layer):
    def build(self, shape):
        self.inner = keras.layers.Dense(2)
        super().build(shape)

    def call(self, x):
        return self.inner(x)

    def compute_output_shape(self, shape):
        return (*shape[:-1], 2)


@registered
class Noise(keras.layers.Layer):
    def call(self, x, training=False):
        return x * keras.random.uniform(keras.ops.shape(x)) if training else x


def shared():
    inputs = keras.Input((3,))
    layer = keras.layers.Dense(3, name="twice")
    inner = keras.Model(inputs, layer(inputs), name="part")
    return fitted(keras.Model(inputs, keras.layers.Dense(1)(layer(inner(inputs)))))


def huber():
    model = functional()
    model.compile("adam", keras.losses.Huber(delta=0.1))
    return model


@registered
class Clip(keras.constraints.Constraint):
    def __init__(self, most=2):
        self.most = most

    def __call__(self, weight):
        return keras.ops.clip(weight, -self.most, self.most)

    def get_config(self):
        return {"name": "clip", "most": self.most}


@registered
class Kept(keras.layers.Layer):
    def __init__(self, by=1.0, **kwargs):
        super().__init__(**kwargs)
        self.by = by

    def call(self, x):
        return x * self.by

    def get_config(self):
        return {**super().get_config(), "by": self.by}


@registered
class MakesKept(keras.layers.Layer):
    def build(self, shape):
        self.kept, self.inner = Kept(3.0), keras.layers.Dense(1)
        self.inner.build(shape)

    def call(self, x):
        return self.inner(self.kept(x))


@registered
class Idle(Plain):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = MakesKept()

    def build(self, shape):
        self.built = True


def test_keras_own_random_state_is_set_equal_and_put_back():
    level(3)
    keras.random.uniform((1,))
    drawn = keras.random.uniform((1,))
    model = fitted(functional(Noise()))
    level(3)
    keras.random.uniform((1,))
    assert check(model, X, Y).whole
    assert keras.random.uniform((1,)) == drawn


def frozen_inside():
    model = Plain()
    model(X)
    model.dense.trainable = False
    return fitted(model)


def frozen_later():
    model = fitted(functional())
    model.layers[1].trainable = False
    return model


def excluded():
    optimizer = keras.optimizers.AdamW(weight_decay=0.1)
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    return fitted(functional(), optimizer)


def saved_as_hdf5(folder):
    model = fitted(functional(), keras.optimizers.SGD(0.123))
    model.save(folder / "old.h5")
    return model


FACTORIES = {
    "compiles": lambda: fitted(Compiles(), keras.optimizers.SGD(0.123)),
    "scaled": lambda: fitted(Scaled(scale=3.0)),
    "predicts": lambda: fitted(Predicts(by=3.0)),
    "required": lambda: fitted(Required(3)),
    "helped": lambda: fitted(Helped()),
    "clipped": lambda: fitted(functional(keras.layers.Dense(2, kernel_constraint=Clip(0.5)))),
    "autocast_off": lambda: fitted(functional(Kept(dtype="mixed_float16", autocast=False))),
    "builds": lambda: fitted(functional(Builds())),
    "idle": lambda: fitted(Idle()),
    **{make.__name__: make for make in (moved_on, lora, shared, huber)},
    **{make.__name__: make for make in (frozen_inside, frozen_later, excluded)},
}
TRAPS = """
    compiles | compile | get_compile_config
    scaled | get_config | scale=3.0 loads as 1.0
    predicts | get_config | its arguments (by) are in no file
    required | get_config | its arguments (units) are in no file
    helped | state_outside_the_file | make Helper a keras.layers.Layer
    moved_on | python_value | self.threshold
    lora | lora | self.layers[1]
    shared | shared_layer | the layers of part one by one in the outer model
    huber | loss_arguments | delta=0.1 loads as 1.0
    clipped | get_config | return {"most": self.most}
    autocast_off | get_config | "autocast": self.autocast
    builds | children_not_built | Builds.build(): self.inner.build(...)
    idle | children_not_built | Idle.build is the user's own
    frozen_inside | frozen | self.dense.trainable = False
    frozen_later | optimizer | call compile() again
    excluded | weight_decay_exclusions | exclude_from_weight_decay
"""


@pytest.mark.parametrize("trap", TRAPS.strip().splitlines())
def test_trap(trap):
    name, cause, words = trap.strip().split(" | ")
    report = check(FACTORIES[name](), X, Y)
    assert [each.name for each in report.advice] == [cause]
    assert words in report.text()
    assert report.advice[0].cure.cured in (True, None)


@registered
class Recurrent(Plain):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = keras.layers.LSTM(1, stateful=True)


def test_recurrent_state_is_in_no_file_and_its_batch_size_neither():
    model = Recurrent()
    model(X[..., None])
    model.compile("adam", "mse")
    model.fit(X[..., None], Y, batch_size=4, verbose=0)
    report = check(model, X[..., None], Y)
    assert [cause.name for cause in report.advice] == ["children_not_built", "recurrent_state"]
    assert report.advice[0].cure.cured
    assert "self.dense.build((4, 3, 1))" in report.code


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_the_old_format_makes_the_live_model_forget_its_optimizer(tmp_path):
    report = check(saved_as_hdf5(tmp_path), X, Y)
    assert report.advice[0].name == "compile"
    assert "old HDF5 format" in report.text()


def test_the_example_in_the_docs_runs():
    docs = (Path(__file__).parents[2] / "docs" / "fidelity.md").read_text()
    code = docs.split("```python\n")[-1].split("```")[0]
    space = {"keras": keras, "__name__": "docs"}
    exec(code, space)  # noqa: S102
    model = fitted(space["Scaled"](scale=3.0))
    custom = {"Scaled": space["Scaled"]}
    assert "scale=3.0 loads as 1.0" in check(model, X, Y, custom_objects=custom).text()
