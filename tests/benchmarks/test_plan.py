"""Which sessions a run has, and which shard each is of."""

import pytest

from benchmarks import plan
from benchmarks.plan import Shard
from benchmarks.settings import SETTINGS


@pytest.fixture(autouse=True)
def cpu_only(monkeypatch):
    monkeypatch.setattr(plan, "devices", lambda: ("cpu",))


def every(setting):
    launches = plan.launches(SETTINGS[setting])
    return [*plan.exact(SETTINGS[setting]), *(s for launch in launches for s in launch)]


@pytest.mark.parametrize("setting", SETTINGS)
def test_no_session_is_there_twice(setting):
    names = list(map(str, every(setting)))
    assert len(names) == len(set(names))


@pytest.mark.parametrize("setting", SETTINGS)
def test_a_step_is_timed_only_after_it_was_identified(setting):
    sessions = every(setting)
    for session in sessions:
        if session.kind == "step_times":
            before = sessions[: sessions.index(session)]
            assert session.sibling("identity") in before


def test_a_smaller_setting_is_a_part_of_a_larger():
    smoke, default, full = ({str(s) for s in every(name)} for name in ("smoke", "default", "full"))
    assert smoke <= default <= full


def test_a_gpu_is_measured_where_there_is_one(monkeypatch):
    monkeypatch.setattr(plan, "devices", lambda: ("cpu", "gpu"))
    assert {s.device for s in plan.exact(SETTINGS["smoke"])} == {"cpu", "gpu"}


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_shards_part_the_sessions_and_keep_cells_together(count):
    sessions = every("full")
    parts = [[s for s in sessions if Shard(n, count).holds(s)] for n in range(1, count + 1)]
    assert sorted(str(session) for part in parts for session in part) == sorted(map(str, sessions))
    for part in parts:
        assert all(s.sibling("identity") in part for s in part if s.kind == "step_times")


@pytest.mark.parametrize("text", ["", "3", "0/3", "4/3", "1/0", "a/b", "1/2/3", "-1/2"])
def test_a_shard_that_is_none_is_refused_in_a_line(text):
    with pytest.raises(ValueError, match="is not I/N"):
        Shard.parse(text)
