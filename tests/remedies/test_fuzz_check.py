"""Whatever a user's model raises, and wherever: a verdict or one line, and never a traceback."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

from remedies.checking.check import check
from remedies.checking.findings import Report
from remedies.problem import BadInputError

RNG = np.random.default_rng(0)
DTYPES = ("float32", "bool", "int8", "uint64", "float16", "complex64", "string", "object", "str")
# The methods that raise.
STAGES = (
    *("", "call", "build_from_config", "get_build_config", "get_config", "from_config"),
    *("save_own_variables", "load_own_variables", "compile_from_config", "train_step"),
    *("predict_step", "get_compile_config build_from_config load_own_variables"),
)


def array(dtype):
    values = RNG.random((4, 3))
    if dtype == "string":
        return tf.constant([["a", "b", "c"]] * 4)
    if dtype in ("object", "str"):
        return np.array([["a", "b", "c"]] * 4, dtype)
    return (values * 2).astype(dtype)


Y = np.ones((4, 1), "float32")
STRUCTURES = {
    "one": lambda x: x,
    "tuple": lambda x: (x, array("float32")),
    "list": lambda x: [x, x],
    "dict": lambda x: {"b": x, "a": array("bool")},
    "nested": lambda x: {"b": (x, [x]), "a": {"c": x}},
    "ragged": lambda x: tf.ragged.constant([[1.0], [2.0, 3.0], [], [4.0]]),
    "sparse": tf.sparse.from_dense,
    "dataset": lambda x: tf.data.Dataset.from_tensors((tf.constant(x), Y)),
    "generator": lambda x: ((x, Y) for _ in range(3)),
}


def number(leaf):
    if isinstance(leaf, tf.RaggedTensor):
        leaf = leaf.to_tensor(shape=(None, 3))
    if isinstance(leaf, tf.SparseTensor):
        leaf = tf.sparse.to_dense(leaf)
    if leaf.dtype == "string":
        return tf.cast(tf.strings.length(leaf), "float32")
    return tf.cast(leaf, "float32")


def model_class(methods):
    class Fuzzed(keras.Model):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.dense = keras.layers.Dense(1)

        def call(self, inputs):
            leaves = tf.nest.flatten(inputs)
            return self.dense(tf.add_n([number(leaf) for leaf in leaves]))

    def raising(*args, **kwargs):
        if armed:
            raise error
        return original[0](*args, **kwargs)

    error = ValueError("\x1b[1mfuzzed\x1b[0m\n\n\n") if len(methods) > 1 else OverflowError()
    armed, original = [], []
    for method in methods:
        original[:] = [getattr(Fuzzed, method)]
        setattr(Fuzzed, method, classmethod(raising) if method == "from_config" else raising)
    return keras.saving.register_keras_serializable("fuzz")(Fuzzed), armed


CASES = [
    *itertools.product(STRUCTURES, ["float32"], [""]),
    *itertools.product(["one"], DTYPES[1:], [""]),
    *itertools.product(["dict"], ["int8"], STAGES),
]


@pytest.mark.parametrize(("structure", "dtype", "stage"), CASES)
def test_no_input_ends_in_a_traceback(structure, dtype, stage):
    cls, armed = model_class(stage.split())
    model, x = cls(), STRUCTURES[structure](array(dtype))
    own = structure in ("dataset", "generator")
    sample = array(dtype) if own else x
    with np.errstate(all="ignore"):
        model(tf.constant(x.tolist()) if dtype in ("object", "str") else sample)
    model.compile("adam", "mse")
    armed.append(True)
    try:
        report = check(model, x, None if own else Y)
    except BadInputError as error:
        assert str(error) and "\n" not in str(error) and "\x1b" not in str(error)
        return
    assert isinstance(report, Report)
    assert report.whole or report.advice or report.undecided
    assert "\x1b" not in report.text()
