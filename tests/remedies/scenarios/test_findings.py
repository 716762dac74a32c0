"""What the docs say of remedies, each finding by name, against the published matrix."""

from __future__ import annotations

import re

import pytest

from remedies.scenarios.cell import Cell

from .conftest import Cells

CONTROL, ARTICLE, PAIR, CAST = "control", "build_from_config", "build_from_config_pair", "tf_cast"
FUNCTIONAL, OPS = "functional_bool_input", "ops_where"
SUBCLASSED = (ARTICLE, PAIR, CAST, OPS)
REMEDIED = (*SUBCLASSED, FUNCTIONAL)
EVERY = (CONTROL, *REMEDIED)
LASTING = (PAIR, CAST, FUNCTIONAL, OPS)

# Finding: remedies, the words that their cells may have, scenarios.
# fmt: off
FINDINGS = {
    "every remedy is whole the first time": (REMEDIED, "whole",
        "keras directory checkpoint deepcopy pickle never_compiled compile_false"),
    "keras.ops.where is whole straight on functional inputs": ((OPS,), "whole", "bare"),
    "the article's override is silent the second time": ((ARTICLE,), "silent",
        "second_sgd second_uncompiled"),
    "the others are whole the second time": (LASTING, "whole",
        "second_adam second_sgd second_uncompiled four_runs"),
    "a cast helps other strict operations": ((ARTICLE, PAIR, CAST, FUNCTIONAL), "whole",
        "gather one_hot and invert reduce_any add_constant take"),
    "keras.ops helps most of them": ((OPS,), "whole",
        "one_hot and invert reduce_any add_constant take"),
    "tf.boolean_mask takes a float mask": (EVERY, "whole", "boolean_mask"),
    "other cures hold twice": ((CONTROL,), "whole",
        "built called_on_zeros called_on_stand_ins called_in_init keeps_shapes"),
    "a build that builds nothing is silent": ((CONTROL,), "silent",
        "empty_build_sgd empty_build_uncompiled"),
    "an override that builds nothing is silent": ((ARTICLE, PAIR), "silent",
        "empty_override_sgd half_built_sgd late_layers late_weights"),
    "the order of building does not matter": ((ARTICLE, PAIR), "whole", "built_backwards"),
    "the true dtype makes the control whole": ((CONTROL,), "whole", "true_dtype"),
    "one visit makes the loss loud": ((CONTROL,), "loud", "one_visit"),
    "an override helps whatever call raises": ((ARTICLE, PAIR), "whole",
        "asserts_dtype eager_only set_later dict_and_argument"),
    "inside another model cast, ops and functional help": ((CAST, OPS, FUNCTIONAL), "whole n/a",
        "model_in_model layer_in_model"),
    "in a functional model everything is whole": (EVERY, "whole n/a",
        "model_in_functional layer_in_functional"),
    "containers and structures change nothing": (REMEDIED, "whole n/a",
        "list dict_of_layers list_of_kinds tuple mask_one_channel metrics"),
    "a recurrent layer in a Sequential is loud": ((CONTROL,), "loud", "sequential_lstm"),
    "a functional input needs its dtype": ((FUNCTIONAL,), "loud", "input_without_dtype"),
    "a Lambda holds with a registered function": ((CONTROL, CAST, OPS), "whole", "lambda_named"),
    "functional takes any structure": ((FUNCTIONAL,), "whole",
        "two_arguments dict_and_argument mask_broadcasts_image"),
    "an override refuses two arguments": ((ARTICLE, PAIR), "loud", "two_arguments"),
    "other masks need a cast": ((CAST, OPS, FUNCTIONAL), "whole",
        "fed_float32 fed_int32 fed_uint8"),
    "no optimizer changes it": (REMEDIED, "whole",
        "sgd momentum adam adamw lion rmsprop nadam adagrad adafactor ftrl lamb muon amsgrad "
        "ema accumulation schedule loss_scaling"),
    "subclasses lose the policy in silence": (SUBCLASSED, "silent",
        "mixed_float16 mixed_bfloat16 float16 float64"),
    "functional keeps the policy": ((FUNCTIONAL,), "whole", "mixed_bfloat16 float16 float64"),
    "functional keeps a frozen layer": ((FUNCTIONAL,), "whole", "frozen frozen_sgd"),
    "subclasses lose a frozen layer in silence": (SUBCLASSED, "silent", "frozen_sgd"),
    "neither XLA nor a strategy changes it": (REMEDIED, "whole",
        "jit_auto jit_on jit_off mirrored run_eagerly steps_per_execution"),
    "a wrapper that forgets an argument is silent": ((FUNCTIONAL,), "silent", "forgetful_layer"),
    "a weights file wants the optimizer built": (EVERY, "whole",
        "weights_built tf_checkpoint_built"),
    "a weights file refuses an uncalled subclass": ((CONTROL, ARTICLE, PAIR, CAST, OPS), "loud",
        "weights_uncalled backup"),
    "a backup wants the model called": (EVERY, "whole", "backup_called"),
    "functional needs no call": ((FUNCTIONAL,), "whole", "backup tf_checkpoint export"),
    "an export wants a signature": (EVERY, "whole", "export_signature"),
    "a clone keeps weights": (REMEDIED, "whole", "clone json"),
    "legacy h5 refuses": (EVERY, "loud", "h5"),
    "h5 drops the functional optimizer": ((FUNCTIONAL,), "silent", "h5_loss_object"),
    "the file holds everything": (EVERY, "whole", "rescued"),
}
# fmt: on


