"""Devices: never a CPU number for a GPU, on machines that are made up."""

import os
import sys
from types import SimpleNamespace
from unittest.mock import Mock

import pytest

from remedies import devices


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """Return a function that gives this machine a device node and TensorFlow some GPUs."""
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    tensorflow = Mock()
    monkeypatch.setitem(sys.modules, "tensorflow", tensorflow)
    monkeypatch.setattr(devices, "_GPU_NODES", (str(tmp_path / "nvidia0"),))

    def make(*gpus):
        (tmp_path / "nvidia0").touch()
        tensorflow.config.list_physical_devices.return_value = [*gpus]
        return tensorflow

    return make


def test_a_machine_without_a_gpu_says_so_without_asking_tensorflow(machine, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    assert devices.missing("gpu") == devices.select("gpu") == "no NVIDIA GPU on this machine"
    assert devices.missing("cpu") == ""


def test_a_gpu_that_is_hidden_or_that_tensorflow_does_not_see_is_not_used(machine, monkeypatch):
    machine()
    assert devices.missing("gpu") == "" and "CUDA build" in devices.select("gpu")
    machine("gpu0")
    for hidden in ("", "-1"):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", hidden)
        assert "CUDA_VISIBLE_DEVICES" in devices.select("gpu")


def test_of_several_gpus_one_is_used_and_its_memory_grows(machine):
    config = machine("gpu0", "gpu1").config
    assert devices.select("gpu") == ""
    config.set_visible_devices.assert_called_once_with(["gpu0"], "GPU")
    config.experimental.set_memory_growth.assert_called_once_with("gpu0", True)


def test_a_session_of_another_device_hides_every_gpu(monkeypatch):
    for device in ("cpu", "h100"):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
        assert devices.select(device) == "" and os.environ["CUDA_VISIBLE_DEVICES"] == "-1"


def test_why_nothing_is_compiled_for_other_cards(monkeypatch):
    absent = Mock(side_effect=devices.metadata.PackageNotFoundError)
    for version, reason in (lambda name: "1", ""), (absent, "no jax-cuda13-pjrt: scripts/envi"):
        monkeypatch.setattr(sys, "version_info", (3, 12))
        monkeypatch.setattr(devices.metadata, "version", version)
        assert devices.missing("h100")[:32] == reason
        monkeypatch.setattr(sys, "version_info", (3, 10))
        assert devices.missing("h100") == "the extra `gpuless` has no wheels for Python 3.10"


@pytest.fixture
def driver(monkeypatch):
    fake = SimpleNamespace(
        NVML_CLOCK_SM=1,
        NVML_CLOCK_MEM=2,
        nvmlInit=lambda: None,
        nvmlDeviceGetHandleByIndex=lambda index: f"gpu{index}",
        nvmlDeviceGetCount=lambda: 2,
        nvmlDeviceGetName=lambda handle: "NVIDIA H100",
        nvmlSystemGetDriverVersion=lambda: "580.1",
        nvmlSystemGetCudaDriverVersion=lambda: 13010,
        nvmlDeviceGetMaxClockInfo=lambda handle, kind: {1: 1980, 2: 2619}[kind],
        nvmlDeviceGetEnforcedPowerLimit=lambda handle: 700_000,
        nvmlDeviceGetCurrentClocksThrottleReasons=lambda handle: 0x04 | 0x01,
    )
    monkeypatch.setitem(sys.modules, "pynvml", fake)
    return fake


def test_the_facts_name_the_gpu_and_what_it_may_do(driver, monkeypatch):
    monkeypatch.delenv("NVIDIA_TF32_OVERRIDE", raising=False)
    assert devices.gpu_facts() == {
        "gpu": "NVIDIA H100, the first of 2",
        "driver": "580.1",
        "cuda-driver": "13.1",
        "gpu-clocks": "sm 1980 MHz, memory 2619 MHz",
        "gpu-power-cap": "700 W",
        "tf32": "on",
    }
    monkeypatch.setenv("NVIDIA_TF32_OVERRIDE", "0")
    assert devices.gpu_facts()["tf32"] == "off"


def test_idleness_does_not_count_as_slowing_down(driver):
    assert devices.gpu_throttled()
    driver.nvmlDeviceGetCurrentClocksThrottleReasons = lambda handle: 0x01
    assert not devices.gpu_throttled()


def test_without_a_driver_or_its_package_there_are_no_facts(driver, monkeypatch):
    del driver.nvmlInit
    assert devices.gpu_facts() == {} and not devices.gpu_throttled()
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert devices.gpu_facts() == {} and not devices.gpu_throttled()
