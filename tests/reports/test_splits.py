from __future__ import annotations

from reports.splits import dispatch, first_steps
from tests.reports.factory import Folder, evidence_of
from tests.reports.machine import altered

NBSP = "\N{NO-BREAK SPACE}"


def test_dispatch_is_what_the_compiled_function_does_not_take(folder: Folder) -> None:
    folder.add(later=True)
    (sketch,) = dispatch(evidence_of(folder.root))
    texts = [cell.text.replace(NBSP, " ") for cell in sketch.table.rows[0]]
    assert texts[1:] == ["training step", "2.2 ms", "901 \N{MICRO SIGN}s", "71 %"]
    assert "43% to 71%" in sketch.alt


def test_a_compiled_step_slower_than_its_step_leaves_no_dispatch(folder: Folder) -> None:
    folder.add(altered(lambda m, c, v: 1.0 if m.endswith("_compiled") else v), later=True)
    (sketch,) = dispatch(evidence_of(folder.root))
    assert {row[-1].text for row in sketch.table.rows} == {f"100{NBSP}%"}


def test_the_first_step_is_split_where_all_of_it_was_measured(folder: Folder) -> None:
    def no_trace(metric, cell, value):
        lacking = metric == "first_step_trace" and cell["remedy"] == "tf_cast"
        return float("nan") if lacking else value

    folder.add(altered(no_trace), later=True)
    (sketch,) = first_steps(evidence_of(folder.root))
    assert sketch.table.head[2:5] == ("Trace", "Compile", "Run")
    assert "tf_cast" not in {row[1].text for row in sketch.table.rows}
    assert "control" in {row[1].text for row in sketch.table.rows}


def test_without_the_parts_there_is_no_figure(usual) -> None:
    evidence = evidence_of(usual)
    assert [*dispatch(evidence), *first_steps(evidence)] == []


def test_what_is_cut_off_leaves_no_heading_without_bars_and_is_said(folder: Folder) -> None:
    folder.add(later=True, batches=[1, 2, 3, 4, 5, 6])
    (sketch,) = dispatch(evidence_of(folder.root))
    drawn = sketch.plan.args[2]
    assert not drawn[-1].heads
    assert "The first 64 of 72 lines are drawn; the table goes on." in sketch.alt
