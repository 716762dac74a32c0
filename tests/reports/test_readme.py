"""The README's own figures: from the committed reference, whoever makes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from reports import readme
from reports.readme import REFERENCE, ROOT, main, updated, write_reference
from reports.results import read
from tests.reports.factory import Folder, evidence_of

MARKED = "before\n<!-- results: begin -->\nstale 1.234\n<!-- results: end -->\nafter\n"


def test_the_readme_says_what_the_reference_results_say() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (alt,) = (line[2:].partition("](")[0] for line in text.splitlines() if readme.FIGURE in line)
    assert updated(text, evidence_of(REFERENCE), alt) == text


def test_only_what_is_between_the_marks_is_written_again(folder: Folder) -> None:
    folder.add()
    text = updated(MARKED, evidence_of(folder.root), "a plot")
    assert text.startswith("before\n") and text.endswith("<!-- results: end -->\nafter\n")
    assert "stale" not in text and "![a plot](docs/steps.png)" in text
    assert "Measured on cpu only; no GPU was measured." in text


def test_a_measured_gpu_is_not_denied(folder: Folder) -> None:
    folder.add(lambda metric, cell: 1.0)
    assert "Measured on cpu and gpu." in updated(MARKED, evidence_of(folder.root), "")


def test_new_results_take_the_place_of_the_same_machine(
    folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readme, "REFERENCE", tmp_path / "reference")
    folder.add(commit="a" * 40)
    write_reference(folder.root, "lab")
    for older in folder.root.glob("bench-1/a*"):
        older.unlink()
    folder.add(commit="b" * 40)
    write_reference(folder.root, "lab")
    found = read(tmp_path / "reference").frame
    assert set(found["machine"]) == {"lab"} and set(found["commit"]) == {"b" * 8}


def test_bad_results_leave_the_readme_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readme, "ROOT", tmp_path)
    assert main(["--results", str(tmp_path / "nowhere"), "--machine", "lab"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("reports.readme: ") and error.count("\n") == 1
    with pytest.raises(SystemExit, match="2"):
        main(["--machine", "lab"])
    assert not list(tmp_path.iterdir())
