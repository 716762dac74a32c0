"""Comparing what two models carry."""

import numpy as np
import pytest

from remedies.state import differing, differing_settings, same, share_changed

ONE = np.array([1.0, np.nan], np.float32)


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (np.array([1.0, np.nan], np.float32), True),
        (np.array([1.0, 2.0], np.float32), False),
        (np.array([np.nextafter(np.float32(1), 2), np.nan], np.float32), False),
        (np.array([1.0, np.nan], np.float64), False),
        (np.array([[1.0, np.nan]], np.float32), False),
    ],
)
def test_same_is_bit_for_bit_and_knows_nan(other, expected):
    assert same(ONE, other) is expected


def test_swapped_variables_of_one_shape_differ():
    left, right = np.zeros(2), np.ones(2)
    assert differing((left, right), (right, left)) == 2
    assert differing((left, right), (left,)) == 0, "what is lost is not counted as changed"


def test_share_changed_counts_values_and_what_has_no_counterpart():
    left = (np.zeros(6), np.zeros(2))
    assert share_changed(left, left) == 0
    assert share_changed(left, (np.array([0, 0, 0, 0, 0, 1.0]), np.zeros(2))) == 1 / 8
    assert share_changed(left, (np.zeros(6),)) == 2 / 8
    assert share_changed((), ()) == 0


def test_settings_that_only_one_side_has_differ():
    assert differing_settings({"loss": "mse", "a": 1}, {"loss": "mae"}) == ("a", "loss")
