"""One experiment and its cell: data, excuses, failures, notes, and a clean start for the next."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from remedies.roundtrip import Defects, Outcome, RoundTrip
from remedies.scenarios.cell import Cell, measure
from remedies.scenarios.experiment import (
    Experiment,
    NotApplicableError,
    Scenario,
    UseError,
    one_line,
    promised,
)
from remedies.scenarios.making import WEIGHTS

WHOLE = RoundTrip(Defects(), 2, 6)
LOST = RoundTrip(Defects(2, 0, 4, 0, 3, 1.0, 1, 2, 3), 2, 6, warnings=("about the optimizer",))


def scenario(result: RoundTrip | BaseException) -> Scenario:
    def check(remedy: str) -> RoundTrip:
        if isinstance(result, BaseException):
            raise result
        return result

    return Scenario("group", "name", "description", check)


def test_defects_outside_the_promise_do_not_count() -> None:
    kept = Defects(weights_lost=2, outputs_changed=1.0, silent_defects=1)
    assert promised(LOST, WEIGHTS).defects == kept
    warned = replace(LOST, warnings=("no weights",))
    assert promised(warned, WEIGHTS).defects.silent_defects == 0
    assert promised(LOST, ()) is LOST


def test_line_is_one_line_without_colours_or_arguments() -> None:
    error = ValueError("Calling X.\n\n\x1b[1mIt failed.\x1b[0m\n\nArguments received by X:\n  many")
    assert one_line(error) == "ValueError: Calling X. It failed."


def test_same_data_every_time() -> None:
    (first, targets), (second, again) = (Experiment(fed="uint8").data() for _ in range(2))
    assert first["mask"].dtype == "uint8"
    assert (first["image"] == second["image"]).all() and (targets == again).all()


def test_excuse_is_given_as_the_reason() -> None:
    with pytest.raises(NotApplicableError, match="no class"):
        Experiment(excuses={"control": "no class"})("control")


def test_model_that_cannot_be_made_says_so() -> None:
    def make(remedy: str, shapes: object) -> object:
        raise ValueError("no")

    with pytest.raises(UseError, match="when made: ValueError: no"):
        Experiment(make=make)("control")


@pytest.mark.parametrize("outcome", [*Outcome, None])
def test_json_keeps_the_cell(outcome: Outcome | None) -> None:
    cell = Cell("r", "s", outcome, Defects(weights_lost=2), 1, "a note")
    assert Cell.from_json(json.loads(json.dumps(cell.to_json()))) == cell


def test_json_names_only_what_was_lost() -> None:
    data = Cell("r", "s", None, Defects(weights_lost=2)).to_json()
    assert data["defects"] == {"weights_lost": 2} and "note" not in data


@pytest.mark.parametrize(
    ("result", "word", "note"),
    [
        (WHOLE, "whole", ""),
        (replace(WHOLE, load_error="OSError: no"), "loud", "OSError: no"),
        (NotApplicableError("why"), "n/a", "why"),
        (UseError("in fit: TypeError: no"), "loud", "in fit: TypeError: no"),
        (replace(WHOLE, defects=Defects(weights_lost=1)), "silent", ""),
        (replace(WHOLE, defects=Defects(weights_lost=1), warnings=("a",)), "warned", ""),
        (
            replace(WHOLE, defects=Defects(compile_changed=1), settings_changed=("loss",)),
            "silent",
            "compile settings changed: loss",
        ),
    ],
)
def test_outcome_and_note(result: RoundTrip | BaseException, word: str, note: str) -> None:
    cell = measure("control", scenario(result))
    assert (cell.word, cell.note) == (word, note)


def test_what_was_not_loaded_has_no_defects() -> None:
    loud = replace(WHOLE, load_error="OSError: no", defects=Defects(weights_lost=2))
    assert not measure("control", scenario(loud)).defects


def test_note_has_no_folder_address_or_counter() -> None:
    error = UseError("in /some/where/tmpab12/model.keras of <X at 0x7fee12> dense_12")
    assert measure("control", scenario(error)).note == "in /model.keras of <X> dense"


def test_failure_of_the_suite_itself_is_no_outcome() -> None:
    with pytest.raises(KeyError):
        measure("control", scenario(KeyError("x")))


def test_policy_that_a_scenario_sets_does_not_outlive_it() -> None:
    import keras

    def check(remedy: str) -> RoundTrip:
        keras.config.set_floatx("float16")
        keras.config.set_dtype_policy("mixed_bfloat16")
        return WHOLE

    measure("control", Scenario("group", "name", "description", check))
    assert keras.config.floatx() == "float32"
    assert keras.config.dtype_policy().name == "float32"
