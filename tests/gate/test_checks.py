"""What a check measures, in which order, and what it says of what cannot be measured."""

import random
import time
from dataclasses import replace
from itertools import product

import pytest

from benchmarks.session import Session
from reports.frame import read
from reports.gate.runs import compare_pairs
from reports.gate.verdict import Reason
from scripts.pull_request import checks as module
from tests.gate.sessions import concluded, entry, write

USUAL = {"slower": 1.0, "saves": 1.0, "program": "p", "python": "c", "calls": 100, "compares": 3,
         "lost": 0, "extra": 0.0, "noise": 0.004, "file_noise": 0.01, "moved": 1.0, "seconds": 0.0,
         "failing": "", "broken": {}, "mended": 0, "loads": 1.0}  # fmt: skip


class Workers:
    """Stands in for sessions: head's `tf_cast` is as it is told, all else is base's."""

    def __init__(self, **changes):
        self.about = USUAL | changes
        self.measured: list[Session] = []

    def run(self, sessions, folder, *rest, **more):
        if sessions and sessions[0].kind == "dry_run":
            why = self.about["broken"].get(folder.path.parent.name, "")
            return {each: why for each in sessions if why and each.sources[0][0] == "tf_cast"}
        for session in sessions:
            self.measured.append(session)
            time.sleep(self.about["seconds"])
            cell = {"kind": session.kind, "workload": session.workload, "launch": session.launch}
            cell |= {"batch": session.batch} if session.batch else {}
            entries = getattr(self, session.kind)(random.Random(str(session)))
            write(folder.path, cell, entries, fail=session.kind == self.about["failing"])
        return {}

    def identity(self, rng):
        made = []
        for source, remedy in product(("base", "head"), ("ops_where", "tf_cast")):
            own = self.about if (source, remedy) == ("head", "tf_cast") else USUAL
            program, python = own["program"], own["python"]
            axes = _axes(source, remedy)
            made += [
                entry("program_differs", program != "p", program, **axes),
                entry("python_calls_differ", python != "c", python, **axes),
                entry("python_calls", own["calls"], **axes),
                entry("compares", own["compares"], **axes),
                entry("step_group", (program, python) != ("p", "c"), **axes),
            ]
        return made

    def fidelity(self, rng):
        axes = {"jit": "xla", "remedy": "tf_cast", "mask_dtype": "bool"}
        lost = {"base": self.about["mended"], "head": self.about["lost"]}
        return [entry("weights_lost", lost[source], source=source, **axes) for source in lost]

    def step_times(self, rng):
        made, sides, axes = [], ("base", "head"), _axes("head", "tf_cast")
        if self.about["program"] != "p":
            ratio = self.about["slower"] * rng.gauss(1, self.about["noise"])
            moved = self.about["moved"] * rng.gauss(1, 0.003)
            made += [entry("step_ratio", ratio, **axes)]
            made += [entry("step_ratio", moved, **_axes("base", "placebo"))]
        elif self.about["python"] != "c":
            sides = ("base",)  # nothing but head's Python was timed
            extra = self.about["extra"] * rng.gauss(1, 0.05)
            made += [entry("python_extra_seconds", extra, **axes)]
        if made:
            made += [entry("step_seconds", 0.003, **_axes(s, "tf_cast")) for s in sides]
        return made

    def saving(self, rng):
        made = []
        for name, ratio in (("save", self.about["saves"]), ("load", self.about["loads"])):
            axes = {"remedy": "tf_cast", "size": 0}
            value = ratio * rng.gauss(1, self.about["file_noise"])
            made += [entry(f"{name}_ratio", value, source="head", **axes)]
            made += [entry(f"{name}_seconds", 1, source=s, **axes) for s in ("base", "head")]
        return made


def _axes(source, remedy):
    return {"source": source, "jit": "xla", "step": "train", "remedy": remedy, "mask_dtype": "bool"}


@pytest.fixture
def folders(tmp_path):
    made = {name: tmp_path / name for name in ("base", "head")}
    for name, folder in made.items():
        (folder / "image").mkdir(parents=True)
        (folder / "image" / "data.py").touch()
        for remedy in ("control", "ops_where", "tf_cast"):
            code = f"def make():\n    return {name == 'head' and remedy == 'tf_cast'}\n"
            (folder / "image" / f"{remedy}.py").write_text(code)
    return made


@pytest.fixture
def run(folders, tmp_path, monkeypatch):
    def check(workers, seconds=60):
        monkeypatch.setattr(module, "run", workers.run)
        monkeypatch.setattr(module, "targets", tuple)  # whether or not the extra is installed
        work = tmp_path / "work"
        return concluded(*module.SideBySide(folders, {}, "cpu", work, time.time() + seconds).run())

    return check


def words(verdict):
    return {row.metric: row.word for row in verdict.rows}


def test_the_same_step_is_never_timed_but_files_are(run, folders):
    verdict = run(Workers())
    assert verdict.status == 0
    assert verdict.compared["times"] == 2 and verdict.compared["steps"] == 1
    assert "step_ratio" not in words(verdict)
    left = {file.stem for file in (folders["head"] / "image").glob("*.py")}
    assert left == {"data", "tf_cast", "ops_where"}  # what changed, and the reference


