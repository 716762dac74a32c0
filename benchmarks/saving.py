"""Save and load: all remedies of a workload in one process, sampled in turn."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.health import Watch
from benchmarks.saved_models import USUAL, example, file, names, sizes, trained
from benchmarks.session import Entry, Session, comparison, seconds
from benchmarks.settings import Setting
from benchmarks.variants import Variant, own_classes, placebo, reference
from remedies.registry import PLACEBO
from remedies.steps.sampling import Series, clock_for, sample

_BATCH = 4


def measure(session: Session, setting: Setting, watch: Watch) -> Iterator[Entry]:
    """Yield each remedy's save and load seconds, their ratios, and the size of its file."""
    for size in sizes(session, setting):
        with tempfile.TemporaryDirectory() as folder:
            yield from _one_size(session, setting, watch, size, folder)


def _one_size(
    session: Session, setting: Setting, watch: Watch, size: int, folder: str
) -> Iterator[Entry]:
    data = example(session.workload, size, 1 if size else _BATCH)
    chosen = names(session)
    files = {name: file(folder, name, size) for name in chosen}
    models = {name: trained(session, v, size, data) for name, v in chosen.items()}
    for name, model in models.items():
        model.save(files[name])
    saves: Series = {name: partial(models[name].save, files[name]) for name in chosen}
    loads: Series = {name: partial(_load, session, v, files[name]) for name, v in chosen.items()}
    for metric, series in (("save", saves), ("load", loads)):
        base = str(reference(chosen[PLACEBO]))
        sampled = sample(series, base, setting.saving, clock=clock_for(session.device))
        watch.clock(sampled.clock_share)
        for name, variant in chosen.items():
            axes = _axes(variant, name, size)
            own = str(reference(variant)) if variant.source and name != PLACEBO else base
            if name != PLACEBO:
                yield seconds(f"{metric}_seconds", sampled, name, axes)
            if name != own:
                yield comparison(f"{metric}_ratio", sampled, name, own, axes)
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
