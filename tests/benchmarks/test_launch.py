"""What a `setup_cache` hands to asv: all launches of a session together, and what failed."""

import json
import math
from pathlib import Path

import pytest

from benchmarks.engine import launch
from benchmarks.engine.plan import Session
from benchmarks.engine.store import Store

FIRST = Session("storage", "image", "cpu")
SECOND = Session("storage", "image", "cpu", launch=1)
BROKEN = Session("storage", "attention", "cpu")
NAMES = ("workload", "remedy", "device")


def measured(*samples):
    found = {"samples": list(samples), "number": 1}
    entries = [{"metric": "save", "parameters": {"remedy": "tf_cast"}, "measured": found}]
    return {"status": "done", "entries": entries}


@pytest.fixture(autouse=True)
def planned(monkeypatch):
    monkeypatch.setenv("REMEDIES_SETTING", "quick")
    monkeypatch.setattr(launch, "sessions", lambda kind, setting: [FIRST, SECOND, BROKEN])


def check(results):
    found = results.get("save", NAMES, ("image", "tf_cast", "cpu"))
    assert found["samples"] == [1.0, 2.0, 3.0]
    reason = "storage-attention-cpu: boom"
    assert results.failures == [({"workload": "attention", "device": "cpu"}, reason)]


def test_collect_joins_the_launches_and_lists_failures(monkeypatch):
    def run(planned, setting, store):
        assert (setting, store) == ("quick", Path())
        yield SECOND, measured(3.0)  # sessions end in any order
        yield BROKEN, {"status": "failed", "reason": "boom"}
        yield FIRST, measured(1.0, 2.0)

    monkeypatch.delenv(launch.STORE_VARIABLE, raising=False)
    monkeypatch.setattr(launch, "run", run)
    check(launch.collect("storage"))


def test_after_a_run_collect_reads_what_there_is_and_starts_nothing(monkeypatch, tmp_path):
    def run(*_):
        pytest.fail("a failed session was started again")

    store = Store(tmp_path)
    store.file(SECOND).write_text(json.dumps(measured(3.0)))
    store.file(FIRST).write_text(json.dumps(measured(1.0, 2.0)))
    store.fail(BROKEN, "boom")
    monkeypatch.setenv(launch.STORE_VARIABLE, str(tmp_path))
    monkeypatch.setattr(launch, "run", run)
    check(launch.collect("storage"))


def test_what_has_no_value_beside_a_good_launch_is_not_applicable(monkeypatch, tmp_path):
    store = Store(tmp_path)
    store.file(FIRST).write_text(json.dumps(measured(1.0)))
    store.fail(SECOND, "boom")
    monkeypatch.setenv(launch.STORE_VARIABLE, str(tmp_path))
    results = launch.collect("storage")
    assert results.get("save", NAMES, ("image", "tf_cast", "cpu"))["samples"] == [1.0]
    assert math.isnan(results.get("load", NAMES, ("image", "tf_cast", "cpu")))
