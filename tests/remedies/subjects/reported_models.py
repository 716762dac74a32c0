"""Small models after public reports: each factory returns (model, x, y), or a model alone."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

reg = keras.saving.register_keras_serializable(package="public")
unpacked = keras.utils.unpack_x_y_sample_weight


def _rng():
    keras.utils.set_random_seed(5)
    return np.random.default_rng(5)


def _f(r, *shape):
    return r.normal(size=shape).astype("float32")


def _done(model, x, y, fit=False, **settings):
    if not model.compiled:
        model.compile(**{"optimizer": "adam", "loss": "mse"} | settings)
    if fit:
        model.fit(x, y, batch_size=24, epochs=3, verbose=0, shuffle=False)
    else:
        for _ in range(3):
            model.train_on_batch(x, y)
    return model, x, y


def _six(r):
    return _f(r, 24, 6)


def _number(r, x):
    return _f(r, 24, 1)


def _itself(r, x):
    return x


def _case(make, x=_six, y=_number, optimizer=lambda: "adam", call=None, **settings):
    """Return the factory of a model of `x(rng)`, called as `call` says and trained on `y`."""

    def factory():
        r = _rng()
        inputs, model = x(r), make()
        targets = y(r, inputs)
        if call is not None:
            model(inputs, **call)
        return _done(model, inputs, targets, optimizer=optimizer(), **settings)

    return factory


def _plain():
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
    r = _rng()
    x = tf.constant(
        [" ".join(r.choice(["red", "blue", "old", "new", "car"], 4)) for _ in range(24)]
    )
    words = layers.TextVectorization(max_tokens=20, output_mode="tf_idf")
    words.adapt(x)
    text = keras.Input((), dtype="string")
    return _done(keras.Model(text, layers.Dense(1)(words(text))), x, _f(r, 24, 1))


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
class Helper(Parts):
    """A second head that runs in training only (keras #18823: built in training, not on load)."""

    def parts(self):
        return {"trunk": layers.Dense(5, "relu"), "main": layers.Dense(1), "aux": layers.Dense(2)}

    def call(self, x, training=False):
        h = self.trunk(x)
        if training:
            self.add_loss(0.1 * ops.mean(ops.square(self.aux(h))))
        return self.main(h)


@reg
class Spare(Parts):
    """Layers that are made and never called (keras #18823, first model there): nothing to lose."""

    def parts(self):
        return {"blocks": [layers.Dense(5) for _ in range(4)], "out": layers.Dense(1)}

    def call(self, x):
        return self.out(self.blocks[3](self.blocks[2](x)))


@reg
class NeedsTraining(Two):
    """`training` without a default, as many tutorials write call (keras #13887's pattern)."""

    def parts(self):
        return super().parts() | {"drop": layers.Dropout(0.2)}

    def call(self, x, training):
        return self.head(self.drop(self.base(x), training=training))


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
class Gan(Parts):
    """Two optimizers given to an overridden compile (keras #10806, keras-io #729)."""

    def parts(self):
        sizes = {"gen": (3, 4), "disc": (4, 1)}
        return {
            name: keras.Sequential([keras.Input((i,)), layers.Dense(6, "relu"), layers.Dense(o)])
            for name, (i, o) in sizes.items()
        }

    def compile(self, d_optimizer, g_optimizer, loss_fn):
        super().compile()
        self.d_optimizer, self.g_optimizer, self.loss_fn = d_optimizer, g_optimizer, loss_fn

    def call(self, noise):
        return self.gen(noise)

    def train_step(self, data):
        noise, real, _ = unpacked(data)
        ones = tf.ones((tf.shape(real)[0], 1))
        with tf.GradientTape(persistent=True) as tape:
            fake = self.disc(self.gen(noise))
            g_loss = self.loss_fn(ones, fake)
            d_loss = self.loss_fn(ones, self.disc(real)) + self.loss_fn(ones * 0, fake)
        for optimizer, part, loss in (
            (self.d_optimizer, self.disc, d_loss),
            (self.g_optimizer, self.gen, g_loss),
        ):
            weights = part.trainable_variables
            optimizer.apply(tape.gradient(loss, weights), weights)
        return {"d_loss": d_loss, "g_loss": g_loss}


@reg
class GanWithTest(Gan):
    """The same, with a test_step."""

    def test_step(self, data):
        noise, real, _ = unpacked(data)
        return {"gap": tf.reduce_mean(self.disc(real) - self.disc(self.gen(noise)))}


def _gan(cls):
    r = _rng()
    model, x, y = cls(), _f(r, 24, 3), _f(r, 24, 4)
    model(x)
    optimizers = keras.optimizers.Adam(1e-3), keras.optimizers.Adam(2e-3)
    model.compile(*optimizers, keras.losses.BinaryCrossentropy(from_logits=True))
    return _done(model, x, y, fit=True)


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
    return _done(model, x, _f(r, 24, 1), fit=True)


@reg
class HeadOnly(Two):
    """train_step moves some of the trainable weights (keras #20128: 30 against 22)."""

    def train_step(self, data):
        x, y, _ = unpacked(data)
        with tf.GradientTape() as tape:
            loss = self.compute_loss(y=y, y_pred=self(x, training=True))
        weights = self.head.trainable_variables
        self.optimizer.apply(tape.gradient(loss, weights), weights)
        return {"loss": loss}


@reg
class GuideStep(Two):
    """train_step as Keras' own guide writes it, `x, y = data` (tf #46530, tf #38103)."""

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = self.compute_loss(y=y, y_pred=self(x, training=True))
        weights = self.trainable_variables
        self.optimizer.apply(tape.gradient(loss, weights), weights)
        return {"loss": loss}


@reg
class KeywordOnly(Parts):
    """A second tensor by keyword only (a two-argument call, as transformers have)."""

    def parts(self):
        return {"out": layers.Dense(1)}

    def call(self, x, *, bias):
        return self.out(x) + bias

    def train_step(self, data):
        x, y, _ = unpacked(data)
        with tf.GradientTape() as tape:
            loss = self.compute_loss(y=y, y_pred=self(x["x"], bias=x["bias"]))
        weights = self.trainable_variables
        self.optimizer.apply(tape.gradient(loss, weights), weights)
        return {"loss": loss}


def keyword_only():
    r = _rng()
    model, x, y = KeywordOnly(), {"x": _f(r, 24, 6), "bias": _f(r, 24, 1)}, _f(r, 24, 1)
    model(x["x"], bias=x["bias"])
    return _done(model, x, y, fit=True)


class _WarmUp(keras.optimizers.schedules.LearningRateSchedule):
    def __init__(self, size):
        self.size = size

    def __call__(self, step):
        step = tf.cast(step, tf.float32)
        return self.size**-0.5 * tf.minimum(tf.math.rsqrt(step + 1), step * 0.01)


class _WarmUpKept(_WarmUp):
    def get_config(self):
        return {"size": self.size}


def _unregistered_loss(y, y_pred):
    return ops.mean(ops.square(y - y_pred))


def _halved():
    halved = [layers.Lambda(lambda x: x / 2), layers.Lambda(lambda x: x - 1)]
    return keras.Sequential([keras.Input((6,)), *halved, layers.Dense(1)])


def _under_float16():
    keras.config.set_dtype_policy("mixed_float16")
    return _plain()


@reg
class Handed(keras.Model):
    """Parts handed to the constructor, no get_config (keras #20167)."""

    def __init__(self, encoder, head, **kw):
        super().__init__(**kw)
        self.encoder, self.head = encoder, head

    def call(self, x):
        return self.head(self.encoder(x))


def _handed():
    return Handed(keras.Sequential([layers.Dense(5, "relu"), layers.Dense(4)]), layers.Dense(1))


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
class TwoTasks(Parts):
    """Named outputs, each with its loss, weight and metric."""

    def parts(self):
        heads = {"price": layers.Dense(1), "kind": layers.Dense(3, "softmax")}
        return {"trunk": layers.Dense(5, "relu")} | heads

    def call(self, x):
        h = self.trunk(x)
        return {"price": self.price(h), "kind": self.kind(h)}


@reg
class Reconstruct(Parts):
    """Trained on x alone, the loss added inside call (keras #5381's kind)."""

    def parts(self):
        return {"enc": layers.Dense(3, "relu"), "dec": layers.Dense(6)}

    def call(self, x):
        out = self.dec(self.enc(x))
        self.add_loss(ops.mean(ops.square(out - x)))
        return out


@reg
class TwoBranches(Parts):
    """Two branches added up: rounding follows the numbers in names (keras #20460)."""

    def parts(self):
        return {"left": layers.Dense(4), "right": layers.Dense(4), "out": layers.Dense(1)}

    def call(self, x):
        return self.out(self.left(x) + self.right(x))


class Unregistered(Two):
    """A class that is not registered, as in most first attempts (tf #44199, keras #19899)."""


def dataset_as_x():  # as most training scripts feed their models
    r = _rng()
    data = tf.data.Dataset.from_tensor_slices((_f(r, 24, 6), _f(r, 24, 1))).batch(24)
    model = _plain()
    model.compile("adam", "mse")
    model.fit(data, epochs=2, verbose=0)
    return model, data, None


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


def _pairs(r):
    who, what = r.choice(["u1", "u2", "u3", "u9"], 24), r.choice(["tea", "jam"], 24)
    return {"who": tf.constant(who), "what": tf.constant(what)}


def _ids(r):
    return r.integers(0, 9, (24,))


string_towers = _case(Towers, _pairs)
hashed_strings = _case(Hashed, lambda r: tf.constant(r.choice(["U1", "u2", "U3", "u9"], 24)))
complex_spectrum = _case(Spectrum, lambda r: (_f(r, 24, 8) + 1j * _f(r, 24, 8)).astype("complex64"))
helper_head = _case(Helper, call={"training": True})
head_only_train_step = _case(HeadOnly, call={}, fit=True)
inputs_only = _case(Reconstruct, y=lambda r, x: None, fit=True, loss=None)
dict_outputs = _case(
    TwoTasks,
    y=lambda r, x: {"price": _f(r, 24, 1), "kind": r.integers(0, 3, 24)},
    loss={"price": "mse", "kind": "sparse_categorical_crossentropy"},
    loss_weights={"price": 0.3, "kind": 1.0},
    metrics={"price": ["mae"], "kind": ["accuracy"]},
)
spare_layers = _case(Spare)
training_without_default = _case(NeedsTraining)
children_named_layers = _case(_stacked)
codebook_tf_variable = _case(Quantized, y=_itself)
running_mean_tf_variable = _case(Centred)
guide_train_step = _case(GuideStep, fit=True)
# AIONER #5, tf2-transformer-chatbot #12
schedule_without_config = _case(_plain, optimizer=lambda: keras.optimizers.Adam(_WarmUp(16.0)))
# The same with get_config; tf #53606's kind
schedule_not_registered = _case(_plain, optimizer=lambda: keras.optimizers.Adam(_WarmUpKept(16.0)))
loss_not_registered = _case(_plain, loss=_unregistered_loss)
python_lambda = _case(_halved)  # Keras' safe mode refuses it
mixed_precision_scaled = _case(_under_float16)  # keras #18112, keras #17275
parts_handed_in = _case(_handed)
vae_sampling = _case(Vae, y=_itself)
two_branches = _case(TwoBranches)
unregistered_class = _case(Unregistered)
tower_without_kwargs = _case(lambda: Tower([5, 1], 3), _ids)
tower_that_forgets = _case(lambda: ForgetfulTower([5, 1], 3), _ids)
tower_without_arguments = _case(BareTower, _ids)
