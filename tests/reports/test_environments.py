from __future__ import annotations

from reports.environments import commands, facts, side_by_side
from tests.reports.factory import Folder, evidence_of
from tests.reports.machine import altered
from tests.reports.test_claims import put, ratios


def test_what_differs_is_marked(folder: Folder) -> None:
    folder.add(facts={"keras": "3.10.0"})
    folder.add(machine="other")
    notes = {row[0].text: row[0].note for row in facts(evidence_of(folder.root)).rows}
    assert notes["keras"] == "differs" and notes["numpy"] == ""


def test_what_was_run_is_what_makes_it_again(folder: Folder) -> None:
    folder.add(facts={"setting": "wide"})
    folder.add(facts={"setting": "full"}, machine="other")
    folder.add(facts={"setting": "`rm -r /`"}, machine="hostile")
    assert commands(evidence_of(folder.root)) == ["scripts/bench", "scripts/bench --full"]


def test_cells_stand_side_by_side_those_that_disagree_first(folder: Folder) -> None:
    folder.add()
    folder.add(altered(ratios("tf_cast", 1.2, only={"jit": "xla"})), machine="other")
    table = side_by_side(evidence_of(folder.root))
    assert table and table.head == ("Cell", "Measured", "Remedy", "bench-1", "other")
    disagree = [row for row in table.rows if row[3].note != row[4].note]
    assert disagree == list(table.rows[: len(disagree)]) and len(disagree) == 6
    assert f"The verdicts of 6 of {len(table.rows)} disagree" in table.caption
    step = next(row for row in disagree if row[1].text == "training step")
    assert (step[2].text, step[3].note, step[4].note) == ("tf_cast", "same", "slower")
    assert step[4].text == "1.200 [1.195, 1.205]"
    assert not {"placebo", "ops_where"} & {row[2].text for row in table.rows}


def test_a_remedy_that_loses_state_anywhere_is_struck_there(folder: Folder) -> None:
    folder.add(altered(put("tf_cast", "weights_lost", value=1)))
    folder.add(machine="other")
    table = side_by_side(evidence_of(folder.root))
    assert table
    struck = {(row[2].text, row[3].struck, row[4].struck) for row in table.rows}
    assert ("tf_cast", True, False) in struck and ("control", True, True) in struck


def test_one_run_has_nothing_beside_it(usual) -> None:
    assert side_by_side(evidence_of(usual)) is None
