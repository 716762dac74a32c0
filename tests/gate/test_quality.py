"""Counting the gate's mistakes: on launches whose truth is known."""

import random

from reports.gate.floors import floors
from reports.gate.quality import Case, Pool, Tally, asv_says_slower, draw, spread, table
from reports.gate.record import Row
from tests.gate.launches import simulated

ROWS = [Row("train_step", remedy=name) for name in ("tf_cast", "ops_where", "placebo")]
RNG = random.Random(0)
POOL = Pool(
    {row: {0.0: simulated(40, 0, 0.01, RNG), 0.1: simulated(40, 0.1, 0.01, RNG)} for row in ROWS}
)
FLOORS = floors("none")


def test_a_check_uses_no_launch_twice_and_finds_what_was_slowed_down():
    check = draw(POOL, {ROWS[0]: 0.1}, FLOORS, random.Random(1))
    assert check.slower == {ROWS[0]}
    pairs = check.drawn[ROWS[0]]
    assert len(pairs) == len(set(pairs)) == check.launches
    assert set(pairs) <= set(POOL.rows[ROWS[0]][0.1])


def test_identical_commits_are_drawn_from_launches_without_a_change():
    check = draw(POOL, {}, FLOORS, random.Random(1))
    assert not check.slower
    assert set(check.drawn[ROWS[0]]) <= set(POOL.rows[ROWS[0]][0.0])


def test_the_table_counts_and_bounds():
    cases = [Case("identical", POOL, {}), Case("10 %", POOL, {ROWS[0]: 0.1})]
    lines = table(cases, 5, FLOORS).splitlines()
    assert lines[2].startswith("| identical | 0 of 5 [0.0%, 65.3%] |")
    assert lines[3].startswith("| 10 % | 5 of 5 [34.7%, 100.0%] | 0 |")
    assert str(Tally(0, 60)) == "0 of 60 [0.0%, 8.5%]"


def test_the_other_rules_are_what_they_are_called():
    assert asv_says_slower([(1.0 + i / 100, 1.3 + i / 100) for i in range(12)])
    assert not asv_says_slower([(1.0 + i / 100, 1.05 + i / 100) for i in range(12)])


def test_the_spread_is_the_standard_error_of_screening():
    [(metric, error)] = spread(POOL).items()
    assert metric == "train_step" and 0.5 * 0.01 / 12**0.5 < error < 3 * 0.01 / 12**0.5
