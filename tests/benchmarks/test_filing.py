"""asv's results: moved in place whole, one run after the other."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.engine import filing
from benchmarks.engine.filing import Filing, file_away, filed, move, name_machine

OLD, NEW = '{"a": "old"}', '{"a": "new"}'


@pytest.fixture
def results(tmp_path):
    folder = tmp_path / "results"
    (folder / "vm").mkdir(parents=True)
    (folder / "vm" / "one.json").write_text(OLD)
    return folder


def test_what_changed_is_moved_in_place_and_the_rest_stays(results):
    before = (results / "vm" / "one.json").stat().st_ino
    with filed(results) as copy:
        (copy / "vm" / "two.json").write_text(NEW)
        assert not (results / "vm" / "two.json").exists()
    assert (results / "vm" / "two.json").read_text() == NEW
    assert (results / "vm" / "one.json").stat().st_ino == before
    assert [path.name for path in results.parent.iterdir()] == ["results"]


@pytest.mark.parametrize("end", [KeyboardInterrupt, OSError(28, "No space left on device")])
def test_what_is_interrupted_changes_nothing(results, end):
    with pytest.raises((KeyboardInterrupt, OSError)), filed(results) as copy:
        (copy / "vm" / "one.json").write_text("{ha")
        raise end
    assert (results / "vm" / "one.json").read_text() == OLD
    assert [path.name for path in results.parent.iterdir()] == ["results"]


def test_what_asv_wrote_by_half_is_named_and_nothing_is_moved(results):
    with pytest.raises(OSError, match=r"asv did not write one\.json to its end"):  # noqa: SIM117
        with filed(results) as copy:
            (copy / "benchmarks.json").write_text(NEW)
            (copy / "vm" / "one.json").write_text("{ha")
    assert (results / "vm" / "one.json").read_text() == OLD
    assert not (results / "benchmarks.json").exists()


def test_what_a_killed_run_left_is_cleared(results):
    code = (
        "import os, sys\nfrom pathlib import Path\nfrom benchmarks.engine.filing import filed\n"
        "with filed(Path(sys.argv[1])) as copy:\n"
        "    Path(copy, 'vm', 'one.json').write_text('{ha')\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(results)])
    assert done.returncode == -9
    assert (results / "vm" / "one.json").read_text() == OLD
    assert len(list(results.parent.iterdir())) == 2
    with filed(results):
        pass
    assert [path.name for path in results.parent.iterdir()] == ["results"]


def test_what_says_what_the_others_mean_comes_first(tmp_path, monkeypatch):
    moved = []
    monkeypatch.setattr(os, "fsync", lambda _: None)
    source, target = tmp_path / "from", tmp_path / "to"
    for name in ("a/x.json", "z/y.json", "benchmarks.json"):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(NEW)
    replace = filing.Path.replace
    monkeypatch.setattr(
        filing.Path, "replace", lambda file, to: (moved.append(file.name), replace(file, to))
    )
    move(source, target)
    assert moved[0] == "benchmarks.json" and sorted(moved[1:]) == ["x.json", "y.json"]


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path / ".asv-machine.json"


def test_a_machine_gets_the_name_that_it_is_given_and_keeps_the_first_as_its_own(home):
    name_machine("runner")
    name_machine()
    known = json.loads(home.read_text())
    assert known.keys() == {"runner", "version"}
    assert known["runner"]["machine"] == "runner" and known["runner"]["num_cpu"]


def test_a_host_that_is_one_of_several_machines_is_added_by_its_own_name(home, monkeypatch):
    monkeypatch.setattr(filing.platform, "node", lambda: "host")
    for name in ("one", "two", ""):
        name_machine(name)
    assert json.loads(home.read_text()).keys() == {"one", "two", "host", "version"}


def test_asv_is_told_what_was_measured_and_where(home, results, monkeypatch, tmp_path):
    told = {}

    def run(module, *words, log, known):
        config = next(word for word in words if word.endswith("asv.conf.json"))
        told.update(words=words, known=known, config=json.loads(Path(config).read_text()))
        return 2

    monkeypatch.setattr(filing, "run_on_leash", run)
    assert file_away(Filing("quick", "c" * 40, results, "runner"), tmp_path / "store") == 2
    assert {f"--set-commit-hash={'c' * 40}", "--machine=runner"} <= set(told["words"])
    assert told["known"]["REMEDIES_SESSIONS"] == str(tmp_path / "store")
    assert told["known"]["REMEDIES_SETTING"] == "quick"
    assert told["config"]["results_dir"] != str(results)
