"""The trial's own arithmetic, on made-up launches: it must not flatter the gate."""

from __future__ import annotations

import random
from typing import Any

import pandas as pd
import pytest

from reports.frame import COLUMNS
from scripts.gate import trial


def launches(slowed: float, noise: float, count: int = 28) -> Any:
    rng = random.Random(f"{slowed} {noise}")
    usual = dict.fromkeys(COLUMNS, "") | {"workload": "image", "batch": 32, "size": 0}
    usual |= {"device": "cpu", "jit": "xla", "step": "train", "mask_dtype": "bool"}
    usual |= {"machine": "m", "source": "head", "metric": "step_ratio"}
    ratios = {"placebo": 1.0, "ops_where": 1.0, "tf_cast": 1 + slowed}
    return pd.DataFrame([
        usual | {"launch": launch, "remedy": remedy, "value": ratio * rng.gauss(1, noise)}
        for launch in range(count)
        for remedy, ratio in ratios.items()
    ])  # fmt: skip


@pytest.mark.parametrize(("slowed", "seen"), [(0.05, "8 of 8"), (0.0, "0 of 8")])
def test_what_is_slowed_is_found_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, slowed: float, seen: str
) -> None:
    monkeypatch.setattr(trial, "CHECKS", 8)
    row = trial.table_row(launches(slowed, 0.004), trial.CASES[1])
    assert row.split(" | ")[1].startswith(seen)
    assert row.split(" | ")[2].startswith("0 of 8")
