"""A scenario: its data, its excuses, what fails at which stage, and what a format promises."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from remedies.scenarios.cell import measure
from remedies.scenarios.scenario import WEIGHTS, Scenario, one_line, promised
from remedies.state.roundtrip import Defects, RoundTrip

LOST = RoundTrip(
    "trip", {}, warnings=("about the optimizer",), defects=Defects(2, 0, 4, 0, 3, 1.0, 1, 2, 3)
)


def fail(*given: Any) -> Any:
    raise ValueError("no")


@pytest.mark.parametrize(
    ("settings", "word", "note"),
    [
        ({}, "whole", ""),
        ({"excuses": {"ops_where": "no class"}}, "n/a", "no class"),
        ({"make": fail}, "loud", "when made: ValueError: no"),
        ({"callbacks": fail}, "loud", "in fit: ValueError: no"),
        ({"route": fail}, "loud", "ValueError: no"),
        ({"route": lambda trained: None}, "loud", "when used again: AttributeError: "),
    ],
)
def test_failure_is_loud_and_names_its_stage(settings: Any, word: str, note: str) -> None:
    cell = measure("ops_where", Scenario("group", "name", "description", **settings))
    assert cell.word == word and cell.note.startswith(note)
    assert not cell.defects, "what was not loaded has none"


def test_same_data_every_time() -> None:
    scenario = Scenario("group", "name", "description", fed="uint8")
    (first, targets), (second, again) = scenario.data(), scenario.data()
    assert first["mask"].dtype == "uint8"
    assert (first["image"] == second["image"]).all() and (targets == again).all()


def test_defects_outside_the_promise_do_not_count() -> None:
    kept = Defects(weights_lost=2, outputs_changed=1.0, silent_defects=1)
    assert promised(LOST, WEIGHTS).defects == kept
    warned = replace(LOST, warnings=("no weights",))
    assert promised(warned, WEIGHTS).defects.silent_defects == 0
    assert promised(LOST, ()) is LOST


def test_error_is_one_line_without_colours_or_arguments() -> None:
    error = ValueError("Calling X.\n\n\x1b[1mIt failed.\x1b[0m\n\nArguments received by X:\n  many")
    assert one_line(error) == "ValueError: Calling X. It failed."
