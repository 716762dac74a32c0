"""The instrument's own trials: a slowdown is what it says, and wrong verdicts are counted."""

import random
import re
import sys
from pathlib import Path

import pytest

from benchmarks.engine import trials
from benchmarks.engine.results import entry

sys.path.append(str(Path(__file__).parents[2] / "scripts"))
instrument = pytest.importorskip("instrument")


def test_a_slowed_call_takes_its_own_time_and_the_share_of_it(monkeypatch):
    now = [0.0]

    def clock():
        now[0] += 0.0001
        return now[0]

    def call():
        now[0] += 2.0
        return "result"

    monkeypatch.setattr(trials.time, "perf_counter", clock)
    start = now[0]
    assert trials.slowed(call, 0.03)() == "result"
    assert now[0] - start == pytest.approx(2.06, abs=0.001)


def outcomes(sessions, launches, truth):
    rng = random.Random(0)
    for _ in range(sessions * launches):
        base = rng.gauss(0, 0.005)
        yield {
            "entries": [
                entry(
                    "train_step_ratio",
                    {"samples": [factor * (1 + rng.gauss(0, 0.005) - base)], "number": 1},
                    remedy=name,
                )
                for name, factor in truth.items()
            ]
        }


def test_right_and_wrong_verdicts_are_counted():
    truth = {"identical 1": 1.0, "identical 2": 1.0, "slowed 3 %": 1.03}
    told = instrument.table(list(outcomes(40, 8, truth)), 8)
    assert "| train_step | identical | 80 of 80 | 0 of 80 " in told
    assert "| train_step | slowed 3 % | 40 of 40 | 40 of 40 " in told
    wrong = instrument.table(list(outcomes(40, 8, {"identical 1": 1.05, "identical 2": 1.0})), 8)
    held = re.search(r"identical \| (\d+) of 80 \| (\d+) of 80", wrong)
    assert held and 38 <= int(held[1]) <= 40 and 40 <= int(held[2]) <= 42
