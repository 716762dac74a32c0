"""Small models after public reports: each factory returns (model, x, y), or a model alone."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

reg = keras.saving.register_keras_serializable(package="public")


def seeded():
    keras.utils.set_random_seed(5)
    return np.random.default_rng(5)


def floats(r, *shape):
    return r.normal(size=shape).astype("float32")


def done(model, x, y, fit=False, **settings):
    if not model.compiled:
        model.compile(**{"optimizer": "adam", "loss": "mse"} | settings)
    if fit:
        model.fit(x, y, batch_size=24, epochs=3, verbose=0, shuffle=False)
    else:
        for _ in range(3):
            model.train_on_batch(x, y)
    return model, x, y


def _six(r):
    return floats(r, 24, 6)


def number(r, x):
    return floats(r, 24, 1)


def itself(r, x):
    return x


def case(make, x=_six, y=number, optimizer=lambda: "adam", call=None, **settings):
    """Return the factory of a model of `x(rng)`, called as `call` says and trained on `y`."""

    def factory():
        r = seeded()
        inputs, model = x(r), make()
        targets = y(r, inputs)
        if call is not None:
            model(inputs, **call)
        return done(model, inputs, targets, optimizer=optimizer(), **settings)

    return factory


def plain():
    inputs = keras.Input((6,))
    return keras.Model(inputs, layers.Dense(1)(layers.Dense(5, "relu")(inputs)))


class Parts(keras.Model):
    """A model of the layers that `parts` returns by attribute, which it makes in `__init__`."""

    def __init__(self, **kw):
        super().__init__(**kw)
        for name, part in self.parts().items():
            setattr(self, name, part)


class Two(Parts):
    def parts(self):
        return {"base": layers.Dense(5, "relu"), "head": layers.Dense(1)}

    def call(self, x):
        return self.head(self.base(x))


@reg
class Towers(Parts):
    """Two id towers on raw strings (tf #56054, keras #18376, tf #61369)."""

    def parts(self):
        who, what = (
            layers.StringLookup(vocabulary=v) for v in (["u1", "u2", "u3"], ["tea", "jam"])
        )
        who = keras.Sequential([who, layers.Embedding(4, 3)])
        what = keras.Sequential([what, layers.Embedding(3, 3)])
        return {"who": who, "what": what, "score": layers.Dense(1)}

    def call(self, pair):
        return self.score(ops.concatenate([self.who(pair["who"]), self.what(pair["what"])], -1))


def text_tf_idf_functional():  # keras #22004
    r = seeded()
    x = tf.constant(
        [" ".join(r.choice(["red", "blue", "old", "new", "car"], 4)) for _ in range(24)]
    )
    words = layers.TextVectorization(max_tokens=20, output_mode="tf_idf")
    words.adapt(x)
    text = keras.Input((), dtype="string")
    return done(keras.Model(text, layers.Dense(1)(words(text))), x, floats(r, 24, 1))


def text_model_alone():  # no inputs given: a string keras.Input
    return text_tf_idf_functional()[0]


@reg
class Hashed(Parts):
    """Raw strings that an operation of tf.strings hashes (tf #56054's input, another operation)."""

    def parts(self):
        return {"table": layers.Embedding(16, 3), "out": layers.Dense(1)}

    def call(self, text):
        bucket = tf.strings.to_hash_bucket_fast(tf.strings.lower(text), 16)
        return self.out(self.table(bucket))


@reg
class Spectrum(Parts):
    """Complex input to a Fourier operation (keras #13178, keras #19860)."""

    def parts(self):
        return {"out": layers.Dense(1)}

    def call(self, wave):
        time = tf.signal.ifft(wave)
        return self.out(tf.concat([tf.math.real(time), tf.math.imag(time)], axis=-1))


@reg
class Spare(Parts):
    """Layers that are made and never called (keras #18823, first model there): nothing to lose."""

    def parts(self):
        return {"blocks": [layers.Dense(5) for _ in range(4)], "out": layers.Dense(1)}

    def call(self, x):
        return self.out(self.blocks[3](self.blocks[2](x)))


@reg
class Stack(layers.Layer):
    """Children in an attribute that Keras does not save (keras #20260)."""

    def __init__(self, **kw):
        super().__init__(**kw)
        self._layers = [layers.Dense(5, "relu"), layers.Dense(4)]

    def call(self, x):
        return self._layers[1](self._layers[0](x))


def _stacked():
    inputs = keras.Input((6,))
    return keras.Model(inputs, layers.Dense(1)(Stack()(inputs)))


@reg
class Quantizer(layers.Layer):
    """A codebook in a plain tf.Variable (keras-io #556: the first VQ-VAE example)."""

    def __init__(self, **kw):
        super().__init__(**kw)
        self.codes = tf.Variable(tf.random.normal((6, 4)))

    def call(self, h):
        near = tf.argmin(tf.reduce_sum(tf.square(h[:, None] - self.codes[None]), -1), -1)
        return h + tf.stop_gradient(tf.gather(self.codes, near) - h)


@reg
class Quantized(Parts):
    def parts(self):
        return {"enc": layers.Dense(4), "vq": Quantizer(), "dec": layers.Dense(6)}

    def call(self, x):
        return self.dec(self.vq(self.enc(x)))


@reg
class RunningCentre(layers.Layer):
    """Running mean in a tf.Variable, moved on in every training call (tf #39583, keras-io #556)."""

    def __init__(self, **kw):
        super().__init__(**kw)
        self.centre = tf.Variable(tf.zeros((6,)), trainable=False)

    def call(self, x, training=False):
        if training:
            self.centre.assign(0.9 * self.centre + 0.1 * tf.reduce_mean(x, 0))
        return x - self.centre


@reg
class Centred(Parts):
    def parts(self):
        return {"centre": RunningCentre(), "out": layers.Dense(1)}

    def call(self, x, training=False):
        return self.out(self.centre(x, training=training))


@reg
class Sampled(layers.Layer):
    def __init__(self, **kw):
        super().__init__(**kw)
        self.seeds = keras.random.SeedGenerator(7)

    def call(self, pair):
        mean, log_var = pair
        self.add_loss(-0.01 * ops.mean(1 + log_var - ops.square(mean) - ops.exp(log_var)))
        return mean + ops.exp(0.5 * log_var) * keras.random.normal(ops.shape(mean), seed=self.seeds)


@reg
class Vae(Parts):
    """A latent sample in every call, prediction included (keras-io #1061, keras #19796)."""

    def parts(self):
        heads = {"mean": layers.Dense(2), "log_var": layers.Dense(2)}
        ends = {"enc": layers.Dense(5, "relu"), "dec": layers.Dense(6)}
        return heads | ends | {"sample": Sampled()}

    def call(self, x):
        h = self.enc(x)
        return self.dec(self.sample((self.mean(h), self.log_var(h))))


@reg
class TwoBranches(Parts):
    """Two branches added up: rounding follows the numbers in names (keras #20460)."""

    def parts(self):
        return {"left": layers.Dense(4), "right": layers.Dense(4), "out": layers.Dense(1)}

    def call(self, x):
        return self.out(self.left(x) + self.right(x))


def _pairs(r):
    who, what = r.choice(["u1", "u2", "u3", "u9"], 24), r.choice(["tea", "jam"], 24)
    return {"who": tf.constant(who), "what": tf.constant(what)}


string_towers = case(Towers, _pairs)
hashed_strings = case(Hashed, lambda r: tf.constant(r.choice(["U1", "u2", "U3", "u9"], 24)))
complex_spectrum = case(Spectrum, lambda r: floats(r, 24, 8).astype("complex64") * (1 + 1j))
spare_layers = case(Spare)
children_named_layers = case(_stacked)
codebook_tf_variable = case(Quantized, y=itself)
running_mean_tf_variable = case(Centred)
vae_sampling = case(Vae, y=itself)
two_branches = case(TwoBranches)
