"""The word for each comparison of made-up results."""

import numpy as np
import pandas as pd
import pytest

import reports
from reports.judge import COLUMNS, judge
from tests.reports.factory import HEALTH, Made, only, put, scale, together

SMALL = {"workloads": ("image",), "jits": ("xla",), "batches": (32,)}
CALLS = {"remedy": "functional_bool_input", "mask_dtype": "bool", "step": "train"}
CAST = {"remedy": "tf_cast", "mask_dtype": "float32", "step": "train"}


def judged(folder, **changes):
    return judge(reports.load(Made(**SMALL | changes).write(folder)))


def pick(table, metric="step_ratio", **where):
    where = {"metric": metric, **where}
    return table[(table[[*where]] == pd.Series(where)).all(axis=1)]


def the(table, metric="step_ratio", **where):
    rows = pick(table, metric, **where)
    assert len(rows) == 1, rows
    return rows.iloc[0]


def test_equal_program_and_python_are_the_same_step_and_need_no_launch(folder):
    table = judged(folder, launches=0)
    assert [*table.columns] == [*COLUMNS]
    row = the(table, remedy="tf_cast", mask_dtype="bool", step="train")
    assert (row["word"], row["reason"]) == ("same step", "")
    assert (row["ratio"], row["low"], row["high"], row["launches"]) == (1, 1, 1, 0)


def test_python_alone_is_given_in_seconds_a_step(folder):
    row = the(judged(folder), **CALLS)
    assert (row["word"], row["unit"]) == ("python", "seconds")
    assert row["low"] < 3.1e-6 < row["high"] and row["seconds"] > 1e-4
    assert "54 Python calls" in row["difference"]


def test_python_of_which_the_step_feels_nothing_is_known(folder):
    tiny = only("python_extra_seconds", scale(0.01), remedy="functional_bool_input")
    row = the(judged(folder, edit=tiny), **CALLS)
    assert row["word"] == "python" and row["low"] < 0 < row["high"] < 1e-6


def test_python_that_may_be_nothing_and_more_than_the_margin_is_undecided(folder):
    rng = np.random.default_rng(0)

    def noise(made):
        made["value"] += rng.normal(0, 1e-4)

    noisy = only("python_extra_seconds", noise, remedy="functional_bool_input")
    row = the(judged(folder, edit=noisy), **CALLS)
    assert (row["word"], row["unit"]) == ("undecided", "seconds")
    assert row["low"] < 0 < row["high"]


def test_python_that_was_not_the_same_twice_is_no_evidence(folder):
    withheld = only("python_calls_differ", put(3, ""), remedy="functional_bool_input")
    row = the(judged(folder, edit=withheld), **CALLS)
    assert row["unit"] == "ratio" and row["word"] == "same"


@pytest.mark.parametrize(
    ("factor", "noise", "word"),
    [(1.05, 0.002, "slower"), (0.9, 0.002, "faster"), (0.97, 0.002, "same"),
     (1, 0.02, "undecided")],
)  # fmt: skip
def test_another_program_is_judged_by_its_interval(folder, factor, noise, word):
    edit = only("step_ratio", scale(factor), mask_dtype="float32")
    table = judged(folder, edit=edit, noise=noise)
    assert the(table, **CAST)["word"] == word


@pytest.mark.parametrize(
    ("health", "reason"),
    [({"clock_share": 0.008}, "the clock took 0.8% of a sample"),
     ({"throttled": 0.3}, "the GPU was throttled for 30% of the time"),
     ({"steal": 0.4, "foreign_load": 9.0}, "")],
)  # fmt: skip
def test_a_sick_session_makes_its_times_unreliable_and_nothing_exact(folder, health, reason):
    table = judged(folder, health=HEALTH | health)
    row = the(table, **CAST)
    assert (row["word"], row["reason"]) == ("unreliable" if reason else "slower", reason)
    exact = the(table, remedy="tf_cast", mask_dtype="bool", step="train")
    assert exact["word"] == "same step"


def test_a_placebo_that_moved_spoils_its_cell_only(folder):
    moved = only("step_ratio", scale(1.1), remedy="placebo", step="train")
    table = judged(folder, edit=moved)
    row = the(table, **CAST)
    assert row["word"] == "unreliable" and "a second copy of the reference" in row["reason"]
    assert the(table, remedy="tf_cast", mask_dtype="float32", step="predict")["word"] == "slower"


def test_the_more_is_asked_the_wider_a_difference_must_stand_clear(folder):
    edit = only("step_ratio", scale(1.027 / 1.03), mask_dtype="float32")
    frame = reports.load(Made(**SMALL, noise=0.004, edit=edit, seed=3).write(folder))
    once, often = (judge(frame, looks=looks) for looks in (1, 10**6))
    assert the(once, **CAST)["word"] == "slower"
    assert the(often, **CAST)["word"] == "undecided"


def test_first_steps_files_and_kernels_are_judged_too(folder):
    table = judged(folder)
    assert set(table["metric"]) == {
        "step_ratio", "first_step_ratio", "save_ratio", "load_ratio", "where_ratio",
    }  # fmt: skip
    assert set(pick(table, "load_ratio", remedy="functional_bool_input")["word"]) == {"slower"}
    large = pick(table, "where_ratio", mask_dtype="float32", size=100_000_000)
    assert [*large["word"]] == ["slower"]
    assert pick(table, "save_ratio", remedy="ops_where").empty  # the reference itself


def test_a_launch_more_for_some_variants_is_no_fault(folder):
    late = only("step_ratio", lambda _: False, launch=3, remedy="placebo", step="train")
    table = judged(folder, edit=late)
    assert the(table, remedy="placebo", step="train")["launches"] == 3
    assert the(table, **CAST)["launches"] == 4


def test_two_folders_recipes_are_each_compared_with_their_own(folder):
    def sourced(session, made):
        if session["kind"] in ("identity", "step_times"):
            made["axes"]["source"] = "head"
        return made["metric"] != "situation_harm"

    changed = together(
        sourced, only("step_group", put(0, ""), remedy="functional_bool_input"),
        only("step_group", put(7, "+2 compares"), remedy="ops_where", mask_dtype="bool"),
        only("program_differs", put(1), remedy="ops_where", mask_dtype="bool"),
    )  # fmt: skip
    table = judged(folder, edit=changed)
    assert set(pick(table)["source"]) == {"head"}
    assert the(table, remedy="ops_where", mask_dtype="bool", step="train")["word"] != "same step"


def test_nothing_measured_nothing_judged(folder):
    table = judged(folder, edit=lambda _, made: made["metric"] == "recipe_lines")
    assert table.empty and [*table.columns] == [*COLUMNS]