@pytest.mark.parametrize("finding", FINDINGS)
def test_finding(cells: Cells, finding: str) -> None:
    remedies, words, scenarios = FINDINGS[finding]
    shown = {(s, r): cells[s, r].word for s in scenarios.split() for r in remedies}
    assert {key: word for key, word in shown.items() if word not in words.split()} == {}


def lost_all(cell: Cell) -> bool:
    return cell.defects.weights_lost > 0 and cell.defects.outputs_changed > 0


# Where weights and outputs are lost, with a warning or without.
LOST = {
    (CONTROL,): "keras second_adam gather take sgd metrics list tuple mask_one_channel empty_build "
    "model_in_model layer_in_model two_arguments dict_and_argument asserts_dtype eager_only jit_on",
    (ARTICLE,): "second_adam second_sgd second_uncompiled model_in_model layer_in_model",
    (PAIR,): "model_in_model layer_in_model",
    (CAST, OPS): "two_arguments dict_and_argument asserts_dtype eager_only set_later",
    (OPS,): "gather",
}


@pytest.mark.parametrize("remedies", LOST, ids="-".join)
def test_everything_is_lost(cells: Cells, remedies: tuple[str, ...]) -> None:
    for scenario in LOST[remedies].split():
        for remedy in remedies:
            assert lost_all(cells[scenario, remedy]), (scenario, remedy)


# What the reason says.
NOTES = [
    ("keras", CONTROL, "SelectV2"),
    ("keras", CONTROL, "Unknown variable"),
    ("bare", CONTROL, "when made: ValueError: A KerasTensor cannot"),
    ("four_runs", CONTROL, "in run 2: ValueError: Unknown variable"),
    ("after_h5", CAST, "compile settings changed: optimizer"),
    ("one_visit", CONTROL, "was never built"),
    ("asserts_dtype", CAST, "Keras swallowed TypeError: the mask must be bool"),
    ("eager_only", OPS, "'SymbolicTensor' object has no attribute 'numpy'"),
    ("set_later", OPS, "Keras swallowed AttributeError: "),
    ("sequential_lstm", CONTROL, "LSTMCell"),
    ("lambda", CONTROL, "when made: NotImplementedError"),
    ("lambda_shaped", OPS, "disallowed by default"),
    ("lambda_unsafe", CAST, "is not defined"),
    ("two_arguments", PAIR, "TypeError"),
    ("fed_uint8", ARTICLE, "in fit: TypeError"),
    ("shape_arithmetic", ARTICLE, "can only concatenate list"),
]


@pytest.mark.parametrize(("scenario", "remedy", "text"), NOTES)
def test_reason(cells: Cells, scenario: str, remedy: str, text: str) -> None:
    assert text in cells[scenario, remedy].note


# How many warnings a loss is announced by, and the kinds of state that none of them names.
WARNINGS = {
    ("keras", CONTROL): (2, 1),
    ("second_adam", ARTICLE): (1, 1),
    ("sgd", CONTROL): (1, 1),
    ("loss_scaling", CONTROL): (3, 1),
    ("empty_build", CONTROL): (1, 1),
    ("half_built", PAIR): (1, 1),
    ("model_in_functional", CONTROL): (1, 0),
    ("after_h5", OPS): (1, 1),
    ("mixed_float16", FUNCTIONAL): (1, 0),
    ("weights_called", OPS): (1, 0),
    ("checkpoint_weights", CONTROL): (1, 0),
}


@pytest.mark.parametrize("key", WARNINGS, ids="-".join)
def test_warnings(cells: Cells, key: tuple[str, str]) -> None:
    assert (cells[key].warnings, cells[key].defects.silent_defects) == WARNINGS[key]


def test_article_override_starts_over_at_every_second_resumption(cells: Cells) -> None:
    cell = cells["four_runs", ARTICLE]
    assert (cell.defects.iterations_lost, cell.defects.weights_changed) == (40, 2)
    runs, unbroken = re.findall(r"([\d.e-]+), ([\d.e-]+), ([\d.e-]+), ([\d.e-]+)", cell.note)
    assert runs[:2] == unbroken[:2]
    assert float(runs[2]) > 10 * float(unbroken[2])


def test_xla_and_a_strategy_lose_what_a_graph_loses(cells: Cells) -> None:
    for scenario in ("jit_on", "jit_off", "mirrored", "run_eagerly"):
        assert cells[scenario, CONTROL].defects == cells["keras", CONTROL].defects


def test_swapped_layers_show_in_the_next_step_and_swapped_weights_in_the_outputs(
    cells: Cells,
) -> None:
    layers, weights = cells["late_layers", PAIR].defects, cells["late_weights", PAIR].defects
    assert layers.next_step_changed and not layers.outputs_changed
    assert weights.outputs_changed and not weights.weights_changed
