"""Exact numbers against SciPy's, and no sample size that is blind without saying so."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import wilcoxon

from reports.gate.statistic import estimate, fewest, holm, p_value


@pytest.mark.parametrize("launches", [5, 12, 23])
@pytest.mark.parametrize("margin", [0.0, 0.015])
def test_the_p_value_is_scipys(launches, margin):
    logs = np.random.default_rng(launches).normal(0.01, 0.02, launches)
    expected = wilcoxon(logs - math.log1p(margin), alternative="greater", method="exact").pvalue
    assert p_value(logs, margin) == pytest.approx(expected)


@pytest.mark.parametrize("launches", [8, 9, 12, 20])
def test_the_interval_is_what_the_test_does_not_reject(launches):
    logs = np.random.default_rng(launches).normal(0.03, 0.02, launches)
    found = estimate(logs)
    inside, outside = found.low * 1.000001, found.low / 1.000001
    assert p_value(logs, outside - 1) <= 0.005 < p_value(logs, inside - 1)
    assert found.low < found.ratio < found.high


def test_seven_launches_have_no_interval_of_99_percent():
    assert estimate([0.01] * 7).high == math.inf
    assert estimate([0.01] * 8).high == pytest.approx(math.exp(0.01))


def test_holm_is_stricter_the_more_there_are():
    assert holm([0.004, 0.02, 0.9], 0.01) == [False, False, False]
    assert holm([0.003, 0.004, 0.9], 0.01) == [True, True, False]
    assert holm([], 0.01) == []


@given(launches=st.integers(2, 40), family=st.integers(1, 60))
def test_with_too_few_launches_nothing_can_be_rejected_and_with_enough_a_factor_of_two_is(
    launches, family
):
    p = p_value([math.log(2)] * launches, 0.015)
    rejected = holm([p] + [1.0] * (family - 1), 0.01)[0]
    assert rejected == (launches >= fewest(family, 0.01))
