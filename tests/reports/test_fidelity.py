from __future__ import annotations

import math
from pathlib import Path

import pytest

from reports import fidelity
from reports.fidelity import Kept
from reports.vocabulary import DEFECTS
from tests.reports.factory import Folder, evidence_of
from tests.reports.machine import altered


def test_the_control_loses_state_and_one_remedy_keeps_it_only_once(usual: Path) -> None:
    kept = evidence_of(usual).kept
    assert {remedy: state for (_, _, remedy), state in kept.items()} == {
        "control": Kept.LOSSY,
        "build_from_config": Kept.ONCE,
        "tf_cast": Kept.WHOLE,
        "functional_bool_input": Kept.WHOLE,
        "ops_where": Kept.WHOLE,
    }


@pytest.mark.parametrize("defect", DEFECTS)
def test_one_defect_in_one_round_trip_makes_a_remedy_lossy(folder: Folder, defect: str) -> None:
    def one(metric, cell, value):
        hit = metric == defect and cell["remedy"] == "tf_cast" and cell["jit"] == "xla"
        return 1 if hit and value == value else value

    folder.add(altered(one))
    assert evidence_of(folder.root).kept["bench-1", "image", "tf_cast"] is Kept.LOSSY


def test_what_was_not_fully_checked_is_not_called_whole(folder: Folder) -> None:
    def hole(metric, cell, value):
        return math.nan if metric == "weights_changed" and cell["remedy"] == "tf_cast" else value

    folder.add(altered(hole))
    assert evidence_of(folder.root).kept["bench-1", "image", "tf_cast"] is Kept.UNKNOWN


def test_losses_are_counted_out_of_what_was_saved(usual: Path) -> None:
    table = fidelity.summary(evidence_of(usual).trips)
    control = table[table["remedy"] == "control"].iloc[0]
    assert control["trips"] == 2
    assert fidelity.losses(control) == [
        "2 of 2 weights lost",
        "4 of 6 optimizer variables lost",
        "1 of 6 optimizer variables changed",
        "3 iterations lost",
        "all of the outputs changed",
        "the next training step raises",
    ]
    assert table["remedy"].iloc[0] == "control"
