"""Devices: never a CPU number for a GPU, on machines that are made up."""

import os
import sys
from types import SimpleNamespace

import pytest

from remedies import devices


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """Return a function that gives this machine a device node and TensorFlow some GPUs."""
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    calls = SimpleNamespace(visible=None, growth=[], synchronised=0)

    def make(node: bool, gpus: int):
        if node:
            (tmp_path / "nvidia0").touch()
        monkeypatch.setattr(devices, "_GPU_NODES", (str(tmp_path / "nvidia0"),))
        experimental = SimpleNamespace(
            set_memory_growth=lambda gpu, on: calls.growth.append((gpu, on))
        )
        config = SimpleNamespace(
            list_physical_devices=lambda kind: [f"gpu{i}" for i in range(gpus)],
            list_logical_devices=lambda kind: ["gpu0"][:gpus],
            set_visible_devices=lambda which, kind: setattr(calls, "visible", which),
            experimental=experimental,
        )

        def sync():
            calls.synchronised += 1

        test = SimpleNamespace(experimental=SimpleNamespace(sync_devices=sync))
        monkeypatch.setitem(sys.modules, "tensorflow", SimpleNamespace(config=config, test=test))
        return calls

    return make


def test_a_machine_without_a_gpu_says_so_without_asking_tensorflow(machine, monkeypatch):
    machine(node=False, gpus=0)
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    assert devices.missing("gpu") == "no NVIDIA GPU on this machine"
    assert devices.select("gpu") == "no NVIDIA GPU on this machine"
    assert devices.missing("cpu") == ""


@pytest.mark.parametrize("hidden", ["", "-1"])
def test_a_gpu_that_the_user_hides_is_not_used(machine, monkeypatch, hidden):
    machine(node=True, gpus=1)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", hidden)
    assert "CUDA_VISIBLE_DEVICES" in devices.select("gpu")


def test_a_gpu_that_tensorflow_does_not_see_is_no_gpu(machine):
    machine(node=True, gpus=0)
    assert devices.missing("gpu") == ""
    assert "CUDA build" in devices.select("gpu")


def test_of_several_gpus_one_is_used_and_its_memory_grows(machine):
    calls = machine(node=True, gpus=2)
    assert devices.select("gpu") == ""
    assert calls.visible == ["gpu0"]
    assert calls.growth == [("gpu0", True)]


def test_a_cpu_session_hides_every_gpu(machine, monkeypatch):
    machine(node=True, gpus=1)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    assert devices.select("cpu") == ""
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "-1"


def test_synchronising_waits_for_a_gpu_and_costs_a_cpu_nothing(machine):
    calls = machine(node=True, gpus=1)
    devices.synchronise()
    assert calls.synchronised == 1
    calls = machine(node=False, gpus=0)
    devices.synchronise()
    assert calls.synchronised == 1, "nothing to wait for"


@pytest.mark.parametrize(
    ("installed", "reason"),
    [
        ({}, "no jax: scripts/environment --gpuless, or the extra `gpuless`, installs it"),
        (dict.fromkeys(devices._COMPILER, "1") | {"jaxlib": "2"}, "must be of one version: jax 1"),
        (dict.fromkeys(devices._COMPILER, "1"), ""),
    ],
)
def test_why_nothing_is_compiled_for_other_cards(monkeypatch, installed, reason):
    def version(name):
        if name not in installed:
            raise devices.metadata.PackageNotFoundError(name)
        return installed[name]

    monkeypatch.setattr(devices.metadata, "version", version)
    monkeypatch.setattr(sys, "version_info", (3, 12))
    assert reason in devices.missing("h100") and bool(reason) == bool(devices.missing("h100"))
    monkeypatch.setattr(sys, "version_info", (3, 10))
    assert devices.missing("h100") == "the extra `gpuless` has no wheels for Python 3.10"


def test_a_card_that_is_compiled_for_is_never_run_on(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    assert devices.select("h100") == "" and os.environ["CUDA_VISIBLE_DEVICES"] == "-1"
