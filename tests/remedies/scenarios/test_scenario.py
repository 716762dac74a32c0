"""A scenario: its data, what fails at which stage, what a format promises; and its cell."""

import json
from dataclasses import replace
from typing import Any

import keras
import pytest

from remedies.scenarios import Cell
from remedies.scenarios.scenario import WEIGHTS, Scenario, UseError, measure
from remedies.state.difference import Behaviour
from remedies.state.roundtrip import Defects, RoundTrip

LOST = RoundTrip("trip", {}, defects=Defects(weights_lost=1))
MUCH = RoundTrip("trip", {}, defects=Defects(2, 0, 4, 0, 3, 1.0, 1, 2, 3), warnings=("optimizer",))


def fail(*given: Any) -> Any:
    raise ValueError("no\n\n\x1b[1mIt failed.\x1b[0m\n\nArguments received by X:\n  many")


@pytest.mark.parametrize(
    ("settings", "word", "note"),
    [
        ({}, "whole", ""),
        ({"excuses": {"ops_where": "no class"}}, "n/a", "no class"),
        ({"make": fail}, "loud", "when made: ValueError: no It failed."),
        ({"compiling": {"loss": fail}}, "loud", "in fit: ValueError: no"),
        ({"route": fail}, "loud", "ValueError: no"),
        ({"route": lambda trained: None}, "loud", "when used again: AttributeError: "),
    ],
)
def test_failure_is_loud_and_names_its_stage(settings: Any, word: str, note: str) -> None:
    cell = measure("ops_where", Scenario("group", "name", "description", **settings))
    assert cell["outcome"] == word and cell.get("note", "").startswith(note)
    assert "Arguments" not in cell.get("note", "")
    assert "defects" not in cell, "what was not loaded has none"


def measured(result: RoundTrip | BaseException, keeps: tuple[str, ...] = ()) -> Cell:
    class Given(Scenario):
        def check(self, remedy: str) -> RoundTrip:
            keras.config.set_floatx("float16")
            keras.config.set_dtype_policy("mixed_bfloat16")
            if isinstance(result, BaseException):
                raise result
            return result

    try:
        return measure("control", Given("group", "name", "description", keeps=keeps))
    finally:
        policies = keras.config.floatx(), keras.config.dtype_policy().name
        assert policies == ("float32", "float32"), "a scenario's own do not outlive it"


@pytest.mark.parametrize(
    ("trip", "rest"),
    [
        (LOST, {"outcome": "silent"}),
        (replace(LOST, warnings=("a",)), {"outcome": "warned", "warnings": 1}),
        (
            replace(LOST, remark="so", behaviour=Behaviour(problem="E")),
            {"outcome": "silent", "note": "so; E"},
        ),
    ],
)
def test_cell_is_plain_data_and_names_only_what_was_lost(trip: RoundTrip, rest: Cell) -> None:
    cell = measured(trip)
    assert cell == {"remedy": "control", "scenario": "name", "defects": {"weights_lost": 1}} | rest
    assert json.loads(json.dumps(cell)) == cell


def test_defects_outside_the_promise_do_not_count() -> None:
    kept = {"weights_lost": 2, "outputs_changed": 1.0}
    assert measured(MUCH, WEIGHTS)["defects"] == kept | {"silent_defects": 1}
    assert measured(replace(MUCH, warnings=("no weights",)), WEIGHTS)["defects"] == kept
    assert measured(MUCH, ("weights_changed",))["outcome"] == "whole"


def test_note_has_no_folder_address_or_counter() -> None:
    error = UseError("in /some/where/tmpab12/model.keras of <X at 0x7fee12> dense_12")
    assert measured(error)["note"] == "in /model.keras of <X> dense"


def test_failure_of_the_suite_itself_is_no_outcome() -> None:
    with pytest.raises(KeyError):
        measured(KeyError("x"))
