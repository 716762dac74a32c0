"""Models that the suite itself does not know, and what a user would hand to `remedies check`."""

import json
import sys
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

RNG = np.random.default_rng(3)
IMAGE = RNG.random((8, 3)).astype("float32")
KEEP = RNG.random((8, 3)) < 0.5
INDEX = RNG.integers(0, 9, (8, 4)).astype("int32")
TARGETS = RNG.random((8, 2)).astype("float32")
MASKED = {"image": IMAGE, "keep": KEEP}


def trained(model, inputs, **settings):
    model.compile(**{"optimizer": keras.optimizers.Adam(0.01), "loss": "mse"} | settings)
    for _ in range(3):
        model.train_on_batch(inputs, TARGETS)
    return model, inputs, TARGETS


class Dense2(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        for name, part in self.parts().items():
            setattr(self, name, part)

    def parts(self):
        return {"dense": keras.layers.Dense(2)}


class Whole(Dense2):
    def call(self, inputs):
        return self.dense(keras.ops.where(inputs["keep"], inputs["image"], 0.0))


class Masked(Dense2):
    def call(self, inputs):
        return self.dense(tf.where(inputs["keep"], inputs["image"], 0.0))


class Article(Masked):
    def build_from_config(self, config):
        self.dense.build(config["input_shape"]["image"])


class EmptyBuild(Whole):
    def build(self, input_shape):
        self.built = True


class LateWidth(Whole):
    def build(self, input_shape):
        self.dense.build((None, self.width))


class Lookup(keras.layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.project = keras.layers.Dense(3)

    def call(self, index):
        return self.project(tf.gather(tf.eye(9), index))


class Nested(Dense2):
    def parts(self):
        return super().parts() | {"lookup": Lookup()}

    def call(self, inputs):
        return self.dense(keras.ops.mean(self.lookup(inputs["index"]), axis=1))


class Outer(Dense2):
    def parts(self):
        return super().parts() | {"inner": Article()}

    def call(self, inputs):
        return self.dense(self.inner(inputs))


class TwoArguments(Dense2):
    def call(self, image, keep):
        return self.dense(keras.ops.where(keep, image, 0.0))


class OptionalArgument(Dense2):
    def call(self, image, keep=None):
        return self.dense(tf.where(keep[...], image, 0.0))


class OptionalMask(Dense2):
    def call(self, values, mask=None):
        return self.dense(tf.abs(values) if mask is None else tf.where(mask, values, 0.0))


class Eager(Dense2):
    def call(self, image):
        return self.dense(image / float(image.numpy().max()))


class Frozen(Dense2):
    def parts(self):
        return {"base": keras.layers.Dense(3), "head": keras.layers.Dense(2)}

    def call(self, image):
        return self.head(self.base(image))


class Dropped(Whole):
    def parts(self):
        return super().parts() | {"dropout": keras.layers.Dropout(0.5)}

    def call(self, inputs):
        return super().call(inputs | {"image": self.dropout(inputs["image"])})


class Matcher(Dense2):
    """Two arguments of different widths, of which a file records the first one's."""

    def parts(self):
        return super().parts() | {"right": keras.layers.Dense(2)}

    def call(self, image, other):
        return self.dense(image) * self.right(other)


def case(cls, inputs=MASKED, **settings):
    return lambda: trained(cls(), inputs, **settings)


def called(cls, *inputs, fed=None):
    """Return the factory of a model that takes several arguments, which `fit` cannot feed."""

    def factory():
        model = cls()
        model(*inputs)
        model.compile("adam", "mse")
        return model, fed or inputs, TARGETS

    return factory


def _late():
    model = LateWidth()
    model.width = 3
    return model


def _frozen():
    model = Frozen()
    model.base.trainable = False
    return model


whole, masked, article, dropped = case(Whole), case(Masked), case(Article), case(Dropped)
empty_build, late_width, nested_build_from_config = case(EmptyBuild), case(_late), case(Outer)
gather = case(Nested, {"index": INDEX})
eager, frozen = case(Eager, IMAGE, run_eagerly=True), case(_frozen, IMAGE)
two_arguments, optional_mask = (called(cls, IMAGE, KEEP) for cls in (TwoArguments, OptionalMask))
optional_argument = called(OptionalArgument, IMAGE, KEEP, fed={"image": IMAGE, "keep": KEEP})
matcher = called(Matcher, IMAGE, IMAGE[:, :2])


def masked_model_only():
    return masked()[0]


def functional():
    image, keep = keras.Input((3,), name="image"), keras.Input((3,), name="keep", dtype="bool")
    outputs = keras.layers.Dense(2)(keras.ops.where(keep, image, 0.0))
    return trained(keras.Model({"image": image, "keep": keep}, outputs), MASKED)


def a_number():
    return 3


def raising():
    raise RuntimeError("no such\ndata set")


def never_called():
    model = Whole()
    model.compile("adam", "mse")
    return model


def uncompiled():
    model = Whole()
    model(MASKED)
    return model


def main(folder):
    """Save a trained model, train on and write the losses: the truth that a rescue must meet."""
    model, inputs, targets = masked()
    model.save(folder / "masked.keras")
    losses = []
    for _ in range(3):
        model.reset_metrics()
        losses.append(float(model.train_on_batch(inputs, targets)).hex())
    np.savez(folder / "weights.npz", *model.get_weights())
    (folder / "losses.json").write_text(json.dumps(losses))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
