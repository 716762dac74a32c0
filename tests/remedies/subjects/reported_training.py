"""Small models after public reports, of which the trouble is in how they are trained."""

import keras
import tensorflow as tf
from keras import layers, ops
from reported_models import Parts, Two, case, done, floats, plain, reg, seeded

unpacked = keras.utils.unpack_x_y_sample_weight


def learn(model, y, forward, part):
    """Do what a train step does: `forward` under a tape, and a move of the weights of `part`."""
    with tf.GradientTape() as tape:
        loss = model.compute_loss(y=y, y_pred=forward())
    weights = part.trainable_variables
    model.optimizer.apply(tape.gradient(loss, weights), weights)
    return {"loss": loss}


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
class NeedsTraining(Two):
    """`training` without a default, as many tutorials write call (keras #13887's pattern)."""

    def parts(self):
        return super().parts() | {"drop": layers.Dropout(0.2)}

    def call(self, x, training):
        return self.head(self.drop(self.base(x), training=training))


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
    r = seeded()
    model, x, y = cls(), floats(r, 24, 3), floats(r, 24, 4)
    model(x)
    optimizers = keras.optimizers.Adam(1e-3), keras.optimizers.Adam(2e-3)
    model.compile(*optimizers, keras.losses.BinaryCrossentropy(from_logits=True))
    return done(model, x, y, fit=True)


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
    r = seeded()
    student, teacher = (
        keras.Sequential([keras.Input((3,)), layers.Dense(2), layers.Dense(1)]) for _ in range(2)
    )
    teacher.trainable = False
    model, x = Distiller(student, teacher), floats(r, 24, 3)
    model(x)
    model.compile(keras.optimizers.Adam(0.02), keras.losses.MeanAbsoluteError(), alpha=0.3)
    return done(model, x, floats(r, 24, 1), fit=True)


@reg
class HeadOnly(Two):
    """train_step moves some of the trainable weights (keras #20128: 30 against 22)."""

    def train_step(self, data):
        x, y, _ = unpacked(data)
        return learn(self, y, lambda: self(x, training=True), self.head)


@reg
class GuideStep(Two):
    """train_step as Keras' own guide writes it, `x, y = data` (tf #46530, tf #38103)."""

    def train_step(self, data):
        x, y = data
        return learn(self, y, lambda: self(x, training=True), self)


@reg
class KeywordOnly(Parts):
    """A second tensor by keyword only (a two-argument call, as transformers have)."""

    def parts(self):
        return {"out": layers.Dense(1)}

    def call(self, x, *, bias):
        return self.out(x) + bias

    def train_step(self, data):
        x, y, _ = unpacked(data)
        return learn(self, y, lambda: self(x["x"], bias=x["bias"]), self)


def keyword_only():
    r = seeded()
    model, x, y = KeywordOnly(), {"x": floats(r, 24, 6), "bias": floats(r, 24, 1)}, floats(r, 24, 1)
    model(x["x"], bias=x["bias"])
    return done(model, x, y, fit=True)


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
    return plain()


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


def dataset_as_x():  # as most training scripts feed their models
    r = seeded()
    data = tf.data.Dataset.from_tensor_slices((floats(r, 24, 6), floats(r, 24, 1))).batch(24)
    model = plain()
    model.compile("adam", "mse")
    model.fit(data, epochs=2, verbose=0)
    return model, data, None


helper_head = case(Helper, call={"training": True})
head_only_train_step = case(HeadOnly, call={}, fit=True)
inputs_only = case(Reconstruct, y=lambda r, x: None, fit=True, loss=None)
dict_outputs = case(
    TwoTasks,
    y=lambda r, x: {"price": floats(r, 24, 1), "kind": r.integers(0, 3, 24)},
    loss={"price": "mse", "kind": "sparse_categorical_crossentropy"},
    loss_weights={"price": 0.3, "kind": 1.0},
    metrics={"price": ["mae"], "kind": ["accuracy"]},
)
training_without_default = case(NeedsTraining)
guide_train_step = case(GuideStep, fit=True)
# AIONER #5, tf2-transformer-chatbot #12
schedule_without_config = case(plain, optimizer=lambda: keras.optimizers.Adam(_WarmUp(16.0)))
# The same with get_config; tf #53606's kind
schedule_not_registered = case(plain, optimizer=lambda: keras.optimizers.Adam(_WarmUpKept(16.0)))
loss_not_registered = case(plain, loss=_unregistered_loss)
python_lambda = case(_halved)  # Keras' safe mode refuses it
mixed_precision_scaled = case(_under_float16)  # keras #18112, keras #17275
