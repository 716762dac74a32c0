"""The recommendation follows the results."""

import pytest

from reports.answer import answer, diff, overview
from reports.parts import tone
from reports.recommendation import recommend
from reports.results import EVERYTHING, UNKNOWN, gather
from tests.reports.factory import Made, only, put, scale, together

SMALL = {"workloads": ("image", "inpaint"), "jits": ("xla",), "batches": (32,)}
EQUAL_LINES = only("recipe_lines", put(1), remedy="ops_where")


def chosen(folder, *edits, **changes):
    made = Made(**SMALL | changes, edit=together(*edits) if edits else None)
    return recommend(gather(made.write(folder)))


def test_the_fewest_lines_among_those_that_keep_everything(folder):
    choice = chosen(folder)
    assert choice.remedy == "tf_cast"
    assert choice.sentence.startswith("Cast the mask first: tf.where(tf.cast(mask, ")
    assert "1 line to change" in choice.sentence
    assert "come back, in 2 test models (image and inpaint; CPU; with XLA)" in choice.reason
    assert choice.reason.endswith(
        "in 3 of 9 situations tried something is still lost, as listed next."
    )
    assert "calls the model with a float32 mask" in choice.why[0]
    assert (
        "Of the 4 remedies that keep everything in the plain case, tf_cast changes the fewest "
        in choice.why[1]
    )
    assert "(tf_cast 1, ops_where 2, " in choice.why[1]
    assert choice.why[1].endswith("functional_bool_input is whole in more situations, 8 of 9.")


@pytest.mark.parametrize("metric", ["weights_lost", "iterations_lost", "second_generation_lost"])
def test_a_remedy_that_loses_state_is_out(folder, metric):
    lossy = only(metric, put(1), remedy="tf_cast", workload="inpaint", mask_dtype="float32")
    assert chosen(folder, lossy).remedy == "ops_where"


def test_fewer_lines_win(folder):
    assert chosen(folder, only("recipe_lines", put(0), remedy="ops_where")).remedy == "ops_where"


def test_a_remedy_that_costs_5_percent_is_out_where_lines_are_equal(folder):
    cast = {"remedy": "tf_cast", "mask_dtype": "bool", "step": "train"}
    costs = together(
        only("step_group", put(9, "+1 convert"), **cast),
        only("program_differs", put(1), **cast),
        only("step_ratio", scale(1.05), **cast),
    )
    assert chosen(folder / "a", EQUAL_LINES, costs).remedy == "ops_where"
    least = only("recipe_lines", put(0), remedy="tf_cast")
    choice = chosen(folder / "b", costs, least)
    assert choice.remedy == "tf_cast"
    assert "5.0\N{NO-BREAK SPACE}% slower" in choice.cost[0].replace("5.1", "5.0")


def test_the_most_situations_decide_where_lines_and_cost_are_equal(folder):
    harmed = only("situation_harm", put(3), remedy="tf_cast", situation="keras")
    gather_kept = only("situation_harm", put(0), remedy="ops_where", situation="gather")
    assert chosen(folder, EQUAL_LINES, harmed, gather_kept).remedy == "ops_where"


def test_none_where_none_keeps_everything_and_why(folder):
    choice = chosen(folder, only("optimizer_variables_lost", put(2)))
    assert (choice.remedy, choice.sentence) == ("", "No remedy can be recommended.")
    assert "tf_cast (no: 2 of 6 optimizer variables lost)" in choice.reason
    assert choice.lost == [] and choice.cost == []


def test_none_where_no_round_trip_was_measured(folder):
    choice = chosen(folder, lambda session, _: session["kind"] != "fidelity")
    assert choice.remedy == "" and choice.reason == "These results hold no save and load."


def test_the_exceptions_are_those_of_the_recommended_remedy_the_worst_first(folder):
    choice = chosen(folder)
    [worst, *others] = choice.lost
    assert "mixed_bfloat16, loaded under float32: lost with no warning; no remedy keeps" in worst
    assert any("functional_bool_input keeps it" in text for text in others)


