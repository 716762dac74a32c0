"""Each finding about what a round trip keeps, by name, against the measured matrix."""

from __future__ import annotations

import re

import pytest

from remedies.roundtrip import Outcome
from remedies.scenarios import Cell

from .conftest import Cells

CONTROL, ARTICLE, PAIR, CAST = "control", "build_from_config", "build_from_config_pair", "tf_cast"
FUNCTIONAL, OPS = "functional_bool_input", "ops_where"
SUBCLASSED = (ARTICLE, PAIR, CAST, OPS)
EVERY_REMEDY = (*SUBCLASSED, FUNCTIONAL)


def words(cells: Cells, scenario: str, *remedies: str) -> set[str]:
    return {cells[scenario, remedy].word for remedy in remedies}


def lost_all(cell: Cell) -> bool:
    return cell.defects.weights_lost > 0 and cell.defects.outputs_changed > 0


def test_control_loses_every_weight_and_no_warning_says_so(cells: Cells) -> None:
    found = cells["keras", CONTROL]
    assert found.defects.weights_lost == 2
    assert found.defects.optimizer_variables_lost == 4
    assert found.defects.iterations_lost == 3
    assert found.warnings == 2
    assert found.defects.silent_defects == 1
    assert "SelectV2" in found.note
    assert "Unknown variable" in found.note


@pytest.mark.parametrize(
    "scenario", ["keras", "directory", "checkpoint", "deepcopy", "pickle", "never_compiled"]
)
def test_every_remedy_is_whole_in_the_first_generation(cells: Cells, scenario: str) -> None:
    assert words(cells, scenario, *EVERY_REMEDY) == {"whole"}
    assert lost_all(cells[scenario, CONTROL])


def test_tf_where_straight_on_functional_inputs_raises(cells: Cells) -> None:
    for remedy in (CONTROL, CAST):
        assert cells["bare", remedy].note.startswith("when made: ValueError: A KerasTensor cannot")
    assert words(cells, "bare", OPS) == {"whole"}


def test_article_override_loses_everything_in_the_second_generation(cells: Cells) -> None:
    assert lost_all(cells["second_adam", ARTICLE])
    assert cells["second_adam", ARTICLE].warnings == 1
    for scenario in ("second_sgd", "second_uncompiled"):
        assert lost_all(cells[scenario, ARTICLE])
        assert cells[scenario, ARTICLE].outcome is Outcome.SILENT


@pytest.mark.parametrize("scenario", ["second_adam", "second_sgd", "second_uncompiled"])
def test_the_others_survive_the_second_generation(cells: Cells, scenario: str) -> None:
    assert words(cells, scenario, PAIR, CAST, FUNCTIONAL, OPS) == {"whole"}


def test_article_override_starts_over_at_every_second_resumption(cells: Cells) -> None:
    found = cells["four_runs", ARTICLE]
    assert (found.defects.iterations_lost, found.defects.weights_changed) == (40, 2)
    runs, unbroken = re.findall(r"([\d.e-]+), ([\d.e-]+), ([\d.e-]+), ([\d.e-]+)", found.note)
    assert runs[:2] == unbroken[:2]
    assert float(runs[2]) > 10 * float(unbroken[2])
    assert words(cells, "four_runs", PAIR, CAST, FUNCTIONAL, OPS) == {"whole"}
    assert cells["four_runs", CONTROL].note.startswith("in run 2: ValueError: Unknown variable")


@pytest.mark.parametrize(
    "name", ["gather", "one_hot", "and", "invert", "reduce_any", "add_constant", "take"]
)
def test_other_strict_operations_lose_everything_and_a_cast_before_them_helps(
    cells: Cells, name: str
) -> None:
    assert lost_all(cells[name, CONTROL])
    assert cells[name, CONTROL].note.startswith("Keras swallowed TypeError: ")
    assert words(cells, name, ARTICLE, PAIR, CAST, FUNCTIONAL) == {"whole"}


def test_keras_ops_take_is_as_strict_as_tf_gather(cells: Cells) -> None:
    assert lost_all(cells["gather", OPS])
    assert lost_all(cells["take", CONTROL])
    for name in ("one_hot", "and", "invert", "reduce_any", "add_constant", "take"):
        assert words(cells, name, OPS) == {"whole"}


def test_boolean_mask_is_not_strict(cells: Cells) -> None:
    assert words(cells, "boolean_mask", CONTROL, *EVERY_REMEDY) == {"whole"}


