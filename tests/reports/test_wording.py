"""Numbers with no more digits than are known."""

import doctest

import pytest

from reports import results, wording


@pytest.mark.parametrize("module", [wording, results])
def test_its_examples_run(module):
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize(
    ("interval", "text"),
    [
        ((1.0123456, 1.0100001, 1.0149), "1.2 % slower [1.0, 1.5]"),
        ((0.5, 0.4, 0.6), "50 % faster [40, 60]"),
        ((1.5, 1.2, 1.9), "50 % slower [20, 90]"),
        ((3.123, 2.9, 3.4), "takes 3.1 times as long [2.9, 3.4]"),
    ],
)
def test_a_ratio_has_at_most_two_digits_of_its_uncertainty(interval, text):
    assert wording.slower(*interval).replace("\N{NO-BREAK SPACE}", " ") == text


def test_an_endless_interval_says_why():
    inf = float("inf")
    assert "one launch gives no interval" in wording.beyond(1e-6, -inf, inf)


@pytest.mark.parametrize(
    ("items", "text"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), ("abc", "a, b and c")]
)
def test_lists(items, text):
    assert wording.listed(items) == text
