from __future__ import annotations

from dataclasses import replace

import pytest

from remedies.roundtrip import Defects, RoundTrip
from remedies.scenarios.case import WEIGHTS, Case, NotApplicableError, UseError, line, promised

LOST = RoundTrip(Defects(2, 0, 4, 0, 3, 1.0, 1, 2, 3), 2, 6, warnings=("about the optimizer",))


def test_defects_outside_the_promise_do_not_count() -> None:
    assert promised(LOST, WEIGHTS).defects == Defects(
        weights_lost=2, outputs_changed=1.0, silent_defects=1
    )


def test_warning_about_weights_is_not_silent() -> None:
    told = replace(LOST, warnings=("no weights",))
    assert promised(told, WEIGHTS).defects.silent_defects == 0


def test_without_a_promise_everything_counts() -> None:
    assert promised(LOST, ()) is LOST


def test_line_is_one_line_without_colours_or_arguments() -> None:
    error = ValueError("Calling X.\n\n\x1b[1mIt failed.\x1b[0m\n\nArguments received by X:\n  many")
    assert line(error) == "ValueError: Calling X. It failed."


def test_same_data_every_time() -> None:
    (first, targets), (second, again) = Case(fed="uint8").data(), Case(fed="uint8").data()
    assert first["mask"].dtype == "uint8"
    assert (first["image"] == second["image"]).all()
    assert (targets == again).all()


def test_excuse_is_given_as_the_reason() -> None:
    with pytest.raises(NotApplicableError, match="no class"):
        Case(excuses={"control": "no class"})("control")


def test_model_that_cannot_be_made_says_so() -> None:
    def make(remedy: str, shapes: object) -> object:
        raise ValueError("no")

    with pytest.raises(UseError, match="when made: ValueError: no"):
        Case(make=make)("control")
