"""Save and load: all remedies of a workload in one process, sampled in turn."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.axes import SERIES
from benchmarks.engine.line import clock
from benchmarks.engine.plan import Session, Setting
from benchmarks.engine.results import entry
from benchmarks.engine.sampling import paired, sample
from remedies import REFERENCE, REMEDIES, WORKLOADS, build


def measure(
    session: Session, setting: Setting, turn: Callable[[], None]
) -> Iterator[dict[str, Any]]:
    """Yield an entry for each remedy's save and load latency and file size."""
    import keras

    data = WORKLOADS[session.workload].data(4)
    with tempfile.TemporaryDirectory() as folder:
        files = {name: Path(folder, f"{name}.keras") for name in SERIES}
        models = {name: _trained(session, name, data) for name in SERIES}
        for name, model in models.items():
            model.save(files[name])
        saves = {name: (lambda n=name: models[n].save(files[n])) for name in SERIES}
        loads = {name: (lambda n=name: keras.saving.load_model(files[n])) for name in SERIES}
        pairs = dict.fromkeys(SERIES, REFERENCE)
        turn()
        for metric, series in (("save", saves), ("load", loads)):
            found = sample(series, pairs, setting.storage, clock=clock(session.device))
            for name, samples in found.samples.items():
                measured = {"samples": samples, "number": found.number}
                yield entry(metric, measured, remedy=name)
                if name != REFERENCE:
                    estimate = paired(samples, found.samples[REFERENCE])
                    yield entry(f"{metric}_ratio", estimate, remedy=name)
        for name in REMEDIES:
            yield entry("file_size", files[name].stat().st_size, remedy=name)


def _trained(session: Session, name: str, data: Any) -> Any:
    model = build(session.workload, name if name in REMEDIES else REFERENCE)
    model.train_on_batch(*data)
    return model
