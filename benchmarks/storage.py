"""What it costs to save and load each remedy's model, how large its file is, and its memory."""

from __future__ import annotations

from benchmarks.axes import DEVICE, LARGE, SERIES, WORKLOAD
from benchmarks.engine.launch import TIMEOUT, collect
from benchmarks.engine.results import Results
from benchmarks.tracked import tracked


class _Storage:
    version = "1"
    track_save = tracked("save", "seconds")
    track_save_ratio = tracked("save_ratio", "ratio")
    track_load = tracked("load", "seconds")
    track_load_ratio = tracked("load_ratio", "ratio")
    track_load_first_step = tracked("load_first_step", "seconds")
    track_load_first_step_ratio = tracked("load_first_step_ratio", "ratio")
    track_load_fresh = tracked("load_fresh", "seconds")
    track_load_fresh_ratio = tracked("load_fresh_ratio", "ratio")
    track_file_size = tracked("file_size", "bytes")
    track_peak_host_memory = tracked("peak_host_memory", "bytes")
    track_peak_device_memory = tracked("peak_device_memory", "bytes")

    def setup_cache(self) -> Results:
        return collect("storage", "loads")

    setup_cache.timeout = 6 * TIMEOUT  # type: ignore[attr-defined]


class Storage(_Storage):
    params = (WORKLOAD, SERIES, DEVICE)
    param_names = ("workload", "remedy", "device")


class LargeStorage(_Storage):
    params = (["image"], SERIES, DEVICE, [LARGE])
    param_names = ("workload", "remedy", "device", "size")
