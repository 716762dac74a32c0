"""Executed graphs: equal apart from names, and not equal where they compute something else."""

import pytest

from remedies.steps import executed_graphs


def graph(body, size=4):
    import tensorflow as tf

    function = tf.function(body, autograph=False)
    return executed_graphs.executed(lambda: function(tf.ones(size), tf.ones(size) * 2))


@pytest.fixture(scope="module")
def tf():
    import tensorflow

    return tensorflow


def test_names_have_no_bearing(tf):
    plain = graph(lambda a, b: tf.multiply(a, b) - b)
    named = graph(lambda a, b: tf.subtract(tf.multiply(a, b, name="zzz"), b, name="aaa"))
    assert executed_graphs.fingerprint(plain) == executed_graphs.fingerprint(named)


def test_the_order_of_commutative_operands_has_no_bearing(tf):
    assert executed_graphs.fingerprint(
        graph(lambda a, b: a * tf.exp(b))
    ) == executed_graphs.fingerprint(graph(lambda a, b: tf.exp(b) * a))


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
    plain = graph(lambda a, b: a - tf.exp(b))
    assert executed_graphs.fingerprint(plain) != executed_graphs.fingerprint(
        graph(lambda a, b: other(tf, a, b))
    )


def test_the_body_of_a_loop_counts(tf):
    def loop(step):
        return lambda a, b: tf.while_loop(
            lambda n, x: n < 3, lambda n, x: (n + 1, step(x)), (tf.constant(0), a + b)
        )[1]

    double = executed_graphs.fingerprint(graph(loop(lambda x: x * 2)))
    assert double == executed_graphs.fingerprint(
        graph(loop(lambda x: tf.multiply(x, 2, name="other")))
    )
    assert double != executed_graphs.fingerprint(graph(loop(lambda x: x * 3)))


def test_a_step_that_was_traced_before_has_no_new_graph(tf):
    function = tf.function(lambda a: a + 1)
    function(tf.ones(2))
    with pytest.raises(RuntimeError, match="no new graph"):
        executed_graphs.executed(lambda: None)
