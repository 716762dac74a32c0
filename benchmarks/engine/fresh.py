"""Load a model in a fresh process: what it takes until the first step, and the memory for it.

Each process is forked from one that has imported TensorFlow and Keras and done nothing else, so
that five seconds of imports, the same for every remedy, are spent once. It imports the recipe and
puts a batch on the device before the time begins.
"""

from __future__ import annotations

import multiprocessing
import random
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

STEPS = 3


def loaded(
    files: Mapping[str, Path], workload: str, device: str, size: str
) -> dict[str, dict[str, float]]:
    """Load each of `files` in a process of its own, one after the other in an order drawn anew.

    Returns
    -------
    dict
        Name -> ``load_fresh`` in seconds, ``peak_host_memory`` and ``peak_device_memory`` in
        bytes, these where the system tells; nothing where the loaded model cannot train.

    Raises
    ------
    concurrent.futures.process.BrokenProcessPool
        Where a process was killed.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tensorflow", "keras"])
    found = {}
    for name in random.sample([*files], len(files)):
        with ProcessPoolExecutor(1, context) as one:
            found[name] = one.submit(load, workload, device, size, name, files[name]).result()
    return found


def load(workload: str, device: str, size: str, name: str, file: Path) -> dict[str, float]:
    """Load `file` in this process and train for `STEPS` steps; see `loaded`.

    Raises
    ------
    RuntimeError
        Where `device` cannot be used.
    """
    from benchmarks.engine.line import clock
    from benchmarks.engine.memory import Peak
    from benchmarks.engine.stored import batch, example, trains
    from remedies import REFERENCE, REMEDIES
    from remedies.devices import select
    from remedies.registry import recipe

    if reason := select(device):
        raise RuntimeError(reason)
    import keras

    recipe(workload, name if name in REMEDIES else REFERENCE)
    examples = example(workload, size, batch(workload, size))
    data = keras.tree.map_structure(keras.ops.convert_to_tensor, examples)
    now = clock(device)
    peak, start = Peak(device), now()
    model = keras.saving.load_model(file)
    able = trains(model, data)
    seconds = now() - start
    able = able and all(trains(model, data) for _ in range(STEPS - 1))
    return {"load_fresh": seconds, **peak.told()} if able else {}
