from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import t

import reports
from reports.launches import intervals
from reports.verdicts import Verdict, judge, more_launches, more_samples, widening
from tests.reports.factory import Folder
from tests.reports.machine import altered

INF = math.inf


@pytest.mark.parametrize(
    ("low", "high", "margin", "verdict"),
    [
        (0.99, 1.01, 0.02, "same"),
        (1.003, 1.007, 0.02, "same"),
        (1 / 1.02, 1.02, 0.02, "same"),
        (1.003, 1.03, 0.02, "slower"),
        (1.05, 1.09, 0.02, "slower"),
        (0.9, 0.95, 0.02, "faster"),
        (0.97, 0.999, 0.02, "faster"),
        (0.97, 1.01, 0.02, "undecided"),
        (0.99, 1.03, 0.02, "undecided"),
        (1.0, 1.03, 0.02, "undecided"),
        (-INF, INF, 0.02, "undecided"),
        (1.1, INF, 0.02, "slower"),
        (math.nan, math.nan, 0.02, "undecided"),
        (0.99, 1.01, 0.005, "undecided"),
        (1.05, 1.09, 0.1, "same"),
    ],
)
def test_the_verdict_follows_from_interval_and_margin(low, high, margin, verdict) -> None:
    assert judge(low, high, margin) is Verdict(verdict)


@pytest.mark.parametrize("ratio", [0.95, 0.985, 0.99, 1.0, 1.005, 1.01, 1.019, 1.02, 1.03, 1.2])
@pytest.mark.parametrize("half_width", [0.011, 0.03, 0.21, 1.0])
@pytest.mark.parametrize("n", [2, 5, 40, 400])
@pytest.mark.parametrize("compared", [1, 50])
def test_that_many_more_samples_would_settle_it(ratio, half_width, n, compared) -> None:
    low, high, wider = ratio - half_width, ratio + half_width, widening(compared)
    if judge(low, high, wider=wider) is not Verdict.UNDECIDED:
        return
    more = more_samples(ratio, low, high, n, compared=compared)
    assert more >= 1
    shrunk = half_width * math.sqrt(n / (n + more)) * (1 - 1e-8)
    assert judge(ratio - shrunk, ratio + shrunk, wider=wider) is not Verdict.UNDECIDED


def test_an_interval_that_excludes_one_alone_does_not_do_among_many() -> None:
    assert judge(1.001, 1.03, wider=widening(1)) is Verdict.SLOWER
    assert judge(1.001, 1.03, wider=widening(50)) is Verdict.UNDECIDED
    assert judge(1.02, 1.05, wider=widening(50)) is Verdict.SLOWER
    assert judge(0.95, 0.98, wider=widening(50)) is Verdict.FASTER
    assert judge(1.1, INF, wider=widening(50)) is Verdict.UNDECIDED


def test_chance_alone_says_slower_or_faster_in_one_report_of_a_hundred() -> None:
    rng, compared, reports_ = np.random.default_rng(1), 50, 4000
    half = 0.01
    logs = rng.normal(0, half / 2.5758, (reports_, compared))
    found = np.abs(logs) > half * widening(compared)
    assert 0.003 < found.any(axis=1).mean() < 0.02
    assert (np.abs(logs) > half).any(axis=1).mean() > 0.3  # what it would be without


@pytest.mark.parametrize(("launches", "series"), [(2, 2), (2, 9), (5, 9)])
def test_with_few_launches_too(launches, series) -> None:
    rng, compared, reports_ = np.random.default_rng(2), 24, 1500
    excluded = []
    for _ in range(reports_):
        logs = rng.normal(0, 0.02, (compared // series, series, launches)) - rng.normal(
            0, 0.02, (compared // series, 1, launches)
        )
        cells = [intervals([dict(enumerate(np.exp(cell)))]) for cell in logs]
        found = [one for cell in cells for one in cell.values()]
        words = {judge(o.low, o.high, 0, widening(len(found), o.degrees)) for o in found}
        excluded.append(bool(words & {Verdict.SLOWER, Verdict.FASTER}))
    assert np.mean(excluded) < 0.02


def test_nothing_is_foretold_from_an_unbounded_interval() -> None:
    assert math.isnan(more_samples(1.0, -INF, INF, 5))


def placebo_off(metric, cell, value):
    mine = metric == "train_step_ratio" and isinstance(value, tuple)
    off = mine and cell["remedy"] == "placebo" and cell["mask_dtype"] == "bool"
    return (1.05, 0.01, 400) if off else value


def test_a_cell_whose_placebo_is_off_is_unreliable_and_no_other(folder: Folder) -> None:
    folder.add(altered(placebo_off))
    frame = reports.compare(reports.load(folder.root))
    judged = frame[frame["verdict"] != ""]
    off = judged[judged["verdict"] == "unreliable"]
    assert set(off["metric"]) == {"train_step"} and set(off["mask_dtype"]) == {"bool"}
    assert len(off) == len(judged.query("metric == 'train_step' and mask_dtype == 'bool'"))
    assert (off["placebo_low"].round(3) == 1.04).all()


def test_a_float_cell_without_a_placebo_uses_the_bool_cells(folder: Folder) -> None:
    def only_bool(metric, cell, value):
        if cell.get("remedy") == "placebo" and cell.get("mask_dtype") == "float32":
            return math.nan
        return placebo_off(metric, cell, value)

    folder.add(altered(only_bool))
    frame = reports.compare(reports.load(folder.root))
    judged = frame.query("metric == 'train_step' and verdict != ''")
    assert set(judged["verdict"]) == {"unreliable"}
    assert "float32" in set(judged["mask_dtype"])


def test_the_threshold_decides_what_is_the_same(usual: Path) -> None:
    frame = reports.load(usual)
    row = "metric == 'train_step' and remedy == 'tf_cast' and device == 'cpu'"
    assert set(reports.compare(frame).query(row)["verdict"]) == {"same"}
    assert set(reports.compare(frame, threshold=0.005).query(row)["verdict"]) == {"undecided"}


def test_comparing_leaves_the_frame_as_it_was(usual: Path) -> None:
    frame = reports.load(usual)
    before = frame.copy()
    assert len(reports.compare(frame)) == len(frame)
    assert frame.equals(before)


def test_a_half_width_over_half_a_percent_says_how_many_launches_it_lacks() -> None:
    assert more_launches(0.99, 1.01, 5) == 15  # twice as narrow: four times as many
    assert more_launches(0.9951, 1.0049, 5) == 0
    assert more_launches(-INF, INF, 5) == 0


@pytest.mark.parametrize(("series", "compared"), [(1, 24), (2, 24), (9, 24), (9, 100)])
@pytest.mark.parametrize("ratio", [1.0, 1.012, 1.05])
def test_what_few_launches_lack_counts_their_tails(ratio, series, compared) -> None:
    def word(launches: int) -> Verdict:
        degrees = series * (launches - 1)
        half = t.ppf(0.995, degrees) * 0.02 / math.sqrt(launches)
        return judge(ratio - half, ratio + half, wider=widening(compared, degrees))

    half = t.ppf(0.995, series) * 0.02 / math.sqrt(2)
    more = more_samples(ratio, ratio - half, ratio + half, 2, 0.02, compared, series)
    assert word(2 + int(more)) is not Verdict.UNDECIDED
    assert word(1 + int(more)) is Verdict.UNDECIDED


def test_fewer_are_lacking_where_few_launches_left_the_spread_unsure() -> None:
    assert 1 <= more_launches(0.99, 1.01, 5, degrees=4) < 15