def test_what_is_kept_is_the_worst_of_all_round_trips(folder):
    results = gather(Made(**SMALL).write(folder))
    assert results.keeps("control") == "no: 2 of 2 weights lost, 4 of 6 optimizer variables lost"
    assert results.keeps("build_from_config").startswith("only once: the second save and load")
    assert results.keeps("ops_where") == EVERYTHING
    assert results.keeps("unheard_of") == UNKNOWN


def test_what_the_recommended_steps_cost_is_said_and_what_is_known_of_gpus(folder):
    cpu, gpu, floats, against = chosen(folder / "a").cost
    assert against.startswith("Save and load: in the table, against ops_where. The model as it is")
    assert cpu.startswith("On the CPU (run): a training or predict step costs nothing more")
    assert gpu == "On a GPU (H100, A100): not known. None was run, and none was compiled for."
    assert floats.startswith("If you feed masks as float32, against the same model fed a bool")
    assert "slower" in floats


@pytest.mark.parametrize(
    ("differs", "text"),
    [(0, "the compiled program is exactly that of"), (1, "0 of 4 programs are the same")],
)
def test_a_device_that_was_compiled_for_is_said_to_be(folder, differs, text):
    Made(**SMALL).write(folder)
    edit = together(
        lambda session, made: session["kind"] == "identity" and made["metric"] == "program_differs",
        only("program_differs", put(differs), remedy="tf_cast"),
    )
    compiled = Made(**SMALL, devices=("h100",), machine="other", edit=edit).write(folder)
    results = gather(compiled)
    card = f"On H100 (compiled, not run, so not timed): {text}"
    assert recommend(results).cost[1].startswith(card)
    assert results.gpu == "No GPU was run; for H100 steps were only compiled."


def test_the_way_without_a_change_is_given_where_it_was_shown_to_help(folder):
    rescued = only("situation_harm", lambda made: made["axes"].update(situation="rescued"),
                   situation="second_sgd")  # fmt: skip
    for harm, shown in ((0, True), (2, False)):
        edit = together(only("situation_harm", put(harm), remedy="control"), rescued)
        section = answer(gather(Made(**SMALL, edit=edit).write(folder / str(harm))))
        assert (
            "Without changing the model" in [getattr(p, "head", "") for p in section.parts]
        ) is shown


def test_counts_say_what_is_counted(folder):
    caption = overview(gather(Made(**SMALL | {"batches": (32, 128)}).write(folder))).caption
    assert caption.endswith(
        "4 training steps and 4 predict steps (image and inpaint, at 2 batch sizes; CPU; with "
        "XLA); 4 saves and 4 loads (image and inpaint; images 1 pixels wide too; CPU)."
    )


def test_the_change_is_the_recipes_own_and_its_lines_are_counted(folder):
    results = gather(Made(**SMALL).write(folder))
    made = diff(results, "tf_cast")[0]
    edits = made.text.splitlines()
    assert made.title == "The change, in the test model image: 1 line (1 in inpaint)"
    assert [line[0] for line in edits] == [" ", "-", "-", "+", "+"]
    assert any("tf.cast" in line for line in edits if line[0] == "+")
    assert diff(results, "<script>") == []
    assert all(code.folded and code.text for code in diff(results, "ops_where", folded=True))


def test_what_is_lost_of_an_optimizer_is_what_is_gone_and_what_is_reset(folder):
    reset = only("optimizer_variables_changed", put(1), remedy="control")
    results = gather(Made(**SMALL, edit=reset).write(folder))
    text = "no: 2 of 2 weights lost, 5 of 6 optimizer variables lost or reset"
    assert results.keeps("control") == text


def test_the_recommended_remedy_is_first_in_the_table_and_no_load_that_loses_is_fast(folder):
    faster = only("load_ratio", scale(0.5), remedy="control")
    first, control, *_ = overview(gather(Made(**SMALL, edit=faster).write(folder)), "tf_cast").rows
    assert first["remedy"] == "tf_cast: cast the mask (recommended)"
    assert first["keeps the model"] == (
        "everything in the plain case; not whole in 3 of 9 situations"
    )
    assert control["load"].endswith(" (no result: it leaves weights out)")
    assert tone(control["load"]) == "open"
