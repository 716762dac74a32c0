"""Which sessions a run has, and which shard each is of."""

import pytest

from benchmarks import settings
from benchmarks.measurement import Shard
from benchmarks.session import Session
from benchmarks.settings import SETTINGS


@pytest.fixture(autouse=True)
def cpu_only(monkeypatch):
    monkeypatch.setattr(settings, "devices", lambda: ("cpu",))


def every(setting):
    return [*SETTINGS[setting].sessions()]


@pytest.mark.parametrize("setting", SETTINGS)
def test_no_session_is_there_twice_and_each_step_is_identified_before_it_is_timed(setting):
    names = list(map(str, every(setting)))
    assert len(names) == len(set(names))
    for session in every(setting):
        if session.kind == "step_times":
            identified = Session("identity", session.workload, session.device, session.batch)
            assert str(identified) in names[: names.index(str(session))]


def test_a_smaller_setting_is_a_part_of_a_larger():
    smoke, default, full = (set(map(str, every(name))) for name in ("smoke", "default", "full"))
    assert smoke <= default <= full


def test_a_gpu_is_measured_where_there_is_one(monkeypatch):
    monkeypatch.setattr(settings, "devices", lambda: ("cpu", "gpu"))
    assert {session.device for session in every("smoke")} == {"cpu", "gpu"}


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_shards_part_the_sessions_and_keep_cells_together(count):
    sessions = every("full")
    parts = [[s for s in sessions if Shard(n, count).holds(s)] for n in range(1, count + 1)]
    assert sorted(str(session) for part in parts for session in part) == sorted(map(str, sessions))
    for part in parts:
        identified = [s.axes for s in part if s.kind == "identity"]
        assert all(s.axes in identified for s in part if s.kind == "step_times")
