"""What stands beside every result."""

import pytest

from benchmarks import environment
from benchmarks.engine.launch import STORE_VARIABLE
from benchmarks.engine.plan import Session
from benchmarks.engine.store import Store


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setenv(STORE_VARIABLE, str(tmp_path))
    return Store(tmp_path)


def test_each_failure_is_a_parameter_with_its_reason(store):
    store.fail(Session("steps", "image", "cpu"), "KeyError: 'gpu'")
    assert environment.failures() == ["steps-image-cpu KeyError: `gpu`"]
    assert environment.Failures().track_recorded(*environment.failures()) == 1


def test_no_failure_is_recorded_as_such(store):
    assert environment.failures() == ["none"]
    assert environment.Failures().track_recorded("none") == 0


def test_a_plain_asv_run_has_no_store_to_ask(monkeypatch):
    monkeypatch.delenv(STORE_VARIABLE, raising=False)
    assert environment.failures() == ["none"]
