"""What a check measures, in which order, and what it says of what cannot be measured."""

import time
from dataclasses import replace

import pytest

from benchmarks.axes import STEP
from benchmarks.engine.results import entry
from reports.gate.floors import floors
from scripts.gate import check as module
from scripts.gate.check import Check
from scripts.gate.recipes import About, Recipe
from tests.gate.launches import record

CAST, OPS = Recipe("image", "tf_cast"), Recipe("image", "ops_where")
ABOUT = About(("bool",), 32, "old code")
BASE = {CAST: ABOUT, OPS: ABOUT}
HEAD = {CAST: replace(ABOUT, code="new code"), OPS: ABOUT}


class Workers:
    """Stands in for the pool: every launch finds `tf_cast` slower by `slower`."""

    def __init__(self, slower=0.0, programs="same", lost=0, failing="", seconds=0.0):
        self.slower, self.programs, self.lost = slower, programs, lost
        self.failing, self.seconds, self.measured = failing, seconds, []

    def measure(self, asked, planned, store):
        for session in planned:
            self.measured.append((session, asked))
            time.sleep(self.seconds)
            yield session, self.outcome(session, asked)

    def outcome(self, session, asked):
        if self.failing and session.side == self.failing:
            return {"status": "failed", "reason": "was killed"}
        entries = self.alone(session) if session.kind == "side" else self.pairs(session, asked)
        return {"status": "done", "entries": list(entries)}

    def alone(self, session):
        lost = self.lost if session.side == "head" else 0
        yield entry("weights_lost", lost, mask_dtype="bool")
        yield entry("weights_saved", 2, mask_dtype="bool")
        for jit in ("graph", "xla"):
            for step in STEP:
                name = "p" if self.programs == "same" else f"p of {session.side}"
                yield entry("program", name, mask_dtype="bool", jit=jit, step=step)

    def pairs(self, session, asked):
        steps = session.kind == "pairs"
        for metric, remedy, mask_dtype in asked.lines:
            if (metric in ("save", "load")) != steps:
                ratio = 1 + self.slower * (remedy == "tf_cast")
                about = {"remedy": remedy, "mask_dtype": mask_dtype, "slowed": 0.0}
                measured = {"samples": [0.01, 0.01 * ratio], "number": 1}
                yield entry(metric, measured, **about)


@pytest.fixture
def run(monkeypatch, tmp_path):
    def check(workers, base=BASE, head=HEAD, seconds=600.0):
        monkeypatch.setattr(module, "measure", workers.measure)
        sides = {"base": base, "head": head}
        made = Check(sides, {"base": "b", "head": "h"}, "cpu", tmp_path, time.time() + seconds)
        _, judged = made.run(record(), floors("none"))
        return {(one.row.metric, one.row.remedy, one.row.jit): one.word for one in judged}

    return check


def test_where_no_recipe_changed_nothing_is_run(run):
    workers = Workers()
    assert set(run(workers, head=BASE).values()) == {"same program"}
    assert workers.measured == []


def test_the_same_program_is_not_timed_but_files_are(run):
    workers = Workers(slower=0.5)
    words = run(workers)
    assert words["train_step", "tf_cast", "graph"] == "same program"
    assert words["save", "tf_cast", ""] == words["load", "tf_cast", ""] == "slower"
    assert {session.kind for session, _ in workers.measured} == {"side", "file_pairs"}


def test_only_the_changed_recipe_and_the_control_are_timed(run):
    workers = Workers(slower=0.05, programs="other")
    words = run(workers)
    assert words["train_step", "tf_cast", "xla"] == "slower"
    assert words["train_step", "placebo", "xla"] == "same"
    asked = {
        line for session, each in workers.measured if session.kind == "pairs" for line in each.lines
    }
    assert {remedy for _, remedy, _ in asked} == {"tf_cast", "placebo"}
    numbers = [session.launch for session, _ in workers.measured if session.jit == "xla"]
    assert len(numbers) == len(set(numbers)), "what is confirmed is confirmed by new launches"


def test_a_recipe_that_loses_state_is_not_timed(run):
    workers = Workers(slower=-0.5, programs="other", lost=2)
    words = run(workers)
    assert words["weights_lost", "tf_cast", ""] == "broken"
    assert words["train_step", "tf_cast", "xla"] == "not comparable"
    assert {session.kind for session, _ in workers.measured} == {"side"}


@pytest.mark.parametrize("side", ["base", "head"])
def test_a_side_that_cannot_be_run_is_broken_and_never_the_same(run, side):
    words = run(Workers(failing=side))
    assert {word for (_, remedy, _), word in words.items() if remedy == "tf_cast"} == {"broken"}
    assert words["train_step", "ops_where", "graph"] == "same program"


def test_what_the_time_did_not_reach_is_undecided(run):
    words = run(Workers(slower=0.5, programs="other", seconds=0.05), seconds=0.5)
    assert words["train_step", "tf_cast", "graph"] == "undecided"


def test_recipes_that_come_and_go_are_listed(run):
    words = run(Workers(), base={OPS: ABOUT}, head={CAST: ABOUT})
    assert set(words.values()) == {"appeared", "disappeared"}
