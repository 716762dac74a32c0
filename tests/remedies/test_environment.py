"""Facts about a GPU, from a driver that is made up."""

import sys
from types import SimpleNamespace

import pytest

from remedies.environment import gpu_facts, gpu_throttled


@pytest.fixture
def driver(monkeypatch):
    fake = SimpleNamespace(
        NVML_CLOCK_SM=1,
        NVML_CLOCK_MEM=2,
        nvmlInit=lambda: None,
        nvmlDeviceGetHandleByIndex=lambda index: f"gpu{index}",
        nvmlDeviceGetCount=lambda: 2,
        nvmlDeviceGetName=lambda handle: b"NVIDIA H100",
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
    assert gpu_facts() == {
        "gpu": "NVIDIA H100, the first of 2",
        "driver": "580.1",
        "cuda-driver": "13.1",
        "gpu-clocks": "sm 1980 MHz, memory 2619 MHz",
        "gpu-power-cap": "700 W",
        "tf32": "on",
    }
    monkeypatch.setenv("NVIDIA_TF32_OVERRIDE", "0")
    assert gpu_facts()["tf32"] == "off"


def test_idleness_does_not_count_as_slowing_down(driver):
    assert gpu_throttled()
    driver.nvmlDeviceGetCurrentClocksThrottleReasons = lambda handle: 0x01
    assert not gpu_throttled()


def test_without_a_driver_there_are_no_facts(driver, monkeypatch):
    def broken():
        raise RuntimeError("Driver Not Loaded")

    monkeypatch.setattr(driver, "nvmlInit", broken)
    assert gpu_facts() == {} and not gpu_throttled()


def test_without_the_package_there_are_no_facts(monkeypatch):
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert gpu_facts() == {} and not gpu_throttled()
