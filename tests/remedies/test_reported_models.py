"""What people reported: the verdict, the cause and the cure of each, and the model left alone."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from remedies.checking.check import check
from remedies.checking.findings import Verdict
from remedies.state.difference import equal
from remedies.state.inventory import host, take
from remedies.state.methods import methods_of, patched

WHOLE = [
    *("string_towers", "spare_layers", "dict_outputs", "text_tf_idf_functional", "inputs_only"),
    *("guide_train_step", "text_model_alone", "dataset_as_x", "two_branches", "vae_sampling"),
]
# Model, cause, the class that the code is to be pasted into, and words of the report.
LOSSY = """
    hashed_strings | dtype | Hashed | 3 of 3 weights | 6 of 8 optimizer | string
    complex_spectrum | dtype | Spectrum | tf.cast(wave, "complex64") (tried:
    keyword_only | arguments | KeywordOnly | 2 of 2 weights lost | bias=keras.ops.zeros((1, 1)
    helper_head | children_not_built | Helper | 2 of 6 weights | self.aux is used | training
    training_without_default | training_argument | NeedsTraining | training=False) (tried:
    children_named_layers | not_in_file | - | 4 weights | rename the attribute _layers
    codebook_tf_variable | state_outside_the_file | - | self.vq.codes | add_weight(shape=(6, 4)
    running_mean_tf_variable | state_outside_the_file | - | self.centre.centre | add_weight
    gan_two_optimizers | compile | Gan | d_optimizer | 20 variables | uncompiled
    gan_two_optimizers_test_step | compile | GanWithTest | g_optimizer | 20 variables
    distiller | compile | Distiller | self.alpha, which compile sets | uncompiled
    head_only_train_step | optimizer | - | 2 weights and 4 are | self.base.trainable = False
    mixed_precision_scaled | loss_scale | - | first load: whole | LossScaleOptimizer
"""
UNUSABLE = """
    unregistered_class | not_registered | - | Unregistered is not registered
    schedule_not_registered | not_registered | - | _WarmUpKept is not registered
    loss_not_registered | not_registered | - | def _unregistered_loss(...):
    python_lambda | python_lambda | - | self.layers[0], self | safe_mode=False
    parts_handed_in | get_config | Handed | saving raised | (encoder, head)
    schedule_without_config | get_config | _WarmUp | saving raised | _WarmUp
    tower_without_kwargs | get_config | Tower | saving raised | layer_sizes
    tower_without_arguments | get_config | BareTower | loading raised | **kwargs
"""


def table(text):
    rows = [[cell.strip() for cell in row.split(" | ")] for row in text.strip().splitlines()]
    return {name: (cause, words, place) for name, cause, place, *words in rows}


EXPECTED = dict.fromkeys(WHOLE, ("", [], "-")) | table(LOSSY) | table(UNUSABLE)
VERDICTS = dict.fromkeys(WHOLE, Verdict.WHOLE) | dict.fromkeys(table(LOSSY), Verdict.LOSSY)


@pytest.fixture(autouse=True)
def policy():
    yield
    keras.config.set_dtype_policy("float32")


def made(reports, name):
    subject = getattr(reports, name)()
    return subject if isinstance(subject, tuple) else (subject,)


def variables(model):
    return [host(item.variable) for item in take(model).values() if item.variable is not None]


@pytest.mark.parametrize("name", EXPECTED)
def test_verdict_cause_and_cure(reports, name):
    cause, words, pasted_into = EXPECTED[name]
    model, *data = made(reports, name)
    before, attributes = variables(model), dict(vars(model))
    report = check(model, *data, name=name)
    assert report.verdict is VERDICTS.get(name, Verdict.UNUSABLE)
    assert [cause.name for cause in report.advice] == ([cause] if cause else [])
    for word in words:
        assert word in report.text() + report.code
    after = variables(model)
    assert len(before) == len(after) and all(map(equal, before, after))
    assert vars(model) == attributes
    if pasted_into != "-":
        assert report.advice[0].cure.cured
        mended = getattr(reports, pasted_into)
        with patched(mended, methods_of(report.code, mended)):
            custom = {pasted_into: mended}
            check(*made(reports, name), custom_objects=custom).raise_if_lossy()


@pytest.mark.parametrize("name", ["unregistered_class", "schedule_not_registered"])
def test_what_lacks_a_registration_is_whole_with_custom_objects(reports, name):
    custom = {"Unregistered": reports.Unregistered, "_WarmUpKept": reports._WarmUpKept}
    check(*made(reports, name), custom_objects=custom).raise_if_lossy()


def halved(x):
    return x / 2


def lowered(x):
    return x - 1


def test_named_functions_or_trust_load_what_safe_mode_refuses(reports, tmp_path):
    model, x, y = made(reports, "python_lambda")
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=False)
    np.testing.assert_array_equal(model.predict(x, verbose=0), loaded.predict(x, verbose=0))
    model.layers[0].function, model.layers[1].function = halved, lowered
    custom = {"halved": halved, "lowered": lowered}
    check(model, x, y, custom_objects=custom).raise_if_lossy()


def keeping(self, layer_sizes, embedding_dimension=4):
    """What `ForgetfulTower.__init__` becomes by the advice: it keeps its arguments."""
    keras.Model.__init__(self)
    self.layer_sizes, self.embedding_dimension = layer_sizes, embedding_dimension
    self._make(layer_sizes, embedding_dimension)


def test_the_pasted_config_loads_once_the_arguments_are_kept(reports):
    report, cls = check(*made(reports, "tower_that_forgets")), reports.ForgetfulTower
    assert "in __init__: self.layer_sizes = layer_sizes" in report.text()
    with patched(cls, methods_of(report.code, cls) | {"__init__": keeping}):
        check(*made(reports, "tower_that_forgets")).raise_if_lossy()


def listed(self, **kwargs):
    """What `Stack.__init__` becomes by the advice: another name for the list."""
    keras.layers.Layer.__init__(self, **kwargs)
    self.layers_list = [keras.layers.Dense(5, "relu"), keras.layers.Dense(4)]


def through_list(self, x):
    for layer in self.layers_list:
        x = layer(x)
    return x


def with_codes(self, **kwargs):
    keras.layers.Layer.__init__(self, **kwargs)
    self.codes = self.add_weight(shape=(6, 4), name="codes")


def quantize(self, h):
    distance = tf.reduce_sum(tf.square(h[:, None] - self.codes[None]), -1)
    return h + tf.stop_gradient(tf.gather(self.codes, tf.argmin(distance, -1)) - h)


def with_centre(self, **kwargs):
    keras.layers.Layer.__init__(self, **kwargs)
    self.centre = self.add_weight(shape=(6,), name="centre", trainable=False)


def frozen_base(self, **kwargs):
    keras.Model.__init__(self, **kwargs)
    self.base, self.head = keras.layers.Dense(5, "relu"), keras.layers.Dense(1)
    self.base.trainable = False


@pytest.mark.parametrize(
    ("name", "cls", "methods"),
    [
        ("children_named_layers", "Stack", {"__init__": listed, "call": through_list}),
        ("codebook_tf_variable", "Quantizer", {"__init__": with_codes, "call": quantize}),
        ("running_mean_tf_variable", "RunningCentre", {"__init__": with_centre}),
        ("head_only_train_step", "HeadOnly", {"__init__": frozen_base}),
    ],
)
def test_advice_in_words_cures_when_it_is_followed(reports, name, cls, methods):
    with patched(getattr(reports, cls), methods):
        check(*made(reports, name)).raise_if_lossy()


def test_a_loss_scale_that_is_stated_is_kept_under_float32(reports):
    model, x, y = made(reports, "mixed_precision_scaled")
    model.compile(keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam()), "mse")
    model.fit(x, y, verbose=0)
    check(model, x, y).raise_if_lossy()
