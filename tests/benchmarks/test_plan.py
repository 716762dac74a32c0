"""What a setting measures."""

import pytest

from benchmarks.engine import plan
from benchmarks.engine.plan import Session, sessions
from benchmarks.engine.settings import KINDS, SETTINGS, current_setting
from remedies import WORKLOADS, UnknownNameError


@pytest.mark.parametrize("name", SETTINGS)
def test_every_session_has_a_name_of_its_own(name):
    planned = [s for kind in KINDS for s in sessions(kind, SETTINGS[name])]
    assert len({str(session) for session in planned}) == len(planned)


@pytest.mark.parametrize("name", sorted(SETTINGS.keys() - {"launch"}))
def test_steps_have_two_launches_or_more_and_they_lie_apart(name):
    steps = [s for s in sessions("steps", SETTINGS[name]) if s.device == "cpu"]
    cells = {(s.workload, s.jit, s.batch, s.backend) for s in steps}
    assert len(steps) == len(cells) * SETTINGS[name].launches >= 2 * len(cells)
    assert len({(s.workload, s.jit, s.batch, s.backend) for s in steps[: len(cells)]}) == len(cells)


def test_under_jax_there_is_no_graph_and_nothing_where_jax_is_not(monkeypatch):
    on_jax = [s for s in sessions("steps", SETTINGS["full"]) if s.backend]
    assert {s.jit for s in on_jax} == {"xla"} and {s.workload for s in on_jax} == set(WORKLOADS)
    assert all(s.parameters()["backend"] == "jax" for s in on_jax)
    monkeypatch.setattr(plan, "find_spec", lambda name: None)
    assert all("JAX is not installed" in s.missing() for s in on_jax)
    assert not Session("steps", "image", "cpu").missing()


def test_the_wide_setting_covers_all_workloads_both_jits_and_two_batch_sizes():
    steps = list(sessions("steps", SETTINGS["wide"]))
    assert {s.workload for s in steps} == {"image", "attention", "inpaint"}
    assert {s.jit for s in steps} == {"graph", "xla"}
    assert all(len({s.batch for s in steps if s.workload == w}) == 2 for w in ("image", "inpaint"))


def test_the_setting_comes_from_the_environment(monkeypatch):
    monkeypatch.setenv("REMEDIES_SETTING", "full")
    assert current_setting() == "full"
    monkeypatch.setenv("REMEDIES_SETTING", "huge")
    with pytest.raises(UnknownNameError, match="quick"):
        current_setting()
