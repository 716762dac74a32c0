"""How a run is split over runners."""

from dataclasses import replace

import pytest

from benchmarks.engine.plan import KINDS, SETTINGS, sessions
from benchmarks.engine.shards import Shard, shard


def planned(name):
    return [s for kind in KINDS for s in sessions(kind, SETTINGS[name])]


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("count", [1, 2, 3, 7, 1000])
def test_every_session_is_in_one_shard_and_all_launches_of_a_cell_in_the_same(name, count):
    whole = planned(name)
    parts = [Shard(number, count).of(whole) for number in range(1, count + 1)]
    assert sorted(map(str, whole)) == sorted(str(s) for part in parts for s in part)
    cells = [{replace(session, launch=0) for session in part} for part in parts]
    assert len(set().union(*cells)) == sum(map(len, cells)), "a cell is in two shards"


@pytest.mark.parametrize("name", SETTINGS)
def test_shards_are_about_equal_on_each_device(name):
    for device in ("cpu", "gpu"):
        parts = [Shard(number, 3).of(planned(name)) for number in (1, 2, 3)]
        cells = [{replace(s, launch=0) for s in part if s.device == device} for part in parts]
        assert max(map(len, cells)) - min(map(len, cells)) <= 1


def test_a_shard_keeps_the_order_in_which_launches_lie_apart():
    part = Shard(1, 2).of(planned("wide"))
    steps = [s for s in part if s.kind == "steps" and s.device == "cpu"]
    assert [s.launch for s in steps] == sorted(s.launch for s in steps)


def test_a_shard_is_written_as_one_of_n():
    assert shard("2/3") == Shard(2, 3)
    assert str(Shard(2, 3)) == "2-of-3"


@pytest.mark.parametrize("text", ["", "0/3", "4/3", "1/0", "a/b", "1", "-1/3", "1/3/5"])
def test_anything_else_is_refused_with_what_is_allowed(text):
    with pytest.raises(ValueError, match="write I/N with I from 1 to N"):
        shard(text)
