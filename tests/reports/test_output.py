from __future__ import annotations

from pathlib import Path

import pytest

from reports.output import write


def test_writes_beside_what_is_there(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    write(out, {"a.txt": "1", "figures/b.png": b"2"})
    (out / "mine.txt").write_text("keep me")
    write(out, {"a.txt": "3"})
    assert (out / "a.txt").read_text() == "3"
    assert (out / "mine.txt").read_text() == "keep me"
    assert (out / "figures" / "b.png").read_bytes() == b"2"
    assert [p.name for p in out.parent.iterdir()] == ["out"]


def test_a_failure_leaves_nothing_half_written(tmp_path: Path) -> None:
    out = tmp_path / "out"
    write(out, {"a.txt": "old"})
    with pytest.raises(UnicodeEncodeError):
        write(out, {"a.txt": "new", "b.txt": "\ud800"})
    assert (out / "a.txt").read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["out"]
