"""What the docs say of remedies, each finding by name, against the published matrix."""

import re

import pytest

from .conftest import CELLS

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
        "keras directory deepcopy pickle compile_false"),
    "keras.ops.where is whole straight on functional inputs": ((OPS,), "whole", "bare"),
    "the article's override is silent the second time": ((ARTICLE,), "silent",
        "second_sgd second_uncompiled"),
    "the others are whole the second time": (LASTING, "whole",
        "second_adam second_sgd second_uncompiled four_runs"),
    "a cast helps other strict operations": ((ARTICLE, PAIR, CAST, FUNCTIONAL), "whole",
        "gather one_hot"),
    "keras.ops helps most of them": ((OPS,), "whole", "one_hot"),
    "other cures hold twice": ((CONTROL,), "whole",
        "built called_on_zeros called_in_init keeps_shapes"),
    "a build that builds nothing is silent": ((CONTROL,), "silent",
        "empty_build_sgd empty_build_uncompiled"),
    "an override that misses a layer or swaps two is silent": ((ARTICLE, PAIR), "silent",
        "half_built_sgd late_layers"),
    "the order of building does not matter": ((ARTICLE, PAIR), "whole", "built_backwards"),
    "the true dtype makes the control whole": ((CONTROL,), "whole", "true_dtype"),
    "one visit makes the loss loud": ((CONTROL,), "loud", "one_visit"),
    "an override helps whatever call raises": ((ARTICLE, PAIR), "whole",
        "eager_only set_later dict_and_argument"),
    "inside another model cast, ops and functional help": ((CAST, OPS, FUNCTIONAL), "whole n/a",
        "model_in_model layer_in_model"),
    "in a functional model everything is whole": (EVERY, "whole n/a",
        "model_in_functional layer_in_functional"),
    "containers and structures change nothing": (REMEDIED, "whole n/a",
        "list tuple mask_one_channel metrics"),
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
    "a weights file wants the optimizer built": (EVERY, "whole",
        "weights_built tf_checkpoint_built"),
    "a weights file refuses an uncalled subclass": ((CONTROL, ARTICLE, PAIR, CAST, OPS), "loud",
        "weights_uncalled backup"),
    "a backup wants the model called": (EVERY, "whole", "backup_called"),
    "functional needs no call": ((FUNCTIONAL,), "whole", "backup tf_checkpoint export"),
    "an export wants a signature": (EVERY, "whole", "export_signature"),
    "a clone keeps weights": (REMEDIED, "whole", "clone"),
    "legacy h5 refuses": (EVERY, "loud", "h5"),
    "h5 drops the functional optimizer": ((FUNCTIONAL,), "silent", "h5_loss_object"),
    "the file holds everything": (EVERY, "whole", "rescued"),
    "the control loses weights with a warning": ((CONTROL,), "warned",
        "keras second_adam gather sgd metrics list tuple mask_one_channel empty_build jit_on "
        "model_in_model layer_in_model two_arguments dict_and_argument eager_only loss_scaling"),
    "an override is of no use inside a model": ((ARTICLE, PAIR), "warned",
        "model_in_model layer_in_model"),
    "a cast is of no use where call raises": ((CAST, OPS), "warned",
        "two_arguments dict_and_argument eager_only set_later"),
    "h5 makes the next file lossy": (EVERY, "warned", "after_h5"),
}
# fmt: on


@pytest.mark.parametrize("finding", FINDINGS)
def test_finding(finding: str) -> None:
    remedies, words, scenarios = FINDINGS[finding]
    shown = {(s, r): CELLS[s, r]["outcome"] for s in scenarios.split() for r in remedies}
    assert {key: word for key, word in shown.items() if word not in words.split()} == {}


# What the reason says.
NOTES = [
    ("keras", CONTROL, "SelectV2"),
    ("bare", CONTROL, "when made: ValueError: A KerasTensor cannot"),
    ("four_runs", CONTROL, "in run 2: ValueError: Unknown variable"),
    ("one_visit", CONTROL, "was never built"),
    ("set_later", OPS, "Keras swallowed AttributeError: "),
    ("sequential_lstm", CONTROL, "LSTMCell"),
    ("lambda_shaped", OPS, "disallowed by default"),
    ("lambda_unsafe", CAST, "is not defined"),
    ("shape_arithmetic", ARTICLE, "can only concatenate list"),
]


@pytest.mark.parametrize(("scenario", "remedy", "text"), NOTES)
def test_reason(scenario: str, remedy: str, text: str) -> None:
    assert text in CELLS[scenario, remedy]["note"]


def test_no_warning_of_the_control_says_that_weights_were_lost() -> None:
    lost = CELLS["keras", CONTROL]
    assert (lost["warnings"], lost["defects"]["silent_defects"]) == (2, 1)


def test_article_override_starts_over_at_every_second_resumption() -> None:
    cell = CELLS["four_runs", ARTICLE]
    lost = [cell["defects"][name] for name in ("iterations_lost", "weights_changed")]
    assert lost == [40, 2]
    runs, unbroken = re.findall(r"([\d.e-]+), ([\d.e-]+), ([\d.e-]+), ([\d.e-]+)", cell["note"])
    assert runs[:2] == unbroken[:2]
    assert float(runs[2]) > 10 * float(unbroken[2])


def test_xla_and_a_strategy_lose_what_a_graph_loses() -> None:
    for scenario in ("jit_on", "jit_off", "mirrored", "run_eagerly"):
        assert CELLS[scenario, CONTROL]["defects"] == CELLS["keras", CONTROL]["defects"]


def test_swapped_layers_show_in_the_next_step_alone() -> None:
    assert "next_step_changed" in CELLS["late_layers", PAIR]["defects"]
    assert "outputs_changed" not in CELLS["late_layers", PAIR]["defects"]
