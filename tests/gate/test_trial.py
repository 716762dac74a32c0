"""The trial's own arithmetic, on made-up launches: it must not flatter the gate."""

import random
import re

import pandas as pd
import pytest

from remedies.intervals import LEVEL, MARGIN
from reports.frame import COLUMNS, OPTIONAL
from reports.gate import runs, sides
from reports.gate.verdict import STATUSES
from scripts.pull_request import trial


def launches(slowed, noise, count=28):
    rng = random.Random(f"{slowed} {noise}")
    usual = dict.fromkeys(COLUMNS, "") | OPTIONAL | {"workload": "image", "batch": 32, "size": 0}
    usual |= {"device": "cpu", "jit": "xla", "step": "train", "mask_dtype": "bool"}
    usual |= {"machine": "m", "source": "head", "metric": "step_ratio"}
    ratios = {"placebo": 1.0, "ops_where": 1.0, "tf_cast": 1 + slowed}
    return pd.DataFrame([
        usual | {"launch": launch, "remedy": remedy, "value": ratio * rng.gauss(1, noise)}
        for launch in range(count)
        for remedy, ratio in ratios.items()
    ])  # fmt: skip


@pytest.mark.parametrize(("slowed", "seen"), [(0.05, "8 of 8"), (0.0, "0 of 8")])
def test_what_is_slowed_is_found_and_nothing_else(monkeypatch, slowed, seen):
    monkeypatch.setattr(trial, "CHECKS", 8)
    row = trial.table_row(launches(slowed, 0.004), trial.CASES[1])
    assert row.split(" | ")[1].startswith(seen)
    assert row.split(" | ")[2].startswith("0 of 8")


def test_the_page_names_no_number_that_is_not_the_codes_or_the_trials():
    before, _, rest = trial.PAGE.read_text("utf-8").partition(trial.START)
    _, _, after = rest.partition(trial.END)
    shares = [MARGIN, *runs.MARGINS.values(), runs.BIG_FILE - 1, sides.MARGIN, LEVEL]
    of_code = {f"{100 * share:g} %" for share in shares} | {*map(str, STATUSES)}
    named = re.findall(r"\d+(?: %)?", re.sub(r"(?m)^\d\. ", "", f"{before}\n{after}"))
    assert {*named} <= of_code | {*map(str, runs.LAUNCHES)}
    assert f"({', '.join(map(str, runs.LAUNCHES))})" in before
