"""Peak memory, as Linux and TensorFlow's allocator tell it."""

from types import SimpleNamespace

import pytest

from benchmarks.engine import memory
from benchmarks.engine.memory import Peak


@pytest.fixture
def proc(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "_STATUS", tmp_path / "status")
    monkeypatch.setattr(memory, "_FORGET", tmp_path / "clear_refs")
    return tmp_path


def holds(proc, rss, peak):
    text = f"Name:\tpython\nVmPeak:\t9 kB\nVmHWM:\t{peak} kB\nVmRSS:\t{rss} kB\n"
    (proc / "status").write_text(text)


def test_the_peak_is_counted_beyond_what_was_held_and_from_now_on(proc):
    holds(proc, rss=100, peak=500)
    found = Peak("cpu")
    assert (proc / "clear_refs").read_text() == "5", "the kernel is asked to begin anew"
    holds(proc, rss=120, peak=170)
    assert found.told() == {"peak_host_memory": 70 * 1024}


def test_nothing_is_told_where_the_system_does_not(proc):
    (proc / "clear_refs").mkdir()  # not to be written to
    holds(proc, rss=100, peak=500)
    assert Peak("cpu").told() == {}, "the peak of the imports is not the model's"


def test_a_gpu_is_asked_for_its_allocators_peak(proc, monkeypatch):
    asked = []
    fake = SimpleNamespace(
        reset_memory_stats=asked.append,
        get_memory_info=lambda device: {"current": 1, "peak": len(asked) * 7},
    )
    monkeypatch.setattr(memory, "_memory", lambda: fake)
    found = Peak("gpu")
    assert asked == ["GPU:0"]
    assert found.told() == {"peak_device_memory": 7}
