"""Save and load: all remedies of a workload in one process, sampled in turn."""

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.session import Entry, Session, Watch, timed
from benchmarks.settings import LARGE, Setting
from benchmarks.variants import (
    Variant,
    make,
    make_variables,
    own_classes,
    placebo,
    reference,
    variants,
)
from remedies import REFERENCE, WORKLOADS
from remedies.registry import PLACEBO
from remedies.steps.sampling import Budget, Series, clock_for

# Of base's and head's recipes: one save varies by 20 %, so that it takes hundreds to see 5 %.
PAIRS = Budget(8, half_width=0.01, rounds=40)
_SHAPE = (LARGE, LARGE, 3)


def measure(session: Session, setting: Setting, watch: Watch) -> Iterator[Entry]:
    """Yield each remedy's save and load seconds, their ratios, and the size of its file.

    Of the first workload a large model is saved too where the setting says so.
    """
    large = setting.complete and session.workload == setting.workloads[0] and not session.sources
    for size in (0, LARGE) if large else (0,):  # 0: as the workload has it
        with tempfile.TemporaryDirectory() as folder:
            yield from _entries(session, setting, watch, size, Path(folder))


def _entries(
    session: Session, setting: Setting, watch: Watch, size: int, folder: Path
) -> Iterator[Entry]:
    own = [variant for variant in variants(session) if variant.mask_dtype == "bool"]
    copied = own[0]._replace(remedy=REFERENCE)
    chosen = {str(v): v for v in own} | {PLACEBO: copied}
    files = {name: folder / f"{number}.keras" for number, name in enumerate(chosen)}
    saves: Series = {
        n: partial(_trained(session, v, size).save, files[n]) for n, v in chosen.items()
    }
    for save in saves.values():
        save()
    loads: Series = {name: partial(_load, session, v, files[name]) for name, v in chosen.items()}
    axes = {name: _axes(v, size) for name, v in (chosen | {PLACEBO: placebo(copied)}).items()}
    budget = PAIRS if session.sources else setting.saving
    for stem, series in (("save", saves), ("load", loads)):
        sampled = watch.sample(series, str(copied), budget, clock=clock_for(session.device))
        for name, variant in chosen.items():
            base = str(copied if name == PLACEBO else reference(variant))
            yield from timed(stem, sampled, name, base, axes[name])
    for name in map(str, own):
        yield Entry("file_bytes", files[name].stat().st_size, axes[name])


def _load(session: Session, variant: Variant, saved: Path) -> object:
    import keras

    with own_classes(session, variant):
        return keras.saving.load_model(saved)


def _axes(variant: Variant, size: int) -> dict[str, Any]:
    own = {name: value for name, value in variant.axes.items() if name != "mask_dtype"}
    return own | ({"size": size} if size else {})


def _trained(session: Session, variant: Variant, size: int) -> Any:
    """Return a model of that `size` that was trained for one step."""
    model, data = make(session, variant, "graph"), WORKLOADS[session.workload].data(4)
    if size:
        rng = np.random.default_rng(0)
        image = rng.random((1, *_SHAPE), np.float32)
        data = {"image": image, "mask": image < 0.5}, rng.random((1, 2), np.float32)
        if model.built:  # a functional model; the others take the shape of the data
            model = _enlarged(model)
    make_variables(model, data[0])
    model.train_on_batch(*data)
    return model


def _enlarged(model: Any) -> Any:
    import keras

    inputs = {
        name: keras.Input(_SHAPE, name=name, dtype=tensor.dtype)
        for name, tensor in model.input.items()
    }
    larger = keras.models.clone_model(model, input_tensors=inputs)
    larger.compile(optimizer="adam", loss=model.loss)
    return larger
