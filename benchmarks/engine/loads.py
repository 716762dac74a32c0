"""Load and first step: in the same process, and in a fresh one, where memory is counted too."""

from __future__ import annotations

import gc
import random
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.axes import SERIES
from benchmarks.engine.fresh import loaded
from benchmarks.engine.line import clock
from benchmarks.engine.plan import Session
from benchmarks.engine.results import entry
from benchmarks.engine.sampling import ratios
from benchmarks.engine.settings import Setting
from benchmarks.engine.stored import batch, example, told, trained, trains
from remedies import REFERENCE

Found = dict[str, dict[str, float]]


def measure(
    session: Session, setting: Setting, turn: Callable[[], None]
) -> Iterator[dict[str, Any]]:
    """Yield an entry for each remedy's load and first step, and the memory that they took."""
    import keras

    workload, rounds = session.workload, range(setting.loads[session.workload])
    with tempfile.TemporaryDirectory() as folder:
        files, data = dict[str, dict[str, Path]](), dict[str, Any]()
        for size in setting.models(workload):
            examples = example(workload, size, batch(workload, size))
            files[size] = _saved(workload, size, examples, Path(folder))
            data[size] = keras.tree.map_structure(keras.ops.convert_to_tensor, examples)
        turn()
        for size, own in files.items():
            # The very first model also pays for what a process does only once.
            _first_step(session, own[REFERENCE], data[size])
            warm = [_warm(session, own, data[size]) for _ in rounds]
            fresh = [loaded(own, workload, session.device, size) for _ in rounds]
            yield from entries([_both(*each) for each in zip(warm, fresh, strict=True)], size)


def entries(rounds: list[Found], size: str) -> Iterator[dict[str, Any]]:
    """Yield the entries of one `size` of model, from each round's numbers by series and metric."""
    for name in SERIES:
        for metric in rounds[0][name]:
            samples = [found[name][metric] for found in rounds]
            about = {"remedy": name, **told(size)}
            yield entry(metric, {"samples": samples, "number": 1}, **about)
            if name != REFERENCE and metric.startswith("load"):
                base = [found[REFERENCE][metric] for found in rounds]
                ratio = {"samples": ratios(samples, base), "number": 1}
                yield entry(f"{metric}_ratio", ratio, **about)


def _saved(workload: str, size: str, data: Any, folder: Path) -> dict[str, Path]:
    files = {name: folder / f"{size}{name}.keras" for name in SERIES}
    for name, file in files.items():
        trained(workload, name, size, data).save(file)
    return files


def _warm(session: Session, files: Mapping[str, Path], data: Any) -> Found:
    order = random.sample([*files], len(files))
    return {name: _first_step(session, files[name], data) for name in order}


def _first_step(session: Session, file: Path, data: Any) -> dict[str, float]:
    """Return the seconds of load and first step; nothing where the loaded model cannot train."""
    import keras

    gc.collect()
    now = clock(session.device)
    start = now()
    able = trains(keras.saving.load_model(file), data)
    return {"load_first_step": now() - start} if able else {}


def _both(warm: Found, fresh: Found) -> Found:
    return {name: warm[name] | fresh[name] for name in SERIES}
