"""Two environments: each side's sessions in its own, in turn."""

import shutil
import time
from pathlib import Path

import asv.environment
import pytest

from remedies import WORKLOADS
from scripts.pull_request import checks
from tests.gate.sessions import BASE, FACTS, HEAD, concluded, night

PINS = {"base": "keras==3.14.1", "head": "keras==3.15.1"}
OLDER = FACTS | {"keras": "3.14.1"}
SIDES = {"base": (BASE, OLDER), "head": (HEAD, FACTS)}


class Nights:
    """Stands in for sessions: each side's come from a night that was made up before."""

    def __init__(self, folder, **head):
        self.folder = folder
        self.launches: list[tuple[str, str, int]] = []
        for side, (commit, facts) in SIDES.items():
            own = head if side == "head" else {}
            night(folder / side, commit, launches=8, facts=facts, **own)

    def run(self, sessions, folder, *rest, command):
        side = folder.path.parent.name
        assert f"python of {side}" in command
        code = Path(command[1].removeprefix("PYTHONPATH="))
        assert (code / "benchmarks" / "worker.py").samefile(command[3])
        assert (code / "remedies" / "image" / "data.py").read_text() == f"# of {side}\n"
        for each in sessions:
            if each.kind in checks.TIMED:
                self.launches.append((side, each.kind, each.launch))
            launch = f"-{each.launch}" if each.kind in checks.TIMED else ""
            for file in (self.folder / side).glob(f"*-{each.kind}-*{launch}.json"):
                shutil.copy(file, folder.path)
        return {}


@pytest.fixture
def check(tmp_path, monkeypatch):
    monkeypatch.setattr(checks, "WORKLOADS", {"image": WORKLOADS["image"]})
    folders = {side: tmp_path / "commits" / side for side in SIDES}
    for side, folder in folders.items():
        (folder / "image").mkdir(parents=True)
        (folder / "image" / "data.py").write_text(f"# of {side}\n")
    later = time.time() + 60
    return checks.InTurn(folders, PINS, "cpu", tmp_path / "work", later)


@pytest.fixture
def judged(check, tmp_path, monkeypatch):
    def judge(**head):
        nights = Nights(tmp_path / "nights", **head)
        monkeypatch.setattr(checks, "run", nights.run)
        monkeypatch.setattr(check, "_environment", lambda side: Path(f"python of {side}"))
        rows = check.run()
        return nights, concluded(*rows, differs=check.differs)

    return judge


def test_launches_of_two_environments_are_in_turn_and_judged_together(judged):
    nights, verdict = judged()
    sides = [side for side, kind, _ in nights.launches if kind == "step_times"]
    assert sides == ["base", "head", "head", "base"] * 4
    assert [launch for *_, launch in nights.launches[::4]] == [*range(8)]
    assert (verdict.status, verdict.differs) == (0, ["keras"])
    assert verdict.compared == {"counts": 90, "defects": 60, "steps": 12, "times": 18}


def test_after_the_budget_no_launch_starts_but_the_fewest_for_an_interval(judged, check):
    check.deadline = 0.0
    nights, _ = judged()
    assert {launch for *_, launch in nights.launches} == {0, 1}


@pytest.mark.parametrize(
    ("head", "named"),
    [
        ({"slower": {("tf_cast", "train"): 1.08}}, set()),
        ({"slower": {("tf_cast", "train"): 1.3}}, {("step_seconds", "tf_cast")}),
        ({"cast": {"python_calls": 594}}, {("python_calls", "tf_cast")}),
    ],
)
def test_what_is_exact_fails_and_times_only_beyond_ten_percent(judged, head, named):
    _, verdict = judged(**head)
    assert {(row.metric, row.remedy) for row in verdict.rows if row.regressed} == named
    assert verdict.status == int(bool(named))


class Environment:
    """Stands in for one of asv's, which downloads what it installs."""

    def __init__(self, folder):
        self._path = folder
        self.ran: list[list[str]] = []

    def create(self):
        Path(self._path).mkdir(parents=True, exist_ok=True)

    def run(self, words, **more):
        self.ran.append([*words[:-1], Path(words[-1]).read_text()])


def test_asv_makes_each_environment_and_its_lock_is_installed(check, monkeypatch):
    made: dict[str, Environment] = {}

    def environments(config, *rest, **more):
        return [made.setdefault(config.env_dir, Environment(config.env_dir))]

    monkeypatch.setattr(asv.environment, "get_environments", environments)
    pythons = [check._environment(side) for side in SIDES]
    assert len({*pythons}) == 2 and all(python.name == "python" for python in pythons)
    installed = [words for each in made.values() for words in each.ran]
    assert [words[-1] for words in installed] == ["keras==3.14.1", "keras==3.15.1"]
    assert all("--require-hashes" in words for words in installed)
