"""What XLA makes of each step for a GPU that is not here: compiled, not run, and never timed."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.session import Entry, Folder, Session, write_whole
from benchmarks.settings import Setting
from benchmarks.variants import Variant, make, reference, tensors, variants
from remedies.devices import TARGETS
from remedies.steps.card_compiler import compiled, lower
from remedies.steps.same_step import STEPS

INDEX = "steps.json"
Steps = dict[str, dict[Variant, str]]  # step -> variant -> the file that it is lowered to


def measure(session: Session, setting: Setting, folder: Folder) -> Iterator[Entry]:
    """Yield how each variant's step differs from the reference's, compiled for the session's card.

    Raises
    ------
    NotHereError
        Where the compiler refuses the card.
    """
    place = folder.path / f"lowered-{folder.identity}" / f"{session.workload}-{session.batch}"
    steps = lowered(session, place)
    programs = compiled(TARGETS[session.device], place)
    for step, cell in steps.items():
        for variant, file in cell.items():
            axes = {"jit": "xla", "step": step, **variant.axes}
            yield from entries(programs[file], programs[cell[reference(variant)]], axes)


def entries(program: dict[str, Any], base: dict[str, Any], axes: dict[str, Any]) -> Iterator[Entry]:
    """Yield the entries of one step; there is no Python to compare, for nothing is run."""
    differs = int(program["meaning"] != base["meaning"])
    yield Entry("program_differs", differs, axes, program["meaning"])
    texts = {"instructions": program["text"], "kernels": program["ptx"]}
    for metric, value in program["counts"].items():
        yield Entry(metric, value, axes, texts.get(metric, ""))


def lowered(session: Session, place: Path) -> Steps:
    """Return each step's file in `place`; equal steps share one, and both cards share all."""
    if not (place / INDEX).exists():
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        try:
            _lower(session, place)
        except OSError:  # a disk that is full has room for the rest of the run without it
            shutil.rmtree(place)
            raise
    steps: Steps = {}
    for step, source, remedy, mask_dtype, file in json.loads((place / INDEX).read_text("utf-8")):
        steps.setdefault(step, {})[Variant(source, remedy, mask_dtype)] = file
    return steps


def _lower(session: Session, place: Path) -> None:
    data = {dtype: tensors(session, dtype) for dtype in ("bool", "float32")}
    index = []
    for variant in variants(session):
        model = make(session, variant, "xla")
        for step in STEPS:
            file = lower(model, step, *data[variant.mask_dtype], place)
            index.append((step, *variant, file))
    write_whole(place / INDEX, json.dumps(index))
