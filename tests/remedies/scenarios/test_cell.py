"""One cell: its outcome and note, its JSON, and a clean start for the next."""

from __future__ import annotations

import json
from dataclasses import replace

import keras
import pytest

from remedies.scenarios.cell import Cell, measure
from remedies.scenarios.scenario import Scenario, UseError
from remedies.state.behaviour import Behaviour
from remedies.state.roundtrip import Defects, RoundTrip
from remedies.state.trip import Outcome

LOST = RoundTrip("trip", {}, defects=Defects(weights_lost=1))
SETTINGS = RoundTrip("trip", {}, settings=("loss",), defects=Defects(compile_changed=1))


def measured(result: RoundTrip | BaseException) -> Cell:
    class Given(Scenario):
        def check(self, remedy: str) -> RoundTrip:
            keras.config.set_floatx("float16")
            keras.config.set_dtype_policy("mixed_bfloat16")
            if isinstance(result, BaseException):
                raise result
            return result

    try:
        return measure("control", Given("group", "name", "description"))
    finally:
        policies = keras.config.floatx(), keras.config.dtype_policy().name
        assert policies == ("float32", "float32"), "a scenario's own do not outlive it"


@pytest.mark.parametrize(
    ("trip", "word", "note"),
    [
        (LOST, "silent", ""),
        (replace(LOST, warnings=("a",)), "warned", ""),
        (replace(LOST, remark="so", behaviour=Behaviour(problem="E")), "silent", "so; E"),
        (SETTINGS, "silent", "compile settings changed: loss"),
    ],
)
def test_outcome_and_note(trip: RoundTrip, word: str, note: str) -> None:
    cell = measured(trip)
    assert (cell.word, cell.note, cell.defects) == (word, note, trip.defects)


def test_note_has_no_folder_address_or_counter() -> None:
    error = UseError("in /some/where/tmpab12/model.keras of <X at 0x7fee12> dense_12")
    assert measured(error).note == "in /model.keras of <X> dense"


def test_failure_of_the_suite_itself_is_no_outcome() -> None:
    with pytest.raises(KeyError):
        measured(KeyError("x"))


@pytest.mark.parametrize("outcome", [*Outcome, None])
def test_json_keeps_the_cell_and_names_only_what_was_lost(outcome: Outcome | None) -> None:
    cell = Cell("r", "s", outcome, Defects(weights_lost=2))
    data = json.loads(json.dumps(cell.to_json()))
    assert Cell.from_json(data) == cell
    assert data["defects"] == {"weights_lost": 2} and "note" not in data