@pytest.mark.parametrize(
    ("about", "metric", "word"),
    [
        ({"program": "q", "slower": 1.05}, "step_ratio", "slower"),
        ({"program": "q", "slower": 3.0}, "step_ratio", "slower"),
        ({"saves": 1.2}, "save_ratio", "slower"),
        ({"lost": 1}, "weights_lost", "more"),
        ({"program": "q", "compares": 4}, "compares", "more"),
        ({"python": "d", "calls": 101, "extra": 3e-7}, "python_calls", "more"),
        ({"python": "d", "extra": 1.5e-4}, "python_extra_seconds", "slower"),
        ({"program": "q"}, "", ""),
        ({"program": "q", "slower": 0.9}, "", ""),
        ({"program": "q", "compares": 2}, "", ""),
        ({"python": "d", "extra": 3e-7}, "", ""),
        ({"python": "d", "calls": 99, "extra": -3e-6}, "", ""),
    ],
)
def test_what_got_worse_is_named_and_nothing_else(run, about, metric, word):
    verdict = run(Workers(**about))
    assert verdict.status == bool(metric) and words(verdict).get(metric, "") == word
    regressed = {row.remedy for row in verdict.rows if row.regressed}
    assert regressed == ({"tf_cast"} if metric else set())


def test_only_what_is_undecided_is_launched_again(run):
    workers = Workers(program="q", slower=1.2, file_noise=0.03)
    verdict = run(workers)
    launches = [session.launch for session in workers.measured if session.kind == "step_times"]
    assert launches == [0, 1, 2, 3]
    most = {session.kind: session.launch for session in workers.measured}
    assert most["step_times"] == 3 < most["saving"]
    assert "undecided" not in words(verdict).values() and verdict.compared["times"] == 3


def test_nothing_is_timed_where_what_is_exact_got_worse(run):
    workers = Workers(program="q", compares=4)
    assert run(workers).status == 1
    assert {session.kind for session in workers.measured} == {"identity", "fidelity"}


@pytest.mark.parametrize(("program", "rows"), [("p", 2), ("q", 3)])
def test_what_the_time_did_not_reach_is_not_judged(run, program, rows):
    verdict = run(Workers(program=program, seconds=0.1), seconds=0.05)
    assert verdict.status == 2
    assert [row.word for row in verdict.rows if row.blocks] == ["undecided"] * rows


def test_a_load_of_more_than_base_loads_may_take_longer(run):
    verdict = run(Workers(mended=3, loads=2.0))
    assert verdict.status == 0
    assert verdict.lacking[f"times: {Reason.LOADS_LESS.value}"] == 1
    assert run(Workers(loads=2.0)).status == 1


def test_a_placebo_that_moved_ends_all_belief_in_times(run):
    verdict = run(Workers(program="q", slower=1.3, moved=1.1))
    assert verdict.status == 2
    assert words(verdict)["step_ratio"] == "unreliable"


@pytest.mark.parametrize(
    ("about", "reason"),
    [
        ({"failing": "fidelity"}, f"sessions: {Reason.BOTH_FAILED.value}"),
        ({"python": ""}, f"steps: {Reason.WITHHELD.value}"),
    ],
)
def test_what_is_not_known_is_not_the_same(run, about, reason):
    verdict = run(Workers(**about))
    assert (verdict.status, verdict.lacking[reason]) == (2, 1)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"source": "base"}, Reason.BASE_LACKS),
        ({"source": "head"}, Reason.HEAD_LACKS),
        ({"machine": "n"}, Reason.OTHER_PROCESSOR),
        ({"setting": "default"}, Reason.OTHER_SETTING),
    ],
)
def test_a_folder_that_does_not_hold_both_sides_alike_is_not_judged(run, tmp_path, change, reason):
    run(Workers(program="q", slower=3.0))
    whole = read(tmp_path / "work" / "both" / "sessions")
    frame = whole.frame
    if "source" in change:
        frame = frame[frame["source"] != change["source"]]
    else:
        frame = frame.assign(**change).where(frame["launch"] == 1, frame)
    verdict = concluded(*compare_pairs(replace(whole, frame=frame)))
    assert verdict.status == 2 and f"times: {reason.value}" in verdict.lacking


@pytest.mark.parametrize(
    ("broken", "status", "word"),
    [
        ({"head": "KeyError: 'x'"}, 1, "broken"),
        ({"base": "it"}, 0, "mended"),
        ({"base": "it", "head": "it"}, 2, "not compared"),
    ],
)
def test_a_recipe_that_does_not_run_is_named_and_not_measured(run, broken, status, word):
    workers = Workers(broken=broken)
    verdict = run(workers)
    assert (verdict.status, workers.measured) == (status, [])
    assert [row.word for row in verdict.rows if row.remedy == "tf_cast"] == [word]


def test_recipes_that_come_and_go_are_listed(run, folders):
    (folders["head"] / "image" / "tf_cast.py").rename(folders["head"] / "image" / "new.py")
    verdict = run(Workers())
    rows = {(row.remedy, row.word) for row in verdict.rows}
    assert rows == {("tf_cast", "disappeared"), ("new", "appeared")} and verdict.status == 0
