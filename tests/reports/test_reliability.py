"""Sessions that say of themselves that they are not to be believed."""

import math

import pandas as pd
import pytest

from reports.reliability import BOUNDS, SESSION, reasons
from reports.verdicts import compare

CELL = {"machine": "m", "commit": "c", "environment": "e", "workload": "image", "device": "cpu"}
CELL |= {"jit": "xla", "backend": "tensorflow", "kernel": "", "size": "", "step": ""}


def rows(**health):
    step = {"metric": "train_step", "mask_dtype": "bool", "value": 0.003, "ratio_n": 4}
    step |= {"ratio_degrees": 9}
    ratios = {"ratio": 1.05, "ratio_ci_low": 1.04, "ratio_ci_high": 1.06}
    placebo = {"ratio": 1.0, "ratio_ci_low": 0.99, "ratio_ci_high": 1.01}
    found = [step | ratios | {"remedy": "tf_cast"}, step | placebo | {"remedy": "placebo"}]
    found += [
        {"metric": f"session_{name}", "value": value, "remedy": "", "mask_dtype": ""}
        for name, value in health.items()
    ]
    return pd.DataFrame([CELL | {"batch": 32} | row for row in found])


def test_a_quiet_session_is_used():
    judged = compare(rows(steal=0.05, foreign_load=0.1, unsteady=0, clock_share=0.003))
    assert set(judged.loc[judged["remedy"] == "tf_cast", "verdict"]) == {"slower"}
    assert set(judged["unreliable"]) == {""}


@pytest.mark.parametrize(
    ("health", "reason"),
    [
        ({"steal": 0.2}, "the hypervisor took 20% of the processors"),
        ({"foreign_load": 0.6}, "other processes used 60% of the processors"),
        ({"unsteady": 0.25}, "25% of its warm-ups did not become steady"),
        ({"clock_share": 0.02}, "reading the clock took 2.0% of a sample"),
        ({"throttled": 1}, "the GPU slowed its clocks down"),
    ],
)
def test_a_session_out_of_bounds_is_not_and_says_why(health, reason):
    judged = compare(rows(**health))
    assert set(judged.loc[judged["remedy"] == "tf_cast", "verdict"]) == {"unreliable"}
    assert set(judged["unreliable"]) == {reason}


def test_reasons_add_up_and_stay_with_their_own_session():
    both = rows(steal=0.2, foreign_load=0.6)
    other = rows(steal=0.0).assign(batch=128)
    judged = compare(pd.concat([both, other], ignore_index=True))
    assert set(judged.loc[judged["batch"] == 128, "unreliable"]) == {""}
    assert set(judged.loc[judged["batch"] == 32, "unreliable"]) == {
        "the hypervisor took 20% of the processors; other processes used 60% of the processors"
    }


def test_a_placebo_that_is_not_1_is_a_reason_for_its_own_metric():
    told = rows()
    told.loc[told["remedy"] == "placebo", ["ratio_ci_low", "ratio_ci_high"]] = [1.01, 1.03]
    assert set(compare(told)["unreliable"]) == {"its placebo is [1.010, 1.030], not 1"}


def test_what_was_not_recorded_is_no_reason():
    told = rows(steal=math.nan)
    assert reasons(told).empty
    assert set(SESSION) < set(told.columns) and set(BOUNDS)
