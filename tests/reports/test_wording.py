"""Numbers with no more digits than are known."""

import pytest

from reports import wording


@pytest.mark.parametrize(
    ("interval", "text"),
    [
        ((1.0123456, 1.0100001, 1.0149), "1.2 % slower (99 % interval 1.0 to 1.5 %)"),
        ((0.5, 0.4, 0.6), "50 % faster (99 % interval 40 to 60 %)"),
        ((1.5, 1.2, 1.9), "50 % slower (99 % interval 20 to 90 %)"),
        ((1.5, 1.5, 1.5 + 1e-15), "50.00 % slower (99 % interval 50.00 %)"),
        ((3.123, 2.9, 3.4), "takes 3.1 times as long (99 % interval 2.9 to 3.4)"),
    ],
)
def test_a_ratio_has_at_most_two_digits_of_its_uncertainty(interval, text):
    assert wording.slower(*interval).replace("\N{NO-BREAK SPACE}", " ") == text


@pytest.mark.parametrize(
    ("microseconds", "text"),
    [
        ((3.1, 3.3, 2.7, 3.5), "3.1 to 3.3 µs more Python a step (99 % interval 2.7 to 3.5 µs)"),
        ((0.1, 0.1, -0.2, 0.4), "no difference shown (up to 400 ns a step not ruled out)"),
        ((1, 1, -float("inf"), float("inf")), "not known (one session gives no interval)"),
    ],
)
def test_python_is_given_in_time_a_step(microseconds, text):
    said = wording.python(*(1e-6 * end for end in microseconds))
    assert said.replace("\N{NO-BREAK SPACE}", " ") == text
