from __future__ import annotations

from pathlib import Path

from remedies.roundtrip import Outcome
from remedies.scenarios.cell import Cell
from remedies.scenarios.journal import Journal, digest

CELL = Cell("control", "keras", Outcome.WARNED, warnings=2)


def test_finished_cells_are_found_again(tmp_path: Path) -> None:
    path = tmp_path / "new" / "journal.jsonl"
    Journal(path, "key").add(CELL)
    assert Journal(path, "key").cells() == {("control", "keras"): CELL}


def test_no_file_is_no_cells(tmp_path: Path) -> None:
    assert Journal(tmp_path / "none", "key").cells() == {}


def test_line_cut_short_is_passed_over_and_spoils_nothing(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl", "key")
    journal.path.write_text('{"key": "key", "reme')
    journal.add(CELL)
    assert len(journal.cells()) == 1


def test_cells_of_other_software_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    Journal(path, digest({"keras": "3.15.0"})).add(CELL)
    assert Journal(path, digest({"keras": "3.15.1"})).cells() == {}


def test_close_removes_the_file(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl", "key")
    journal.add(CELL)
    journal.close()
    journal.close()
    assert not list(tmp_path.iterdir())
