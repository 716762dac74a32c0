"""The one statistic: coverage, widening, words."""

import math

import numpy as np
import pytest

from remedies.intervals import Word, intervals, judge, widening


@pytest.mark.parametrize(("ratios", "effect"), [(True, 1.05), (False, 3e-6)])
def test_99_of_100_intervals_hold_the_true_value(ratios, effect):
    rng = np.random.default_rng(0)
    inside = 0
    for _ in range(2000):
        noise = rng.normal(0, 0.01, (3, 4)) + rng.normal(0, 0.1, 4)  # the launches' own effect
        reference, slow, placebo = np.exp(noise) if ratios else noise * 1e-6
        if ratios:
            block = {"slow": effect * slow / reference, "placebo": placebo / reference}
        else:
            block = {"slow": effect + slow - reference, "placebo": placebo - reference}
        slow = intervals([block], ratios)[0]["slow"]
        inside += slow.low <= effect <= slow.high
    assert 0.984 <= inside / 2000 <= 0.996


def test_all_variants_of_a_cell_share_one_error():
    made = intervals([{"a": [1.0, 1.02, 1.01], "b": [2.0, 2.02, 1.99]}])[0]
    widths = {math.log(each.high / each.low) for each in made.values()}
    assert max(widths) == pytest.approx(min(widths))
    assert made["a"].degrees == 4


@pytest.mark.parametrize("unlike", [0.0, 0.7])
def test_cells_that_share_a_machine_tell_one_another_how_much_launches_differ(unlike):
    """Two launches of twelve cells: narrower by far than alone, and still 99 of 100 hold."""
    rng = np.random.default_rng(2)
    inside, widths = [], []
    for _ in range(300):
        scales = 0.005 * np.exp(rng.normal(0, unlike, 12))
        blocks = [
            {"a": np.exp(noise[0] - noise[1]), "b": np.exp(noise[2] - noise[1])}
            for noise in (rng.normal(0, scale, (3, 2)) for scale in scales)
        ]
        for block, alone in zip(intervals(blocks), map(intervals, zip(blocks)), strict=True):
            inside.append(block["a"].low <= 1 <= block["a"].high)
            widths.append(math.log(block["a"].high) / math.log(alone[0]["a"].high))
    assert 0.98 <= np.mean(inside) <= 0.997
    assert np.median(np.abs(widths)) < (0.5 if not unlike else 0.85)


def test_one_launch_decides_nothing():
    only = intervals([{"a": [1.5]}])[0]["a"]
    assert (only.center, only.low, only.high) == (pytest.approx(1.5), 0, math.inf)
    assert judge(only.low, only.high) is Word.UNDECIDED


@pytest.mark.parametrize(
    "block", [{"a": [1.0], "b": [1.0, 1.0]}, {"a": [0.0, 1.0]}, {"a": [math.nan, 1.0]}]
)
def test_values_that_are_no_ratios_are_refused(block):
    with pytest.raises(ValueError, match=r"inhomogeneous|finite"):
        intervals([block])


def test_the_placebo_is_a_second_copy_of_the_reference():
    rng = np.random.default_rng(3)
    inside, widths = [], []
    for _ in range(1500):
        reference, slow, placebo = np.exp(rng.normal(0, 0.01, (3, 4)))
        block = {"slow": 1.05 * slow / reference, "placebo": placebo / reference}
        made = intervals([block])[0]
        alone = intervals([block], copies=())[0]
        inside.append(made["slow"].low <= 1.05 <= made["slow"].high)
        widths.append(math.log(made["slow"].high / made["slow"].low)
                      / math.log(alone["slow"].high / alone["slow"].low))  # fmt: skip
        assert made["placebo"] == alone["placebo"], "it is itself compared with the other copy"
    assert 0.984 <= np.mean(inside) <= 0.996
    assert np.mean(widths) == pytest.approx(math.sqrt(1.5 / 2))


def test_what_each_launch_knows_of_its_own_error_counts():
    """Cells of unlike noise, two launches: 99 of 100 hold, and a quiet cell's are narrow."""
    rng = np.random.default_rng(4)
    inside, widths = [], {True: [], False: []}
    for _ in range(200):
        scales = 0.005 * np.exp(rng.normal(0, 1, (12, 2)))
        noises = [rng.normal(0, scale, (3, 2)) for scale in scales]
        blocks = [{"a": np.exp(n[0] - n[1]), "b": np.exp(n[2] - n[1])} for n in noises]
        for known, errors in ((True, scales[:, None] * 1.5), (False, ())):
            for made in intervals(blocks, errors=errors):
                widths[known].append(math.log(made["a"].high))
                if known:
                    inside.append(made["a"].low <= 1 <= made["a"].high)
    assert 0.98 <= np.mean(inside) <= 0.996
    assert np.median(widths[True]) < 0.6 * np.median(widths[False])


def test_without_an_error_of_each_launch_all_count_alike():
    block = {"a": [1.0, 1.02, 1.01], "b": [1.01, 1.0, 0.99]}
    assert intervals([block], errors=[[[0.01, 0.0, 0.01]] * 2]) == intervals([block])


def test_a_difference_must_survive_the_widening_and_sameness_need_not():
    assert judge(1.021, 1.05) is Word.SLOWER
    assert judge(1.021, 1.05, wider=3.0) is Word.UNDECIDED
    assert judge(0.95, 0.97) is Word.FASTER
    assert judge(0.99, 1.01, wider=3.0) is Word.SAME
    assert judge(math.nan, 1.0) is Word.UNDECIDED


def test_widening_keeps_the_rate_of_false_alarms_of_a_whole_family():
    rng = np.random.default_rng(1)
    alarms = 0
    for _ in range(1000):
        made = [intervals([{"a": np.exp(rng.normal(0, 0.03, 4))}])[0]["a"] for _ in range(10)]
        words = {judge(x.low, x.high, 0.001, widening(10, x.degrees)) for x in made}
        alarms += bool(words & {Word.SLOWER, Word.FASTER})
    assert alarms / 1000 <= 0.02
