"""The words: a difference needs the wider interval, sameness the margin."""

import math

import numpy as np

from remedies.intervals import intervals
from remedies.words import Word, judge, widening


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
