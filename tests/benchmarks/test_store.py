"""What is kept between runs: whole files, for one run at a time."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks.engine import store as module
from benchmarks.engine.plan import Session
from benchmarks.engine.store import InUseError, Store, locked, write_whole

SESSION = Session("storage", "image", "cpu")


@pytest.fixture
def store(tmp_path):
    found = Store(tmp_path / "store")
    with found.used():
        yield found


def test_a_file_that_a_full_disk_cuts_short_leaves_the_old_one_and_no_rest(tmp_path, monkeypatch):
    file = tmp_path / "kept.json"
    write_whole(file, "old")

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_whole(file, "new")
    assert file.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["kept.json"]


@pytest.mark.parametrize("text", ["", "{half", "[]", "{}", "\udcff"])
def test_a_damaged_session_file_is_measured_again(store, text):
    store.file(SESSION).write_text(text, errors="surrogateescape")
    assert store.missing([SESSION]) == [SESSION]


def test_a_failure_is_known_until_the_session_is_tried_again(store):
    store.fail(SESSION, "boom")
    assert store.reasons() == {"storage-image-cpu": "boom"}
    assert store.missing([SESSION]) == [SESSION]
    store.forget(SESSION)
    assert store.reasons() == {}


def test_a_second_run_is_told_who_measures_and_harms_nothing(store):
    write_whole(store.file(SESSION), json.dumps({"status": "done"}))
    told = f"process {os.getpid()} on .* wait for it, or stop it"
    with pytest.raises(InUseError, match=told), Store(store.folder).used():
        pytest.fail("two runs share a store")
    assert store.finished(SESSION)


def test_the_lock_of_a_killed_run_is_free_and_its_rests_are_cleared(tmp_path):
    store = Store(tmp_path / "store")
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom benchmarks.engine.store import Store\n"
        f"with Store(Path({str(store.folder)!r})).used():\n"
        f"    Path({str(store.folder)!r}, 'x.json.1.partial').touch()\n"
        "    print('held', flush=True)\n    time.sleep(600)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    with pytest.raises(InUseError, match=str(process.pid)), store.used():
        pass
    process.kill()
    process.wait()
    with store.used():
        assert list(store.folder.iterdir()) == []


def test_a_store_is_discarded_whole_and_what_a_kill_leaves_of_it_is_cleared(store, monkeypatch):
    write_whole(store.file(SESSION), json.dumps({"status": "done"}))
    with monkeypatch.context() as patch:
        patch.setattr(module.shutil, "rmtree", lambda folder: None)  # killed right here
        store.discard()
    assert store.missing([SESSION]) == [SESSION]
    rests = list(store.folder.parent.glob("*.gone-*"))
    assert len(rests) == 1


def test_who_waits_for_a_lock_gets_it_when_it_is_free(tmp_path):
    code = (
        "import sys\nfrom pathlib import Path\nfrom benchmarks.engine.store import locked\n"
        "with locked(Path(sys.argv[1]), wait=True): print('mine', flush=True)\n"
    )
    with locked(tmp_path / "lock", wait=True):
        command = [sys.executable, "-c", code, str(tmp_path / "lock")]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        time.sleep(0.2)
        assert process.poll() is None
    assert process.communicate(timeout=60)[0] == "mine\n"


def test_the_lock_lies_beside_the_store_not_in_it(store):
    assert not list(store.folder.iterdir())
    assert Path(f"{store.folder}.lock").exists()
