"""Whether arrays are the same, and how far two groups of them are apart."""

import numpy as np
import pytest

from remedies.state.difference import equal, share_apart

ARRAY = np.array([1.0, np.nan], np.float32)


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        (ARRAY, ARRAY.copy(), True),
        (ARRAY, np.array([1.0, 2.0], np.float32), False),
        (ARRAY, np.array([np.nextafter(np.float32(1), 2), np.nan], np.float32), False),
        (ARRAY, ARRAY.astype("float64"), False),
        (ARRAY, ARRAY[None], False),
        ([1, {"a": np.ones(2)}], [1, {"a": np.ones(2)}], True),
        ([1], [1, 2], False),
        (1, 1.0, False),
        (float("nan"), float("nan"), True),
    ],
)
def test_equal_is_bit_for_bit_and_takes_nan_for_itself(left, right, same):
    assert equal(left, right) is same


def test_share_apart_counts_values_and_what_has_no_counterpart():
    left = (np.zeros(6), np.zeros(2))
    assert share_apart(left, left) == 0
    assert share_apart(left, (np.array([0, 0, 0, 0, 0, 1.0]), np.zeros(2))) == 1 / 8
    assert share_apart(left, (np.zeros(6),)) == 2 / 8
    assert share_apart(left, (*left, np.zeros(1))) == 1
    assert share_apart((), ()) == 0


def test_share_apart_within_a_tolerance_of_the_largest_value():
    left = (np.array([100.0, 0.0, np.nan, np.inf]),)
    assert share_apart(left, (left[0] + 1e-4,)) == 2 / 4
    assert share_apart(left, (left[0] + 1e-4,), 1e-5) == 0
    assert share_apart((np.array(["a", "b"]),), (np.array(["a", "c"]),), 1e-5) == 1 / 2
