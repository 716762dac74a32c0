"""Save and load: all remedies of a workload in one process, sampled in turn."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.axes import SERIES
from benchmarks.engine.line import clock
from benchmarks.engine.plan import Session
from benchmarks.engine.results import entry
from benchmarks.engine.sampling import paired, sample
from benchmarks.engine.settings import Setting
from benchmarks.engine.stored import example, told, trained
from remedies import REFERENCE, REMEDIES

_BATCH = 4


def measure(
    session: Session, setting: Setting, turn: Callable[[], None]
) -> Iterator[dict[str, Any]]:
    """Yield an entry for each remedy's save and load latency and file size."""
    with tempfile.TemporaryDirectory() as folder:
        ready = {}
        for size in setting.models(session.workload):
            data = example(session.workload, size, _BATCH)
            models = {name: trained(session.workload, name, size, data) for name in SERIES}
            files = {name: Path(folder, f"{size}{name}.keras") for name in SERIES}
            for name, model in models.items():
                model.save(files[name])
            ready[size] = models, files
        turn()
        for size, (models, files) in ready.items():
            for found in _entries(session, setting, models, files):
                yield {**found, "parameters": found["parameters"] | told(size)}


def _entries(
    session: Session, setting: Setting, models: Mapping[str, Any], files: Mapping[str, Path]
) -> Iterator[dict[str, Any]]:
    import keras

    saves = {name: (lambda n=name: models[n].save(files[n])) for name in SERIES}
    loads = {name: (lambda n=name: keras.saving.load_model(files[n])) for name in SERIES}
    pairs = dict.fromkeys(SERIES, REFERENCE)
    for metric, series in (("save", saves), ("load", loads)):
        found = sample(series, pairs, setting.storage, clock=clock(session.device))
        for name, samples in found.samples.items():
            yield entry(metric, {"samples": samples, "number": found.number}, remedy=name)
            if name != REFERENCE:
                estimate = paired(samples, found.samples[REFERENCE])
                yield entry(f"{metric}_ratio", estimate, remedy=name)
    for name in REMEDIES:
        yield entry("file_size", files[name].stat().st_size, remedy=name)
