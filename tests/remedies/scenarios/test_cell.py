from __future__ import annotations

import json
from dataclasses import replace

import pytest

from remedies.roundtrip import Defects, Outcome, RoundTrip
from remedies.scenarios.case import NotApplicableError, UseError
from remedies.scenarios.cell import Cell, measure
from remedies.scenarios.scenario import Scenario

WHOLE = RoundTrip(Defects(), 2, 6)


def scenario(result: RoundTrip | BaseException) -> Scenario:
    def check(remedy: str) -> RoundTrip:
        if isinstance(result, BaseException):
            raise result
        return result

    return Scenario("name", "group", "about", check)


@pytest.mark.parametrize("outcome", [*Outcome, None])
def test_json_keeps_the_cell(outcome: Outcome | None) -> None:
    cell = Cell("r", "s", outcome, Defects(weights_lost=2), 1, "a note")
    assert Cell.from_json(json.loads(json.dumps(cell.to_json()))) == cell


def test_json_names_only_what_was_lost() -> None:
    assert Cell("r", "s", None, Defects(weights_lost=2)).to_json()["defects"] == {"weights_lost": 2}


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


def test_failure_of_the_suite_itself_is_no_finding() -> None:
    with pytest.raises(KeyError):
        measure("control", scenario(KeyError("x")))


def test_policy_that_a_scenario_sets_does_not_outlive_it() -> None:
    import keras

    def check(remedy: str) -> RoundTrip:
        keras.config.set_floatx("float16")
        keras.config.set_dtype_policy("mixed_bfloat16")
        return WHOLE

    measure("control", Scenario("name", "group", "about", check))
    assert keras.config.floatx() == "float32"
    assert keras.config.dtype_policy().name == "float32"
