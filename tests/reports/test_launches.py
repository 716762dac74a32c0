"""The interval over launches: it covers as often as it says, and it sees what one process hides."""

import math
import random

import pandas as pd
import pytest

from reports.launches import intervals, settle
from reports.vocabulary import LATER_AXES


def cell(rng, launches, effects, noise=0.02, launch_noise=0.3):
    """Return the ratios to a reference of series with stated effects, launch by launch."""
    ratios = {name: [] for name in effects}
    for _ in range(launches):
        shift = rng.gauss(0, launch_noise)
        base = math.exp(shift + rng.gauss(0, noise))
        for name, effect in effects.items():
            ratios[name].append(effect * math.exp(shift + rng.gauss(0, noise)) / base)
    return ratios


def test_the_estimate_is_the_geometric_mean_over_the_launches():
    found = intervals([{"a": [1.0, 1.21], "b": [0.9, 0.9]}])
    assert found["a"].ratio == pytest.approx(1.1)
    assert found["b"].ratio == pytest.approx(0.9)
    assert found["a"].launches == 2
    assert found["a"].high / found["a"].ratio == pytest.approx(found["b"].high / found["b"].ratio)


def test_it_agrees_with_the_textbook():
    # Two series and the reference over three launches, worked by hand: squares left over 2/3 of
    # 0.01 squared with 4 degrees of freedom; t(4) at 99.5 % is 4.604.
    e = 0.01
    found = intervals([{"a": [math.exp(e), 1.0, math.exp(-e)], "b": [1.0, 1.0, 1.0]}])
    left = sum((2 * x / 3) ** 2 + 2 * (x / 3) ** 2 for x in (e, 0, -e))
    expected = 4.60409 * math.sqrt(2 * left / 4 / 3)
    assert math.log(found["a"].high) == pytest.approx(expected, rel=1e-4)


def test_identical_series_are_told_apart_about_one_time_in_a_hundred():
    rng, outside, trials = random.Random(3), 0, 3000
    for _ in range(trials):
        found = intervals([cell(rng, 3, dict.fromkeys("abcdef", 1.0))])
        outside += not found["a"].low <= 1 <= found["a"].high
    assert 0.005 < outside / trials < 0.016


def test_a_slowdown_lies_in_its_interval_and_apart_from_none():
    rng = random.Random(5)
    found = intervals([cell(rng, 8, {"slow": 1.03, **dict.fromkeys("abcdef", 1.0)}, noise=0.005)])
    assert found["slow"].low > 1
    assert found["slow"].low <= 1.03 <= found["slow"].high
    assert found["a"].low <= 1 <= found["a"].high


def test_two_references_of_one_cell_share_what_is_known_about_the_error():
    rng = random.Random(7)
    first, second = cell(rng, 3, {"a": 1.0, "b": 1.0}), cell(rng, 3, {"c": 1.0})
    both = intervals([first, second])
    assert set(both) == {"a", "b", "c"}
    assert both["c"].high - both["c"].low < 0.5 * (
        intervals([second])["c"].high - intervals([second])["c"].low
    )


@pytest.mark.parametrize(
    "blocks",
    [[], [{}], [{"a": [1.0]}], [{"a": [1.0, 2.0]}, {"b": [1.0]}], [{"a": [1.0, 0.0]}]],
)
def test_where_nothing_can_be_known_nothing_is_said(blocks):
    assert intervals(blocks) == {}


def frame(rows):
    fixed = {"machine": "m", "commit": "c", "environment": "e", "metric": "train_step"}
    fixed |= {"workload": "image", "device": "cpu", "jit": "xla", "batch": 32}
    fixed |= dict.fromkeys(LATER_AXES, "") | {"ratio": 7.0, "ratio_ci_low": 6.0}
    fixed |= {"ratio_ci_high": 8.0, "ratio_n": 9}
    return pd.DataFrame([fixed | row for row in rows]).astype({"launches": object})


def test_every_ratio_of_a_results_frame_is_settled_within_its_cell():
    rng = random.Random(1)
    one = cell(rng, 3, {"tf_cast": 1.0, "placebo": 1.0})
    rows = [
        {"remedy": name, "mask_dtype": "bool", "launches": launches}
        for name, launches in one.items()
    ]
    rows.append({"remedy": "ops_where", "mask_dtype": "bool", "launches": None, "ratio": math.nan})
    settled = settle(frame(rows)).set_index("remedy")
    expected = intervals([one])
    for name, interval in expected.items():
        assert settled.loc[name, "ratio"] == pytest.approx(interval.ratio)
        assert settled.loc[name, "ratio_ci_low"] == pytest.approx(interval.low)
        assert settled.loc[name, "ratio_ci_high"] == pytest.approx(interval.high)
        assert settled.loc[name, "ratio_n"] == 3
    assert math.isnan(settled.loc["ops_where", "ratio"])


def test_a_ratio_of_one_launch_keeps_what_asv_made_of_it():
    rows = [{"remedy": "tf_cast", "mask_dtype": "bool", "launches": [1.02]}]
    assert settle(frame(rows)).loc[0, "ratio"] == 7.0


def test_casts_share_the_step_they_are_compared_with():
    rng = random.Random(2)
    one = cell(rng, 4, {"bool": 1.0, "float32": 1.2})
    rows = [
        {"remedy": "", "metric": "cast_overhead_train", "mask_dtype": dtype, "launches": launches}
        for dtype, launches in one.items()
    ]
    settled = settle(frame(rows)).set_index("mask_dtype")
    assert settled.loc["float32", "ratio_ci_low"] == pytest.approx(intervals([one])["float32"].low)
