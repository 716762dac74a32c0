"""Load and first step, in this process and in a fresh one, where memory is counted too."""

from __future__ import annotations

import gc
import multiprocessing
import random
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.peak_memory import Peak
from benchmarks.saved_models import batch, example, file, names, sizes, trained, trains
from benchmarks.session import Entry, Session
from benchmarks.settings import Setting
from benchmarks.variants import Variant
from remedies.registry import PLACEBO
from remedies.steps.sampling import clock_for

STEPS = 3


def measure(session: Session, setting: Setting) -> Iterator[Entry]:
    """Yield each remedy's seconds of load and first step, and the memory that they took."""
    chosen = {name: v for name, v in names(session).items() if name != PLACEBO}
    for size in sizes(session, setting):
        count = batch(session.workload, size)
        data = example(session.workload, size, count)
        with tempfile.TemporaryDirectory() as folder:
            for name, variant in chosen.items():
                trained(session, variant, size, data).save(file(folder, name, size))
            for name in random.sample(list(chosen), len(chosen)):
                saved, variant = file(folder, name, size), chosen[name]
                axes: dict[str, Any] = {"remedy": variant.remedy} | ({"size": size} if size else {})
                values = _warm(session, saved, data) | fresh(session, variant, saved, size)
                for metric, value in values.items():
                    yield Entry(metric, value, axes)


def _warm(session: Session, saved: Path, data: tuple[Any, Any]) -> dict[str, float]:
    """Return the seconds of load and first step; nothing where the loaded model cannot train."""
    import keras

    gc.collect()
    now = clock_for(session.device)
    start = now()
    able = trains(keras.saving.load_model(saved), data)
    return {"load_and_step_seconds": now() - start} if able else {}


def fresh(session: Session, variant: Variant, saved: Path, size: int) -> dict[str, float]:
    """Load `saved` in a new process and train for `STEPS` steps there.

    The process is forked from one that has imported TensorFlow and Keras and done nothing else, so
    that five seconds of imports, the same for every remedy, are spent once.

    Returns
    -------
    dict
        ``fresh_load_seconds``, ``peak_host_bytes`` and ``peak_device_bytes``, these where the
        system tells; nothing where the loaded model cannot train.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tensorflow", "keras"])
    with ProcessPoolExecutor(1, context) as pool:
        return pool.submit(_load, asdict(session), variant, saved, size).result()


def _load(own: dict[str, Any], variant: Variant, saved: Path, size: int) -> dict[str, float]:
    from remedies.devices import select
    from remedies.registry import recipe

    session = Session(**own)
    if reason := select(session.device):
        raise RuntimeError(reason)
    import keras

    recipe(session.workload, variant.remedy)
    data = example(session.workload, size, batch(session.workload, size))
    now = clock_for(session.device)
    peak, start = Peak(session.device), now()
    model = keras.saving.load_model(saved)
    able = trains(model, data)
    seconds = now() - start
    able = able and all(trains(model, data) for _ in range(STEPS - 1))
    return {"fresh_load_seconds": seconds, **peak.bytes()} if able else {}
