from __future__ import annotations

import math

import pytest

from reports import wording

NBSP = "\N{NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2.5, "2.5 s"),
        (0.00312, "3.12 ms"),
        (4.2e-6, "4.2 \N{MICRO SIGN}s"),
        (math.nan, "\N{EN DASH}"),
        (0.0, "0 ns"),
    ],
)
def test_durations_have_the_unit_that_suits_them(value: float, text: str) -> None:
    assert wording.seconds(value) == text.replace(" ", NBSP)


def test_an_interval_has_its_medians_unit() -> None:
    assert wording.seconds(0.003, 0.0029, math.inf) == f"3{NBSP}ms [2.9, \N{INFINITY}]"


def test_lists_counts_and_samples() -> None:
    assert wording.listed(["a", "b", "c"], "or") == "a, b or c"
    assert wording.listed([]) == ""
    assert wording.counted(1, "cell") == "1 cell"
    assert wording.counted(2, "try", "tries") == "2 tries"
    assert wording.sampled([420, 380, math.nan]) == f"n{NBSP}={NBSP}380 to 420"
    assert wording.sampled([]) == "n unknown"
    assert wording.interval(0.9951, -math.inf) == "0.995 to -\N{INFINITY}"


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e300])
def test_an_impossible_time_is_said_to_be_unknown(value: float) -> None:
    assert wording.day(value) == "at an unknown time"
