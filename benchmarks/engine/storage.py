"""Save and load: all remedies of a workload in one process, sampled in turn."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.axes import SERIES
from benchmarks.engine.plan import Session, Setting
from benchmarks.engine.results import entry
from benchmarks.engine.sampling import ratios, sample
from benchmarks.engine.steps import clock
from remedies import REFERENCE, REMEDIES, WORKLOADS, build


def measure(session: Session, setting: Setting) -> Iterator[dict[str, Any]]:
    """Yield an entry for each remedy's save and load latency and file size."""
    import keras

    with tempfile.TemporaryDirectory() as folder:
        files = {name: Path(folder, f"{name}.keras") for name in SERIES}
        models = {name: _trained(session, name) for name in SERIES}
        saves = {name: (lambda n=name: models[n].save(files[n])) for name in SERIES}
        loads = {name: (lambda n=name: keras.saving.load_model(files[n])) for name in SERIES}
        pairs = dict.fromkeys(SERIES, REFERENCE)
        for metric, series in (("save", saves), ("load", loads)):
            taken, number = sample(series, pairs, setting.storage, clock=clock)
            for name, samples in taken.items():
                measured = {"samples": samples, "number": number}
                yield entry(metric, measured, remedy=name)
                if name != REFERENCE:
                    paired = {"samples": ratios(samples, taken[REFERENCE]), "number": 1}
                    yield entry(f"{metric}_ratio", paired, remedy=name)
        for name in REMEDIES:
            yield entry("file_size", files[name].stat().st_size, remedy=name)


def _trained(session: Session, name: str) -> Any:
    model = build(session.workload, name if name in REMEDIES else REFERENCE)
    model.train_on_batch(*WORKLOADS[session.workload].data(4))
    return model
