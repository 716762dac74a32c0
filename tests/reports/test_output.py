from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reports import output
from reports.output import MANIFEST, write


def test_writes_beside_what_is_there(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    write(out, {"report.md": "1", "figures/b.png": b"2"})
    (out / "mine.txt").write_text("keep me")
    write(out, {"report.md": "3", "figures/b.png": b"2"})
    assert (out / "report.md").read_text() == "3"
    assert (out / "mine.txt").read_text() == "keep me"
    assert (out / "figures" / "b.png").read_bytes() == b"2"
    assert [p.name for p in out.parent.iterdir()] == ["out"]


def test_what_an_earlier_report_wrote_is_removed_and_nothing_else(tmp_path: Path) -> None:
    out = tmp_path / "out"
    write(out, {"index.html": "1", "figures/old-1.svg": "1", "figures/kept.svg": "1"})
    (out / "figures" / "mine.svg").write_text("mine")
    write(out, {"index.html": "2", "figures/kept.svg": "2"})
    left = {p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file()}
    assert left == {"index.html", "figures/kept.svg", "figures/mine.svg", MANIFEST}


@pytest.mark.parametrize(
    "manifest", ['["../mine.txt", "/etc/x", "mine.txt", 3]', "{}", "not json", "[[]]"]
)
def test_a_forged_manifest_removes_nothing(tmp_path: Path, manifest: str) -> None:
    out = tmp_path / "out"
    out.mkdir()
    mine = [tmp_path / "mine.txt", out / "mine.txt"]
    for path in mine:
        path.write_text("mine")
    (out / MANIFEST).write_text(manifest)
    write(out, {"index.html": "1"})
    assert [path.read_text() for path in mine] == ["mine", "mine"]


def test_a_file_is_copied_and_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    (tmp_path / "result.json").write_text("{}")
    write(out, {"samples/run-1-1.json": tmp_path / "result.json"})
    assert (out / "samples" / "run-1-1.json").read_text() == "{}"
    elsewhere.mkdir()
    (out / "figures").symlink_to(elsewhere)
    with pytest.raises(OSError, match="leads elsewhere"):
        write(out, {"figures/a.svg": "1"})
    assert not list(elsewhere.iterdir())


@pytest.mark.parametrize("mine", ["index.html", "figures/fidelity.svg"])
def test_a_file_that_no_report_wrote_is_not_overwritten(tmp_path: Path, mine: str) -> None:
    (tmp_path / mine).parent.mkdir(exist_ok=True)
    (tmp_path / mine).write_text("mine")
    with pytest.raises(FileExistsError, match="no report wrote it"):
        write(tmp_path, {"results.csv": "1", mine: "2"})
    assert (tmp_path / mine).read_text() == "mine" and not (tmp_path / "results.csv").exists()


def test_an_interrupted_report_is_known_as_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {"index.html": "1", "figures/old.svg": "1"})
    with monkeypatch.context() as broken, pytest.raises(KeyboardInterrupt):
        broken.setattr(output, "_move", moves_before_an_interrupt(2))
        write(tmp_path, {"index.html": "2", "report.md": "2"})
    write(tmp_path, {"index.html": "3"})
    left = {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()}
    assert left == {"index.html", MANIFEST} and (tmp_path / "index.html").read_text() == "3"


def moves_before_an_interrupt(count: int) -> Callable[..., None]:
    move, left = output._move, iter(range(count))

    def moving(*arguments: Any) -> None:
        if next(left, None) is None:
            raise KeyboardInterrupt
        move(*arguments)

    return moving


def test_a_failure_leaves_nothing_half_written(tmp_path: Path) -> None:
    out = tmp_path / "out"
    write(out, {"report.md": "old"})
    with pytest.raises(UnicodeEncodeError):
        write(out, {"report.md": "new", "results.csv": "\ud800"})
    assert (out / "report.md").read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["out"]
