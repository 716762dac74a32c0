"""Executed graphs: equal apart from names, and not equal where they compute something else."""

import pytest

from remedies.steps import executed_graphs


def fingerprint(body):
    import tensorflow as tf

    function = tf.function(body, autograph=False)
    run = executed_graphs.executed(lambda: function(tf.ones(4), tf.ones(4) * 2))
    return executed_graphs.fingerprint(run)


@pytest.fixture(scope="module")
def tf():
    import tensorflow

    return tensorflow


def test_names_and_the_order_of_commutative_operands_have_no_bearing(tf):
    named = fingerprint(lambda a, b: tf.subtract(tf.multiply(a, b, name="zzz"), b, name="aaa"))
    assert fingerprint(lambda a, b: a * b - b) == named
    assert fingerprint(lambda a, b: a * tf.exp(b)) == fingerprint(lambda a, b: tf.exp(b) * a)


@pytest.mark.parametrize(
    "other",
    [
        lambda tf, a, b: tf.exp(b) - a,
        lambda tf, a, b: a - tf.exp(a),
        lambda tf, a, b: a - tf.sin(b),
        lambda tf, a, b: a - tf.exp(b) + tf.cast(a > 1, "float32"),
    ],
)
def test_another_computation_is_another_graph(tf, other):
    plain = fingerprint(lambda a, b: a - tf.exp(b))
    assert plain != fingerprint(lambda a, b: other(tf, a, b))


def test_the_body_of_a_loop_counts(tf):
    def loop(step):
        return lambda a, b: tf.while_loop(
            lambda n, x: n < 3, lambda n, x: (n + 1, step(x)), (tf.constant(0), a + b)
        )[1]

    double = fingerprint(loop(lambda x: x * 2))
    assert double == fingerprint(loop(lambda x: tf.multiply(x, 2, name="other")))
    assert double != fingerprint(loop(lambda x: x * 3))


def test_a_call_that_runs_nothing_has_no_graph():
    with pytest.raises(RuntimeError, match="no new graph"):
        executed_graphs.executed(lambda: None)
