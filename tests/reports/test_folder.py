from __future__ import annotations

import json
from pathlib import Path

import pytest

from reports.folder import MARKER, FolderError, check, replaced


def publish(out: Path, **files: str) -> None:
    with replaced(out) as made:
        for name, content in files.items():
            (made / name).write_text(content)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_new_folder_an_empty_one_and_an_own_one_are_replaced(tmp_path: Path) -> None:
    out = tmp_path / "a" / "site"
    publish(out, first="1")
    publish(out, second="2")
    assert names(out) == ["second", MARKER]
    (tmp_path / "empty").mkdir()
    publish(tmp_path / "empty", first="1")
    assert names(tmp_path / "empty") == ["first", MARKER]
    assert names(tmp_path) == ["a", "empty"] and names(out.parent) == ["site"]


def test_a_file_of_somebody_else_is_kept_and_named(tmp_path: Path) -> None:
    out = tmp_path / "site"
    publish(out, page="1")
    (out / "deep").mkdir()
    (out / "deep" / "notes.txt").write_text("mine")
    with pytest.raises(FolderError, match=r"'deep/notes\.txt', which this command did not write"):
        publish(out, page="2")
    assert (out / "page").read_text() == "1" and names(tmp_path) == ["site"]


def test_a_link_to_a_folder_is_somebody_elses_too(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "link").symlink_to(tmp_path)
    with pytest.raises(FolderError, match="'link'"):
        check(tmp_path / "site")


@pytest.mark.parametrize("text", ["{", "[]", '{"made_by": "another", "files": ["page"]}', "null"])
def test_only_a_marker_of_this_command_opens_a_folder(tmp_path: Path, text: str) -> None:
    (tmp_path / MARKER).write_text(text)
    (tmp_path / "page").write_text("1")
    with pytest.raises(FolderError, match="'page' and 1 more"):
        check(tmp_path)


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FolderError, match="is a file; name a folder"):
        check(tmp_path / "file")


def test_an_interruption_leaves_the_old_site_and_nothing_else(tmp_path: Path) -> None:
    publish(tmp_path / "site", page="1")
    with pytest.raises(KeyboardInterrupt), replaced(tmp_path / "site") as made:
        (made / "page").write_text("2")
        raise KeyboardInterrupt
    assert (tmp_path / "site" / "page").read_text() == "1" and names(tmp_path) == ["site"]


def test_a_file_that_came_meanwhile_is_kept(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="late"), replaced(tmp_path / "site"):
        (tmp_path / "site").mkdir()
        (tmp_path / "site" / "late").write_text("mine")
    assert names(tmp_path / "site") == ["late"]


def test_a_swap_that_fails_brings_the_old_site_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(tmp_path / "site", page="1")
    rename = Path.rename

    def fail(self: Path, target: Path) -> Path:
        if self.name == "new":
            raise OSError(5, "Input/output error", str(self))
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fail)
    with pytest.raises(OSError, match="Input/output"):
        publish(tmp_path / "site", page="2")
    assert (tmp_path / "site" / "page").read_text() == "1"
    assert json.loads((tmp_path / "site" / MARKER).read_text())["files"] == ["page"]
