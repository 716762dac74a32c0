from __future__ import annotations

from functools import partial

import pytest

from reports import exhibit, heatmap
from reports.exhibit import Sketch, drawn
from reports.plot import Drawing
from reports.tables import Table


def sketch(name: str, plan=None) -> Sketch:
    title = f"Is {name} whole?"
    plan = plan or partial(heatmap.grid, title, ["a"], [("x", [heatmap.Square("1", "all")])])
    return Sketch(name, title, "alt", plan, 1000, Table("", (), ()))


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exhibit, "MOST_PROCESSES", 2)
    monkeypatch.setattr(exhibit, "_processors", lambda: 2)


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork")
def test_sharing_the_drawing_changes_nothing(shared: None) -> None:
    sketches = [sketch(name) for name in ("a", "b", "c")]
    assert [e.drawing for e in drawn(sketches)] == [s.plan() for s in sketches]


def test_where_no_process_can_be_started_it_draws_alone(
    shared: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*_: object) -> None:
        raise OSError("no shared memory")

    monkeypatch.setattr(exhibit, "ProcessPoolExecutor", none)
    made = Drawing("<svg/>")

    def plan(png: bool) -> Drawing:
        return made

    assert [e.drawing for e in drawn([sketch("a", plan), sketch("b", plan)])] == [
        made,
        made,
    ]


def test_little_is_drawn_without_starting_processes(
    shared: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exhibit, "WORTH_SHARING", 10_000)
    monkeypatch.delattr(exhibit, "_shared")
    assert [e.name for e in drawn([sketch("a"), sketch("b")])] == ["a", "b"]
