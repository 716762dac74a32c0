"""Launches through asv, with a stand-in for asv that writes what asv writes."""

import json
import time
from pathlib import Path

import pytest

from reports.gate.decision import SCREENING, judge
from reports.gate.floors import floors
from scripts.gate import in_turn as module
from scripts.gate.in_turn import AsvError, InTurn
from tests.gate.launches import BASE, HEAD, record
from tests.gate.test_asv_results import store

COMMITS = {"base": BASE, "head": HEAD}


class Asv:
    """Stands in for asv: head takes `slower` longer, and fails where it is `failing`."""

    def __init__(self, slower=0.0, failing=""):
        self.slower, self.failing, self.asked = slower, failing, []

    def __call__(self, module, *words, log, known):
        commit = words[-1].removesuffix("^!")
        config = json.loads(Path(words[2]).read_text())
        self.asked.append(("base" if commit == BASE else "head", config["matrix"]))
        if commit == self.failing:
            return 1
        seconds = (1 + self.slower) if commit == HEAD else 1.0
        store(Path(config["results_dir"]), commit, [seconds, seconds * 1.01])
        return 0


@pytest.fixture
def launches(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "name_machine", lambda: None)

    def run(asv, seconds=600.0):
        monkeypatch.setattr(module, "run_on_leash", asv)
        matrices = {name: {"req": {"keras": [name]}} for name in COMMITS}
        (tmp_path / "check").mkdir(exist_ok=True)
        made = InTurn(COMMITS, matrices, tmp_path / "check", time.time() + seconds)
        return made.run(record(), tmp_path / "results")

    return run


def test_launches_are_in_turn_each_with_its_own_pins(launches):
    asv = Asv()
    found = launches(asv)
    assert [name for name, _ in asv.asked[:4]] == ["base", "head", "head", "base"]
    assert all(matrix == {"req": {"keras": [name]}} for name, matrix in asv.asked)
    assert [one.word for one in judge(found, floors("none"))] == ["same"]
    assert len(found.rows[0].before) == SCREENING


def test_what_was_launched_is_not_launched_again(launches):
    launches(Asv())
    again = Asv()
    launches(again)
    assert again.asked == []


def test_a_difference_is_a_suspect_until_it_is_confirmed(launches):
    assert [one.word for one in judge(launches(Asv(0.3)), floors("none"))] == ["undecided"]


def test_no_time_is_no_row(launches):
    assert launches(Asv(), seconds=0).rows == ()


def test_a_commit_that_asv_cannot_build_is_named(launches):
    with pytest.raises(AsvError, match=r"could not build or measure the head commit; see .*\.log"):
        launches(Asv(failing=HEAD))
