"""Session files: written whole or not at all, and read only where they fit."""

from pathlib import Path

import pytest

from benchmarks.session import DONE, FAILED, Entry, Folder, Session, identity

SESSION = Session("step_times", "image", "cpu", 32, launch=1)


def test_a_session_is_named_by_what_it_measures():
    assert str(SESSION) == "step_times-image-cpu-batch32-launch1"
    gate = Session("saving", "image", sources=(("base", "/a/b"), ("head", "/c")))
    assert str(gate) == "saving-image-cpu-base-head"


def test_a_file_gives_back_what_was_measured(tmp_path):
    folder = Folder(tmp_path, "mark")
    entry = Entry("step_seconds", 0.5, {"step": "train", "remedy": "tf_cast"})
    folder.write(SESSION, {"status": DONE}, [entry])
    assert folder.entries(SESSION) == [entry]
    assert folder.done(SESSION)
    assert [file.name for file in tmp_path.iterdir()] == [f"{SESSION}.json"]
    sourced = Session("identity", "image", sources=(("base", "/secret/place"),))
    folder.write(sourced, {"status": DONE}, ())
    assert "secret" not in folder.file(sourced).read_text()


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "[" * 100_000, '{"identity": "other", "status": "done"}', '"x"']
)
def test_a_file_that_does_not_fit_is_as_if_it_were_not_there(tmp_path, text):
    folder = Folder(tmp_path, "mark")
    folder.file(SESSION).write_text(text)
    assert folder.read(SESSION) == {}
    assert not folder.done(SESSION)
    assert folder.entries(SESSION) == []


def test_a_write_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    folder = Folder(tmp_path, "mark")
    folder.write(SESSION, {"status": DONE}, ())

    def full(path, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space"):
        folder.write(SESSION, {"status": FAILED}, ())
    assert folder.done(SESSION)
    assert list(tmp_path.iterdir()) == [folder.file(SESSION)]


def test_no_file_holds_what_is_no_number(tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        Folder(tmp_path, "mark").write(SESSION, {}, [Entry("step_seconds", float("inf"))])


def test_identity_is_of_code_and_packages():
    assert identity("full", "keras 3.15.1") == identity("full", "keras 3.15.1")
    assert identity("full", "keras 3.15.1") != identity("full", "keras 3.14.1")
