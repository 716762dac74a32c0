from __future__ import annotations

from reports.evidence import gather
from reports.results import read
from reports.survey import Survey, Surveyed
from reports.surveys import scenarios, versions
from tests.reports.factory import Folder, evidence_of

KNOWN = Survey(
    Surveyed("3.9", "2.18", {("h5", "tf_cast"): "loud", ("keras", "tf_cast"): "silent"}),
    (Surveyed("3.9", "2.18", {("keras", "control"): "warned", ("h5", "control"): "loud"}),),
)


def test_scenarios_measured_here_go_before_the_committed_ones(folder: Folder) -> None:
    folder.add(later=True)
    (sketch,) = scenarios(gather(read(folder.root), 0.02, KNOWN))
    assert "bench-1" in sketch.title and "measured here" in sketch.table.caption
    rows = {row[0].text: row[1:] for row in sketch.table.rows}
    assert [c.text for c in rows["frozen_sgd"]] == ["warned", "silent", "silent", "whole", "silent"]
    assert [c.kind for c in rows["frozen_sgd"]][:2] == ["lost", "silent"]


def test_else_the_committed_matrix_is_shown_with_its_version(folder: Folder) -> None:
    folder.add()
    (sketch,) = scenarios(gather(read(folder.root), 0.02, KNOWN))
    assert "not measured here" in sketch.table.caption and "Keras 3.9" in sketch.table.caption
    assert "Keras 3.9" in sketch.title
    assert [row[1].text for row in sketch.table.rows] == ["loud", "silent"]
    assert list(scenarios(evidence_of(folder.root))) == []


def test_versions_show_the_round_trip_alone(folder: Folder) -> None:
    folder.add()
    (sketch,) = versions(gather(read(folder.root), 0.02, KNOWN))
    assert [[c.text for c in row] for row in sketch.table.rows] == [
        ["Keras 3.9 (TensorFlow 2.18)", "warned"]
    ]
    assert list(versions(evidence_of(folder.root))) == []
