"""Sessions: kept when finished, tried again when not, and never a CPU number for a GPU."""

import json
import subprocess
from pathlib import Path

import pytest

from benchmarks.engine import launch
from benchmarks.engine.plan import Session

STEPS = Session("steps", "image", "cpu", "xla", 8)


class FakeWorker:
    """Stands in for `subprocess.run`: writes an outcome, or ends as it is told."""

    def __init__(self, outcome=None, status=0, stderr=""):
        self.outcome, self.status, self.stderr, self.started = outcome, status, stderr, 0

    def __call__(self, command, **_):
        self.started += 1
        if self.outcome:
            Path(command[-1]).write_text(json.dumps(self.outcome), encoding="utf-8")
        return subprocess.CompletedProcess(command, self.status, "", self.stderr)


def start(monkeypatch, worker, store):
    monkeypatch.setattr(launch.subprocess, "run", worker)
    return launch.run(STEPS, "quick", store)


def test_a_finished_session_is_not_measured_again(monkeypatch, tmp_path):
    worker = FakeWorker({"status": "done", "entries": [1]})
    first = start(monkeypatch, worker, tmp_path)
    second = start(monkeypatch, worker, tmp_path)
    assert first == second == {"status": "done", "entries": [1]}
    assert worker.started == 1


@pytest.mark.parametrize(
    ("worker", "reason"),
    [
        (FakeWorker(status=1, stderr="trace\nMemoryError: 3 GiB"), "MemoryError: 3 GiB"),
        (FakeWorker(status=-9), "ended with status -9"),
    ],
)
def test_a_failed_session_names_its_reason_and_is_tried_again(
    monkeypatch, tmp_path, worker, reason
):
    assert start(monkeypatch, worker, tmp_path)["reason"] == f"session {STEPS}: {reason}"
    assert start(monkeypatch, FakeWorker({"status": "done"}), tmp_path)["status"] == "done"


def test_a_session_that_hangs_is_stopped_and_named(monkeypatch, tmp_path):
    def hang(command, timeout, **_):
        raise subprocess.TimeoutExpired(command, timeout)

    assert "still running" in start(monkeypatch, hang, tmp_path)["reason"]


def test_a_device_that_turns_out_missing_is_unavailable_and_asked_again(monkeypatch, tmp_path):
    worker = FakeWorker({"status": "unavailable", "reason": "no CUDA build"})
    assert start(monkeypatch, worker, tmp_path)["status"] == "unavailable"
    assert start(monkeypatch, worker, tmp_path)["reason"] == "no CUDA build"
    assert worker.started == 2


def test_no_process_is_started_for_a_gpu_that_is_not_there(monkeypatch, tmp_path):
    monkeypatch.setattr(launch, "missing", lambda device: f"no {device}")
    worker = FakeWorker()
    monkeypatch.setattr(launch.subprocess, "run", worker)
    outcome = launch.run(Session("steps", "image", "gpu", "xla", 8), "quick", tmp_path)
    assert outcome == {"status": "unavailable", "reason": "no gpu"}
    assert worker.started == 0


def test_collect_reads_the_store_and_lists_failures(monkeypatch, tmp_path):
    monkeypatch.setenv(launch.STORE_VARIABLE, str(tmp_path))
    monkeypatch.setattr(launch, "missing", lambda device: "gone" if device == "gpu" else "")
    monkeypatch.setattr(launch.subprocess, "run", FakeWorker(status=1, stderr="boom"))
    failures = launch.collect("storage").failures
    assert [reason for _, reason in failures] == ["session storage-image-cpu: boom"]


def test_a_real_worker_measures_a_real_session(tmp_path, monkeypatch):
    from benchmarks.engine import plan

    assert set(plan.SETTINGS) == {"quick", "full"}
    outcome = launch.run(Session("fidelity", "image", "cpu"), "quick", tmp_path)
    assert outcome["status"] == "done", outcome
    lost = {
        entry["measured"]
        for entry in outcome["entries"]
        if entry["metric"] == "weights_lost" and entry["parameters"]["remedy"] == "control"
    }
    assert lost == {2}
    assert (tmp_path / "fidelity-image-cpu.json").exists()
