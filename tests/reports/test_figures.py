from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from reports.figures import exhibits
from reports.vocabulary import DEFECTS
from tests.reports.factory import Folder, evidence_of

NAMES = ["fidelity", "step-ratios-1", "cast-overhead", "first-step", "save-load"]


@pytest.fixture(scope="module")
def shown(usual: Path):
    return exhibits(evidence_of(usual))


def test_each_figure_asks_a_question_and_has_text_and_a_table(shown) -> None:
    assert [x.name for x in shown] == NAMES
    for figure in shown:
        assert "?" in figure.title and figure.alt and figure.table.rows
        assert figure.drawing.png == b"" and "style" not in figure.drawing.svg
        assert figure.title in "".join(ET.fromstring(figure.drawing.svg).itertext())  # noqa: S314


def test_figures_are_the_same_every_time(shown, usual: Path) -> None:
    again = exhibits(evidence_of(usual))
    assert [x.drawing.svg for x in again] == [x.drawing.svg for x in shown]
    assert not any("<dc:date>" in x.drawing.svg for x in shown)


def test_the_fidelity_table_has_every_defect(shown) -> None:
    table = shown[0].table
    assert len(table.head) == len(DEFECTS) + 5
    control = [cell.text for cell in table.rows[0]]
    assert control == [
        "control",
        "loses state",
        "2 of 2",
        "0",
        "4 of 6",
        "1 of 6",
        "3",
        "all",
        "yes",
        "0",
        "1",
        "7 of 8",
        "2",
        "2",
    ]


def test_hostile_names_are_only_text(folder: Folder) -> None:
    names = ["$x^{", "<script>alert(1)</script>", "../../etc", "ops_where", "--></svg>"]
    folder.add(remedies=names, machine="$$\\frac", folder="m", workloads=["image", "]]>"])
    for figure in exhibits(evidence_of(folder.root)):
        root = ET.fromstring(figure.drawing.svg)  # noqa: S314
        assert not [e for e in root.iter() if e.tag.endswith("script")]
        assert figure.name.replace("-", "").isalnum()
