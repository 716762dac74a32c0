from __future__ import annotations

from reports.programs import programs
from tests.reports.factory import Folder, evidence_of
from tests.reports.machine import altered


def test_what_differs_is_told_with_what_was_added(folder: Folder) -> None:
    folder.add(later=True)
    (sketch,) = programs(evidence_of(folder.root))
    assert sketch.alt.startswith("2 of 20 optimized programs differ") and "tf_cast" in sketch.alt
    differ = [row for row in sketch.table.rows if row[2].text == "another program"]
    assert {row[1].text for row in differ} == {"tf_cast"}
    assert [(c.text, c.note) for c in differ[0][3:6]] == [("120", ""), ("4", "+1"), ("2", "+1")]


def test_a_compiler_that_does_not_tell_leaves_gaps(folder: Folder) -> None:
    folder.add(
        altered(lambda m, c, v: float("nan") if m in ("xla_flops", "xla_differs") else v),
        later=True,
    )
    (sketch,) = programs(evidence_of(folder.root))
    assert {row[2].text for row in sketch.table.rows} == {"\N{EN DASH}"}
    assert sketch.alt.startswith("0 of 0")


def test_no_programs_no_figure(usual) -> None:
    assert list(programs(evidence_of(usual))) == []
