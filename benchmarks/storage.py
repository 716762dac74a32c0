"""What it costs to save and load each remedy's model, and how large its file is."""

from __future__ import annotations

from benchmarks.axes import DEVICE, SERIES, WORKLOAD
from benchmarks.engine.launch import TIMEOUT, collect
from benchmarks.engine.results import Results
from benchmarks.tracked import tracked


class Storage:
    version = "1"
    params = (WORKLOAD, SERIES, DEVICE)
    param_names = ("workload", "remedy", "device")
    track_save = tracked("save", "seconds")
    track_save_ratio = tracked("save_ratio", "ratio")
    track_load = tracked("load", "seconds")
    track_load_ratio = tracked("load_ratio", "ratio")
    track_file_size = tracked("file_size", "bytes")

    def setup_cache(self) -> Results:
        return collect("storage")

    setup_cache.timeout = 6 * TIMEOUT  # type: ignore[attr-defined]