def test_saving_to_h5_makes_the_next_keras_file_forget_the_optimizer(cells: Cells) -> None:
    for remedy in EVERY_REMEDY:
        found = cells["after_h5", remedy]
        assert found.note == "compile settings changed: optimizer"
        assert found.defects.optimizer_variables_lost == 2
        assert found.warnings == 1
        assert not found.defects.weights_lost + found.defects.weights_changed


@pytest.mark.parametrize(
    "name", ["built", "called_on_zeros", "called_on_stand_ins", "called_in_init", "keeps_shapes"]
)
def test_other_cures_hold_for_two_generations(cells: Cells, name: str) -> None:
    assert words(cells, name, CONTROL) == {"whole"}


def test_build_that_builds_nothing_is_silent_with_sgd(cells: Cells) -> None:
    assert lost_all(cells["empty_build", CONTROL])
    assert cells["empty_build", CONTROL].warnings == 1
    assert lost_all(cells["empty_build_sgd", CONTROL])
    assert words(cells, "empty_build_sgd", CONTROL) == {"silent"}
    assert words(cells, "empty_build_uncompiled", CONTROL) == {"silent"}
    assert words(cells, "empty_override_sgd", ARTICLE, PAIR) == {"silent"}


def test_bool_stand_in_makes_the_control_whole(cells: Cells) -> None:
    assert words(cells, "true_dtype", CONTROL) == {"whole"}
    assert cells["true_dtype", CONTROL].warnings == 0


def test_loss_is_loud_where_the_loader_meets_each_layer_once(cells: Cells) -> None:
    assert words(cells, "one_visit", CONTROL) == {"loud"}
    assert "was never built" in cells["one_visit", CONTROL].note


@pytest.mark.parametrize(
    ("name", "swallowed"),
    [
        ("asserts_dtype", "TypeError: the mask must be bool"),
        ("eager_only", "AttributeError: 'SymbolicTensor' object has no attribute 'numpy'"),
        ("set_later", "AttributeError: "),
    ],
)
def test_any_exception_in_call_does_it_and_cast_and_ops_do_not_help(
    cells: Cells, name: str, swallowed: str
) -> None:
    for remedy in (CONTROL, CAST, OPS):
        assert lost_all(cells[name, remedy])
        assert cells[name, remedy].note.startswith(f"Keras swallowed {swallowed}")
    assert words(cells, name, ARTICLE, PAIR) == {"whole"}


def test_inside_another_subclassed_model_an_override_is_not_called(cells: Cells) -> None:
    for remedy in (CONTROL, ARTICLE, PAIR):
        assert lost_all(cells["model_in_model", remedy])
    assert words(cells, "model_in_model", CAST, OPS, FUNCTIONAL) == {"whole"}


def test_masking_layer_in_a_subclassed_model_is_not_built_by_its_build(cells: Cells) -> None:
    for remedy in (CONTROL, ARTICLE, PAIR):
        assert lost_all(cells["layer_in_model", remedy])
    assert words(cells, "layer_in_model", CAST, OPS) == {"whole"}


def test_in_a_functional_model_everything_is_whole_and_some_warnings_are_false(
    cells: Cells,
) -> None:
    for remedy in (CONTROL, *EVERY_REMEDY):
        assert cells["model_in_functional", remedy].outcome is Outcome.WHOLE
        assert cells["layer_in_functional", remedy].outcome in (Outcome.WHOLE, None)
    assert cells["model_in_functional", CONTROL].warnings == 1
    assert cells["layer_in_functional", CONTROL].warnings == 1


@pytest.mark.parametrize(
    "scenario", ["list", "dict_of_layers", "list_of_kinds", "tuple", "mask_one_channel"]
)
def test_containers_and_structures_change_nothing(cells: Cells, scenario: str) -> None:
    assert lost_all(cells[scenario, CONTROL])
    assert words(cells, scenario, *EVERY_REMEDY) <= {"whole", "n/a"}


def test_loss_is_loud_where_a_sequential_holds_a_recurrent_layer(cells: Cells) -> None:
    assert "LSTMCell" in cells["sequential_lstm", CONTROL].note
    assert words(cells, "sequential_lstm", CONTROL) == {"loud"}
    assert words(cells, "sequential_lstm", *SUBCLASSED) == {"whole"}


def test_functional_input_needs_its_dtype_unless_the_operation_casts(cells: Cells) -> None:
    assert words(cells, "input_without_dtype", FUNCTIONAL) == {"loud"}
    assert words(cells, "input_without_dtype", OPS) == {"whole"}


