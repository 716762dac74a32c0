"""The recommendation follows the results."""

import json
from pathlib import Path

import pytest

from reports.answer import LOST, answer, overview, ranked
from reports.page import tone
from reports.results import gather
from tests.reports.factory import Made, only, put, scale, together

ROOT = Path(__file__).parents[2]
SMALL = {"workloads": ("image", "inpaint"), "jits": ("xla",), "batches": (32,)}
EQUAL_LINES = only("recipe_lines", put(1), remedy="ops_where")


def made(folder, *edits, **changes):
    sessions = Made(**SMALL | changes, edit=together(*edits) if edits else None)
    return gather(sessions.write(folder))


def best(folder, *edits):
    return next(iter(ranked(made(folder, *edits))), "")


def notes(section):
    return {part.title: part.rows for part in section.parts if part.kind == "note"}


@pytest.mark.parametrize("metric", ["weights_lost", "iterations_lost", "second_generation_lost"])
def test_a_remedy_that_loses_state_is_out(folder, metric):
    lossy = only(metric, put(1), remedy="tf_cast", workload="inpaint", mask_dtype="float32")
    assert best(folder, lossy) == "ops_where"


def test_fewer_lines_win(folder):
    assert best(folder, only("recipe_lines", put(0), remedy="ops_where")) == "ops_where"


def test_the_most_situations_decide_where_lines_and_cost_are_equal(folder):
    harmed = only("situation_harm", put(3), remedy="tf_cast", situation="keras")
    gather_kept = only("situation_harm", put(0), remedy="ops_where", situation="gather")
    assert best(folder, EQUAL_LINES, harmed, gather_kept) == "ops_where"


def test_none_where_none_keeps_everything_and_why(folder):
    section = answer(made(folder, only("optimizer_variables_lost", put(2))))
    assert section.answer == "No remedy can be recommended."
    assert "tf_cast (no: 2 of 6 optimizer variables lost)" in section.detail
    assert notes(section) == {}


def test_none_where_no_round_trip_was_measured(folder):
    section = answer(made(folder, lambda session, _: session["kind"] != "fidelity"))
    assert section.answer == "No remedy can be recommended."
    assert "tf_cast (not measured)" in section.detail


def test_a_remedy_that_costs_5_percent_is_out_where_lines_are_equal(folder):
    cast = {"remedy": "tf_cast", "mask_dtype": "bool", "step": "train"}
    costs = together(
        only("step_group", put(9, "+1 convert"), **cast),
        only("program_differs", put(1), **cast),
        only("step_ratio", scale(1.05), **cast),
    )
    assert best(folder / "a", EQUAL_LINES, costs) == "ops_where"
    section = answer(made(folder / "b", costs, only("recipe_lines", put(0), remedy="tf_cast")))
    assert "(tf_cast, 0 lines to change)" in section.answer and "CPU" not in section.detail
    [table] = (part for part in section.parts if part.kind == "table")
    assert table.rows[0]["training step"].startswith(("4.", "5."))
    assert tone(table.rows[0]["training step"]) == "slow"


@pytest.mark.parametrize(
    ("differs", "text"), [(0, "same program, exactly"), (1, "0 of 4 programs are the same")]
)
def test_a_device_that_was_compiled_for_is_said_to_be(folder, differs, text):
    Made(**SMALL).write(folder)
    edit = together(
        lambda session, made: session["kind"] == "identity" and made["metric"] == "program_differs",
        only("program_differs", put(differs), remedy="tf_cast"),
    )
    compiled = Made(**SMALL, devices=("h100",), machine="other", edit=edit).write(folder)
    results = gather(compiled)
    assert overview(results, "tf_cast").rows[0]["H100: compiled, not run"] == text
    assert results.gpu == "No GPU was run; for H100 steps were only compiled."


def test_the_way_without_a_change_is_given_where_it_was_shown_to_help(folder):
    rescued = only("situation_harm", lambda made: made["axes"].update(situation="rescued"),
                   situation="second_sgd")  # fmt: skip
    for harm, shown in ((0, True), (2, False)):
        kept = only("situation_harm", put(harm), remedy="control")
        section = answer(made(folder / str(harm), kept, rescued))
        assert ("If the file is there already" in notes(section)) is shown


def test_what_mends_a_situation_that_no_remedy_keeps_is_said_as_the_matrix_has_it(folder):
    weights = only("situation_harm", lambda made: made["axes"].update(situation="weights_called"),
                   situation="mixed_bfloat16")  # fmt: skip
    [worst, *_] = notes(answer(made(folder, weights)))[LOST]
    assert worst.endswith(
        "optimizer.build(model.trainable_variables) before load_weights keeps all."
    )
    matrix = json.loads((ROOT / "docs" / "fidelity.json").read_text())["cells"]
    assert {cell["outcome"] for cell in matrix if cell["scenario"] == "weights_built"} == {"whole"}


def test_the_table_says_on_what_it_compares(folder):
    below = overview(made(folder, batches=(32, 128))).below
    assert "4 training steps and 4 predict steps (image and inpaint, at 2 batch sizes; C" in below


def test_the_recommended_remedy_is_first_in_the_table_and_no_load_that_loses_is_fast(folder):
    faster = only("load_ratio", scale(0.5), remedy="control")
    first, control, *_, baseline = overview(made(folder, faster), "tf_cast").rows
    assert first["remedy"].endswith("(recommended)") and baseline["remedy"].endswith("(baseline)")
    assert control["load"] == "no result (it leaves weights out)"
    assert tone(control["load"]) == "open"
