"""Small models after public reports: each factory returns (model, x, y), or a model alone."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

reg = keras.saving.register_keras_serializable(package="public")


def _rng(seed=5):
    keras.utils.set_random_seed(seed)
    return np.random.default_rng(seed)


def _f(r, *shape):
    return r.normal(size=shape).astype("float32")


def _done(model, x, y, optimizer="adam", loss="mse", steps=3, **more):
    model.compile(optimizer=optimizer, loss=loss, **more)
    for _ in range(steps):
        model.train_on_batch(x, y)
    return model, x, y


def _fitted(model, x, y, optimizer="adam", loss="mse", **more):
    model.compile(optimizer=optimizer, loss=loss, **more)
    model.fit(x, y, batch_size=24, epochs=3, verbose=0, shuffle=False)
    return model, x, y


_xy = keras.utils.unpack_x_y_sample_weight


@reg
class Towers(keras.Model):
    """Two id towers on raw strings (tf #56054, keras #18376, tf #61369)."""

    def __init__(self, **kw):
        super().__init__(**kw)
        self.who = keras.Sequential(
            [layers.StringLookup(vocabulary=["u1", "u2", "u3"]), layers.Embedding(4, 3)]
        )
        self.what = keras.Sequential(
            [layers.StringLookup(vocabulary=["tea", "jam"]), layers.Embedding(3, 3)]
        )
        self.score = layers.Dense(1)

    def call(self, pair):
        return self.score(
            ops.concatenate([self.who(pair["who"]), self.what(pair["what"])], axis=-1)
        )


def string_towers():
    r = _rng()
    x = {
        "who": tf.constant(r.choice(["u1", "u2", "u3", "u9"], 24)),
        "what": tf.constant(r.choice(["tea", "jam"], 24)),
    }
    return _done(Towers(), x, _f(r, 24, 1))


def _sentences(r, n=24):
    return tf.constant(
        [" ".join(r.choice(["red", "blue", "old", "new", "car"], 4)) for _ in range(n)]
    )


def text_tf_idf_functional():  # keras #22004
    r = _rng()
    x = _sentences(r)
    words = layers.TextVectorization(max_tokens=20, output_mode="tf_idf")
    words.adapt(x)
    text = keras.Input((), dtype="string")
    model = keras.Model(text, layers.Dense(1)(words(text)))
    return _done(model, x, _f(r, 24, 1))


@reg
class Hashed(keras.Model):
    """Raw strings that an operation of tf.strings hashes (tf #56054's input, another operation)."""

    def __init__(self, **kw):
        super().__init__(**kw)
        self.table, self.out = layers.Embedding(16, 3), layers.Dense(1)

    def call(self, text):
        bucket = tf.strings.to_hash_bucket_fast(tf.strings.lower(text), 16)
        return self.out(self.table(bucket))


def hashed_strings():
    r = _rng()
    x = tf.constant(r.choice(["U1", "u2", "U3", "u9"], 24))
    return _done(Hashed(), x, _f(r, 24, 1))


@reg
class Spectrum(keras.Model):
    """Complex input to a Fourier operation (keras #13178, keras #19860)."""

    def __init__(self, **kw):
        super().__init__(**kw)
        self.out = layers.Dense(1)

    def call(self, wave):
        time = tf.signal.ifft(wave)
        return self.out(tf.concat([tf.math.real(time), tf.math.imag(time)], axis=-1))


def complex_spectrum():
    r = _rng()
    x = (_f(r, 24, 8) + 1j * _f(r, 24, 8)).astype("complex64")
    return _done(Spectrum(), x, _f(r, 24, 1))


@reg
class Helper(keras.Model):
    """A second head that runs in training only (keras #18823: built in training, not on load)."""

    def __init__(self, **kw):
        super().__init__(**kw)
        self.trunk, self.main, self.aux = layers.Dense(5, "relu"), layers.Dense(1), layers.Dense(2)

    def call(self, x, training=False):
        h = self.trunk(x)
        if training:
            self.add_loss(0.1 * ops.mean(ops.square(self.aux(h))))
        return self.main(h)


def helper_head():
    r = _rng()
    model, x = Helper(), _f(r, 24, 6)
    model(x, training=True)
    return _done(model, x, _f(r, 24, 1))


@reg
class Spare(keras.Model):
    """Layers that are made and never called (keras #18823, first model there): nothing to lose."""

    def __init__(self, **kw):
        super().__init__(**kw)
        self.blocks = [layers.Dense(5) for _ in range(4)]
        self.out = layers.Dense(1)

    def call(self, x):
        for block in self.blocks[2:]:
            x = block(x)
        return self.out(x)


def spare_layers():
    r = _rng()
    return _done(Spare(), _f(r, 24, 6), _f(r, 24, 1))


@reg
class NeedsTraining(keras.Model):
    """`training` without a default, as many tutorials write call (keras #13887's pattern)."""

    def __init__(self, **kw):
        super().__init__(**kw)
        self.hidden, self.drop, self.out = (
            layers.Dense(5, "relu"),
            layers.Dropout(0.2),
            layers.Dense(1),
        )

    def call(self, x, training):
        return self.out(self.drop(self.hidden(x), training=training))


def training_without_default():
    r = _rng()
    return _done(NeedsTraining(), _f(r, 24, 6), _f(r, 24, 1))


@reg
class Stack(layers.Layer):
    """Children in an attribute that Keras does not save (keras #20260)."""

    def __init__(self, **kw):
        super().__init__(**kw)
        self._layers = [layers.Dense(5, "relu"), layers.Dense(4)]

    def call(self, x):
        for layer in self._layers:
            x = layer(x)
        return x


def children_named_layers():
    r = _rng()
    inputs = keras.Input((6,))
    return _done(keras.Model(inputs, layers.Dense(1)(Stack()(inputs))), _f(r, 24, 6), _f(r, 24, 1))


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
class Quantized(keras.Model):
    def __init__(self, **kw):
        super().__init__(**kw)
        self.enc, self.vq, self.dec = layers.Dense(4), Quantizer(), layers.Dense(6)

    def call(self, x):
        return self.dec(self.vq(self.enc(x)))


def codebook_tf_variable():
    r = _rng()
    x = _f(r, 24, 6)
    return _done(Quantized(), x, x)


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
class Centred(keras.Model):
    def __init__(self, **kw):
        super().__init__(**kw)
        self.centre, self.out = RunningCentre(), layers.Dense(1)

    def call(self, x, training=False):
        return self.out(self.centre(x, training=training))


def running_mean_tf_variable():
    r = _rng()
    return _done(Centred(), 2 + _f(r, 24, 6), _f(r, 24, 1))


@reg
class Gan(keras.Model):
    """Two optimizers given to an overridden compile (keras #10806, keras-io #729)."""

    def __init__(self, **kw):
        super().__init__(**kw)
        self.gen = keras.Sequential([keras.Input((3,)), layers.Dense(6, "relu"), layers.Dense(4)])
        self.disc = keras.Sequential([keras.Input((4,)), layers.Dense(6, "relu"), layers.Dense(1)])

    def compile(self, d_optimizer, g_optimizer, loss_fn):
        super().compile()
        self.d_optimizer, self.g_optimizer, self.loss_fn = d_optimizer, g_optimizer, loss_fn

    def call(self, noise):
        return self.gen(noise)

    def train_step(self, data):
        noise, real, _ = _xy(data)
        ones = tf.ones((tf.shape(real)[0], 1))
        with tf.GradientTape() as tape:
            d_loss = self.loss_fn(ones, self.disc(real)) + self.loss_fn(
                ones * 0, self.disc(self.gen(noise))
            )
        w = self.disc.trainable_variables
        self.d_optimizer.apply(tape.gradient(d_loss, w), w)
        with tf.GradientTape() as tape:
            g_loss = self.loss_fn(ones, self.disc(self.gen(noise)))
        w = self.gen.trainable_variables
        self.g_optimizer.apply(tape.gradient(g_loss, w), w)
        return {"d_loss": d_loss, "g_loss": g_loss}


@reg
class GanWithTest(Gan):
    """The same, with a test_step."""

    def test_step(self, data):
        noise, real, _ = _xy(data)
        return {"gap": tf.reduce_mean(self.disc(real)) - tf.reduce_mean(self.disc(self.gen(noise)))}


def _gan(cls):
    r = _rng()
    model, x, y = cls(), _f(r, 24, 3), _f(r, 24, 4)
    model(x)
    model.compile(
        keras.optimizers.Adam(1e-3),
        keras.optimizers.Adam(2e-3),
        keras.losses.BinaryCrossentropy(from_logits=True),
    )
    model.fit(x, y, batch_size=24, epochs=3, verbose=0, shuffle=False)
    return model, x, y


def gan_two_optimizers():
    return _gan(Gan)


def gan_two_optimizers_test_step():
    return _gan(GanWithTest)


@reg
class Distiller(keras.Model):
    """What compile() is given besides, and a frozen part (Keras' distillation example)."""

    def __init__(self, student, teacher, **kw):
        super().__init__(**kw)
        self.student, self.teacher = student, teacher

    def compile(self, optimizer, distillation_loss, alpha=0.1):
        super().compile(optimizer=optimizer, loss="mse")
        self.distillation_loss, self.alpha = distillation_loss, alpha

    def call(self, x):
        return self.student(x)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        taught = self.distillation_loss(self.teacher(x), y_pred)
        return self.alpha * super().compute_loss(x, y, y_pred) + (1 - self.alpha) * taught

    def get_config(self):
        parts = {"student": self.student, "teacher": self.teacher}
        return {k: keras.saving.serialize_keras_object(v) for k, v in parts.items()}

    @classmethod
    def from_config(cls, config):
        return cls(**{k: keras.saving.deserialize_keras_object(v) for k, v in config.items()})


def distiller():
    r = _rng()
    student, teacher = (
        keras.Sequential([keras.Input((3,)), layers.Dense(2), layers.Dense(1)]) for _ in range(2)
    )
    teacher.trainable = False
    model, x = Distiller(student, teacher), _f(r, 24, 3)
    model(x)
    model.compile(keras.optimizers.Adam(0.02), keras.losses.MeanAbsoluteError(), alpha=0.3)
    model.fit(x, _f(r, 24, 1), epochs=2, verbose=0)
    return model, x, _f(r, 24, 1)


@reg
class HeadOnly(keras.Model):
    """train_step moves some of the trainable weights (keras #20128: 30 against 22)."""

    def __init__(self, **kw):
        super().__init__(**kw)
        self.base, self.head = layers.Dense(5, "relu"), layers.Dense(1)

    def call(self, x):
        return self.head(self.base(x))

    def train_step(self, data):
        x, y, _ = _xy(data)
        with tf.GradientTape() as tape:
            loss = self.compute_loss(y=y, y_pred=self(x, training=True))
        weights = self.head.trainable_variables
        self.optimizer.apply(tape.gradient(loss, weights), weights)
        return {"loss": loss}


def head_only_train_step():
    r = _rng()
    model, x = HeadOnly(), _f(r, 24, 6)
    model(x)
    return _fitted(model, x, _f(r, 24, 1))


@reg
class GuideStep(keras.Model):
    """train_step as Keras' own guide writes it, `x, y = data` (tf #46530, tf #38103)."""

    def __init__(self, **kw):
        super().__init__(**kw)
        self.base, self.head = layers.Dense(5, "relu"), layers.Dense(1)

    def call(self, x):
        return self.head(self.base(x))

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = self.compute_loss(y=y, y_pred=self(x, training=True))
        self.optimizer.apply(
            tape.gradient(loss, self.trainable_variables), self.trainable_variables
        )
        return {"loss": loss}


def guide_train_step():
    r = _rng()
    return _fitted(GuideStep(), _f(r, 24, 6), _f(r, 24, 1))


class _WarmUp(keras.optimizers.schedules.LearningRateSchedule):
    def __init__(self, size):
        self.size = size

    def __call__(self, step):
        step = tf.cast(step, tf.float32)
        return self.size**-0.5 * tf.minimum(tf.math.rsqrt(step + 1), step * 0.01)


def _plain():
    inputs = keras.Input((6,))
    return keras.Model(inputs, layers.Dense(1)(layers.Dense(5, "relu")(inputs)))


def schedule_without_config():  # AIONER #5, tf2-transformer-chatbot #12
    r = _rng()
    return _done(_plain(), _f(r, 24, 6), _f(r, 24, 1), keras.optimizers.Adam(_WarmUp(16.0)))


class _WarmUpKept(_WarmUp):
    def get_config(self):
        return {"size": self.size}


def schedule_not_registered():  # the same with get_config; tf #53606's kind
    r = _rng()
    return _done(_plain(), _f(r, 24, 6), _f(r, 24, 1), keras.optimizers.Adam(_WarmUpKept(16.0)))


def _unregistered_loss(y, y_pred):
    return ops.mean(ops.square(y - y_pred))


def loss_not_registered():
    r = _rng()
    return _done(_plain(), _f(r, 24, 6), _f(r, 24, 1), loss=_unregistered_loss)


def python_lambda():  # Keras' safe mode refuses it
    r = _rng()
    halved = [layers.Lambda(lambda x: x / 2), layers.Lambda(lambda x: x - 1)]
    model = keras.Sequential([keras.Input((6,)), *halved, layers.Dense(1)])
    return _done(model, _f(r, 24, 6), _f(r, 24, 1))


def mixed_precision_scaled():  # keras #18112, keras #17275
    r = _rng()
    keras.config.set_dtype_policy("mixed_float16")
    model = _plain()
    return _done(model, _f(r, 24, 6), _f(r, 24, 1))


@reg
class Handed(keras.Model):
    """Parts handed to the constructor, no get_config (keras #20167)."""

    def __init__(self, encoder, head, **kw):
        super().__init__(**kw)
        self.encoder, self.head = encoder, head

    def call(self, x):
        return self.head(self.encoder(x))


def parts_handed_in():
    r = _rng()
    model = Handed(keras.Sequential([layers.Dense(5, "relu"), layers.Dense(4)]), layers.Dense(1))
    return _done(model, _f(r, 24, 6), _f(r, 24, 1))


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
class Vae(keras.Model):
    """A latent sample in every call, prediction included (keras-io #1061, keras #19796)."""

    def __init__(self, **kw):
        super().__init__(**kw)
        self.enc, self.mean, self.log_var = (
            layers.Dense(5, "relu"),
            layers.Dense(2),
            layers.Dense(2),
        )
        self.sample, self.dec = Sampled(), layers.Dense(6)

    def call(self, x):
        h = self.enc(x)
        return self.dec(self.sample((self.mean(h), self.log_var(h))))


def vae_sampling():
    r = _rng()
    x = _f(r, 24, 6)
    return _done(Vae(), x, x)


@reg
class TwoTasks(keras.Model):
    """Named outputs, each with its loss, weight and metric."""

    def __init__(self, **kw):
        super().__init__(**kw)
        self.trunk, self.price, self.kind = (
            layers.Dense(5, "relu"),
            layers.Dense(1),
            layers.Dense(3, "softmax"),
        )

    def call(self, x):
        h = self.trunk(x)
        return {"price": self.price(h), "kind": self.kind(h)}


def dict_outputs():
    r = _rng()
    return _done(
        TwoTasks(),
        _f(r, 24, 6),
        {"price": _f(r, 24, 1), "kind": r.integers(0, 3, 24)},
        loss={"price": "mse", "kind": "sparse_categorical_crossentropy"},
        loss_weights={"price": 0.3, "kind": 1.0},
        metrics={"price": ["mae"], "kind": ["accuracy"]},
    )


@reg
class Reconstruct(keras.Model):
    """Trained on x alone, the loss added inside call (keras #5381's kind)."""

    def __init__(self, **kw):
        super().__init__(**kw)
        self.enc, self.dec = layers.Dense(3, "relu"), layers.Dense(6)

    def call(self, x):
        out = self.dec(self.enc(x))
        self.add_loss(ops.mean(ops.square(out - x)))
        return out


def inputs_only():
    r = _rng()
    model, x = Reconstruct(), _f(r, 24, 6)
    model.compile("adam")
    model.fit(x, epochs=3, verbose=0)
    return model, x, None


@reg
class TwoBranches(keras.Model):
    """Two branches added up: rounding follows the numbers in names (keras #20460)."""

    def __init__(self, **kw):
        super().__init__(**kw)
        self.left, self.right, self.out = layers.Dense(4), layers.Dense(4), layers.Dense(1)

    def call(self, x):
        return self.out(self.left(x) + self.right(x))


def two_branches():
    r = _rng()
    return _done(TwoBranches(), _f(r, 24, 6), _f(r, 24, 1))


class Unregistered(keras.Model):
    """A class that is not registered, as in most first attempts (tf #44199, keras #19899)."""

    def __init__(self, **kw):
        super().__init__(**kw)
        self.hidden, self.out = layers.Dense(5, "relu"), layers.Dense(1)

    def call(self, x):
        return self.out(self.hidden(x))


def unregistered_class():
    r = _rng()
    return _done(Unregistered(), _f(r, 24, 6), _f(r, 24, 1))


def dataset_as_x():  # as most training scripts feed their models
    r = _rng()
    x, y = _f(r, 24, 6), _f(r, 24, 1)
    data = tf.data.Dataset.from_tensor_slices((x, y)).batch(24)
    model = _plain()
    model.compile("adam", "mse")
    model.fit(data, epochs=2, verbose=0)
    return model, data, None


def text_model_alone():  # no inputs given: a string keras.Input
    return text_tf_idf_functional()[0]


@reg
class KeywordOnly(keras.Model):
    """A second tensor by keyword only (a two-argument call, as transformers have)."""

    def __init__(self, **kw):
        super().__init__(**kw)
        self.out = layers.Dense(1)

    def call(self, x, *, bias):
        return self.out(x) + bias

    def train_step(self, data):
        x, y, _ = _xy(data)
        with tf.GradientTape() as tape:
            loss = self.compute_loss(y=y, y_pred=self(x["x"], bias=x["bias"]))
        self.optimizer.apply(
            tape.gradient(loss, self.trainable_variables), self.trainable_variables
        )
        return {"loss": loss}


def keyword_only():
    r = _rng()
    model, x, y = KeywordOnly(), {"x": _f(r, 24, 6), "bias": _f(r, 24, 1)}, _f(r, 24, 1)
    model(x["x"], bias=x["bias"])
    return _fitted(model, x, y)


@reg
class Tower(keras.Model):
    """An `__init__` without **kwargs, its arguments kept (after keras-rs' retrieval example)."""

    def __init__(self, layer_sizes, embedding_dimension=4):
        super().__init__()
        self.layer_sizes, self.embedding_dimension = layer_sizes, embedding_dimension
        self._make(layer_sizes, embedding_dimension)

    def _make(self, layer_sizes, embedding_dimension):
        self.table = layers.Embedding(9, embedding_dimension)
        self.dense = keras.Sequential([layers.Dense(size) for size in layer_sizes])

    def call(self, ids):
        return self.dense(self.table(ids))


@reg
class ForgetfulTower(Tower):
    """The same, its arguments kept nowhere, as in that example."""

    def __init__(self, layer_sizes, embedding_dimension=4):
        keras.Model.__init__(self)
        self._make(layer_sizes, embedding_dimension)


@reg
class BareTower(Tower):
    """The same without an argument."""

    def __init__(self):
        keras.Model.__init__(self)
        self._make([5, 1], 4)


def _tower(model):
    r = _rng()
    return _done(model, r.integers(0, 9, (24,)), _f(r, 24, 1))


def tower_without_kwargs():
    return _tower(Tower([5, 1], 3))


def tower_that_forgets():
    return _tower(ForgetfulTower([5, 1], 3))


def tower_without_arguments():
    return _tower(BareTower())