def test_lambda_is_refused_and_holds_only_with_a_registered_function(cells: Cells) -> None:
    assert cells["lambda", CONTROL].note.startswith("when made: NotImplementedError")
    for remedy in (CONTROL, CAST, OPS):
        assert "disallowed by default" in cells["lambda_shaped", remedy].note
        assert "is not defined" in cells["lambda_unsafe", remedy].note
        assert words(cells, "lambda_named", remedy) == {"whole"}


def test_two_arguments_are_lost_with_cast_and_ops_and_refused_by_the_override(
    cells: Cells,
) -> None:
    for remedy in (CONTROL, CAST, OPS):
        assert lost_all(cells["two_arguments", remedy])
    for remedy in (ARTICLE, PAIR):
        assert "TypeError" in cells["two_arguments", remedy].note
    assert words(cells, "two_arguments", FUNCTIONAL) == {"whole"}


def test_dict_and_argument_is_whole_only_with_an_override_or_functional(cells: Cells) -> None:
    for remedy in (CONTROL, CAST, OPS):
        assert lost_all(cells["dict_and_argument", remedy])
    assert words(cells, "dict_and_argument", ARTICLE, PAIR, FUNCTIONAL) == {"whole"}


def test_mask_that_broadcasts_the_image_up_defeats_shape_arithmetic(cells: Cells) -> None:
    assert words(cells, "mask_broadcasts_image", ARTICLE) == {"loud"}
    assert words(cells, "mask_broadcasts_image", CAST, OPS, FUNCTIONAL) == {"whole"}


@pytest.mark.parametrize("dtype", ["float32", "int32", "uint8"])
def test_an_override_does_not_make_a_model_accept_other_masks(cells: Cells, dtype: str) -> None:
    for remedy in (CONTROL, ARTICLE, PAIR):
        assert cells[f"fed_{dtype}", remedy].note.startswith("in fit: TypeError")
    assert words(cells, f"fed_{dtype}", CAST, OPS, FUNCTIONAL) == {"whole"}


@pytest.mark.parametrize(
    "name",
    [
        *("sgd", "momentum", "adam", "adamw", "lion", "rmsprop", "nadam", "adagrad", "adafactor"),
        *("ftrl", "lamb", "muon", "amsgrad", "ema", "accumulation", "schedule", "loss_scaling"),
    ],
)
def test_no_optimizer_changes_the_verdict(cells: Cells, name: str) -> None:
    assert lost_all(cells[name, CONTROL])
    assert words(cells, name, *EVERY_REMEDY) == {"whole"}


def test_plain_sgd_gives_one_warning_and_says_nothing_of_the_optimizer(cells: Cells) -> None:
    assert cells["sgd", CONTROL].warnings == 1
    assert cells["loss_scaling", CONTROL].warnings == 3


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16", "float16", "float64"])
def test_subclassed_remedies_lose_the_policy_in_silence(cells: Cells, policy: str) -> None:
    assert words(cells, policy, *SUBCLASSED) == {"silent"}
    assert all(cells[policy, remedy].defects.outputs_changed for remedy in SUBCLASSED)


def test_functional_keeps_the_policy_but_not_the_loss_scaling(cells: Cells) -> None:
    for policy in ("mixed_bfloat16", "float16", "float64"):
        assert words(cells, policy, FUNCTIONAL) == {"whole"}
    found = cells["mixed_float16", FUNCTIONAL]
    assert (found.word, found.warnings) == ("warned", 1)
    assert found.defects.optimizer_variables_lost == 4
    assert not found.defects.outputs_changed


def test_only_the_functional_remedy_keeps_a_frozen_layer(cells: Cells) -> None:
    assert words(cells, "frozen", *SUBCLASSED) == {"warned"}
    assert words(cells, "frozen_sgd", *SUBCLASSED) == {"silent"}
    assert words(cells, "frozen", FUNCTIONAL) == {"whole"}
    assert words(cells, "frozen_sgd", FUNCTIONAL) == {"whole"}


@pytest.mark.parametrize(
    "scenario", ["jit_auto", "jit_on", "jit_off", "mirrored", "run_eagerly", "steps_per_execution"]
)
def test_neither_xla_nor_a_strategy_changes_the_verdict(cells: Cells, scenario: str) -> None:
    assert cells[scenario, CONTROL].defects == cells["keras", CONTROL].defects
    assert words(cells, scenario, *EVERY_REMEDY) == {"whole"}


