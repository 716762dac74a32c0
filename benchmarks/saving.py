"""Save and load: all remedies of a workload in one process, sampled in turn."""

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.health import Watch
from benchmarks.session import Entry, Session, comparison, seconds
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
from remedies.steps.sampling import Budget, Series, clock_for, sample

# Of base's and head's recipes: one save varies by 20 %, so that it takes hundreds to see 5 %.
PAIRS = Budget(8, half_width=0.01, rounds=40)
_BATCH = 4
_SHAPE = (LARGE, LARGE, 3)
USUAL = 0


def measure(session: Session, setting: Setting, watch: Watch) -> Iterator[Entry]:
    """Yield each remedy's save and load seconds, their ratios, and the size of its file.

    Of the first workload a large model is saved too where the setting says so.
    """
    large = setting.large and session.workload == setting.workloads[0] and not session.sources
    for size in (USUAL, LARGE) if large else (USUAL,):
        with tempfile.TemporaryDirectory() as folder:
            yield from _one_size(session, setting, watch, size, folder)


def _one_size(
    session: Session, setting: Setting, watch: Watch, size: int, folder: str
) -> Iterator[Entry]:
    data = _example(session.workload, size, 1 if size else _BATCH)
    own = [variant for variant in variants(session) if variant.mask_dtype == "bool"]
    chosen = {str(v): v for v in own} | {PLACEBO: own[0]._replace(remedy=REFERENCE)}
    files = {name: Path(folder, f"{number}.keras") for number, name in enumerate(chosen)}
    models = {name: _trained(session, v, size, data) for name, v in chosen.items()}
    for name, model in models.items():
        model.save(files[name])
    saves: Series = {name: partial(models[name].save, files[name]) for name in chosen}
    loads: Series = {name: partial(_load, session, v, files[name]) for name, v in chosen.items()}
    budget = PAIRS if session.sources else setting.saving
    for metric, series in (("save", saves), ("load", loads)):
        base = str(reference(chosen[PLACEBO]))
        sampled = sample(series, base, budget, clock=clock_for(session.device))
        watch.clock(sampled.clock_share)
        for name, variant in chosen.items():
            axes = _axes(variant, name, size)
            compared = str(reference(variant)) if variant.source and name != PLACEBO else base
            if name != PLACEBO:
                yield seconds(f"{metric}_seconds", sampled, name, axes)
            if name != compared:
                yield comparison(f"{metric}_ratio", sampled, name, compared, axes)
    for name, variant in chosen.items():
        if name != PLACEBO:
            yield Entry("file_bytes", files[name].stat().st_size, _axes(variant, name, size))


def _load(session: Session, variant: Variant, saved: Path) -> object:
    import keras

    with own_classes(session, variant):
        return keras.saving.load_model(saved)


def _axes(variant: Variant, name: str, size: int) -> dict[str, Any]:
    shown = placebo(variant) if name == PLACEBO else variant
    axes: dict[str, Any] = {"remedy": shown.remedy}
    axes |= {"source": shown.source} if shown.source else {}
    return axes | ({"size": size} if size != USUAL else {})


def _example(workload: str, size: int, count: int) -> tuple[Any, Any]:
    """Return one batch of inputs and targets for the model of that `size`."""
    if not size:
        return WORKLOADS[workload].data(count)
    rng = np.random.default_rng(0)
    image = rng.random((count, *_SHAPE), np.float32)
    return {"image": image, "mask": image < 0.5}, rng.random((count, 2), np.float32)


def _trained(session: Session, variant: Variant, size: int, data: tuple[Any, Any]) -> Any:
    """Return a model that `data` has trained for one step."""
    model = make(replace(session, jit=""), variant, "graph")
    if size and model.built:  # a functional model; the others take the shape of the data
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