def test_override_that_misses_a_layer_is_silent_with_sgd(cells: Cells) -> None:
    for remedy in (ARTICLE, PAIR):
        assert cells["half_built", remedy].defects.weights_lost == 2
        assert cells["half_built", remedy].warnings == 1
        assert words(cells, "half_built_sgd", remedy) == {"silent"}


def test_override_that_makes_things_in_another_order_swaps_them_in_silence(cells: Cells) -> None:
    for remedy in (ARTICLE, PAIR):
        layers, weights = cells["late_layers", remedy], cells["late_weights", remedy]
        assert {layers.word, weights.word} == {"silent"}
        assert not layers.defects.outputs_changed
        assert layers.defects.next_step_changed
        assert weights.defects.outputs_changed


def test_order_of_building_is_no_matter_where_init_makes_the_layers(cells: Cells) -> None:
    assert words(cells, "built_backwards", ARTICLE, PAIR) == {"whole"}


def test_metrics_change_nothing_of_it(cells: Cells) -> None:
    assert lost_all(cells["metrics", CONTROL])
    assert words(cells, "metrics", *EVERY_REMEDY) == {"whole"}


def test_recorded_shapes_arrive_as_lists(cells: Cells) -> None:
    assert "can only concatenate list" in cells["shape_arithmetic", ARTICLE].note


def test_wrapper_that_forgets_an_argument_changes_outputs_in_silence(cells: Cells) -> None:
    found = cells["forgetful_layer", FUNCTIONAL]
    assert found.word == "silent"
    assert found.defects.outputs_changed
    assert not found.defects.weights_changed


@pytest.mark.parametrize("scenario", ["weights_called", "checkpoint_weights"])
def test_weights_files_drop_every_optimizer_that_was_not_built(cells: Cells, scenario: str) -> None:
    for remedy in (CONTROL, *EVERY_REMEDY):
        found = cells[scenario, remedy]
        assert found.warnings == 1
        assert found.defects.optimizer_variables_lost
        assert not found.defects.weights_lost + found.defects.weights_changed
    assert words(cells, "weights_built", CONTROL, *EVERY_REMEDY) == {"whole"}


def test_weights_file_into_an_uncalled_model_is_refused_but_for_functional(cells: Cells) -> None:
    assert words(cells, "weights_uncalled", CONTROL, *SUBCLASSED) == {"loud"}
    assert words(cells, "weights_uncalled", FUNCTIONAL) == {"warned"}


def test_backup_needs_a_model_that_is_built(cells: Cells) -> None:
    assert words(cells, "backup", CONTROL, *SUBCLASSED) == {"loud"}
    assert words(cells, "backup", FUNCTIONAL) == {"whole"}
    assert words(cells, "backup_called", CONTROL, *EVERY_REMEDY) == {"whole"}


def test_tensorflow_checkpoint_is_whole_if_the_model_is_built_before(cells: Cells) -> None:
    assert words(cells, "tf_checkpoint_built", CONTROL, *EVERY_REMEDY) == {"whole"}
    for remedy in (CONTROL, *SUBCLASSED):
        assert cells["tf_checkpoint", remedy].defects.outputs_changed
    assert words(cells, "tf_checkpoint", FUNCTIONAL) == {"whole"}


def test_only_the_functional_export_takes_a_bool_mask_by_itself(cells: Cells) -> None:
    assert words(cells, "export", CONTROL, *SUBCLASSED) == {"loud"}
    assert words(cells, "export", FUNCTIONAL) == {"whole"}
    assert words(cells, "export_signature", CONTROL, *EVERY_REMEDY) == {"whole"}
    assert cells["export_loaded", CONTROL].defects.outputs_changed


@pytest.mark.parametrize("scenario", ["clone", "json"])
def test_clone_keeps_weights_for_every_remedy(cells: Cells, scenario: str) -> None:
    assert words(cells, scenario, CONTROL) == {"loud"}
    assert words(cells, scenario, *EVERY_REMEDY) == {"whole"}


def test_legacy_h5_refuses_subclasses_and_drops_the_functional_optimizer(cells: Cells) -> None:
    assert words(cells, "h5", CONTROL, *EVERY_REMEDY) == {"loud"}
    assert words(cells, "h5_loss_object", CONTROL, *SUBCLASSED) == {"loud"}
    found = cells["h5_loss_object", FUNCTIONAL]
    assert found.word == "silent"
    assert found.defects.optimizer_variables_lost == 4


def test_file_holds_everything_and_can_be_rescued(cells: Cells) -> None:
    assert words(cells, "rescued", CONTROL, *EVERY_REMEDY) == {"whole"}
