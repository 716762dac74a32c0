"""The models that are saved and loaded: each remedy's own, and the article's made large."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.session import Session
from benchmarks.settings import LARGE, Setting
from benchmarks.variants import Variant, make, make_variables, variants
from remedies import REFERENCE, WORKLOADS
from remedies.registry import PLACEBO

_SHAPE = (LARGE, LARGE, 3)
USUAL = 0


def sizes(session: Session, setting: Setting) -> tuple[int, ...]:
    """Return the sizes of model that are saved: the usual one, and pixels a side of a large one."""
    large = setting.large and session.workload == setting.workloads[0] and not session.sources
    return (USUAL, LARGE) if large else (USUAL,)


def names(session: Session) -> dict[str, Variant]:
    """Return the models by name: each remedy's, and a second one of the reference."""
    own = [variant for variant in variants(session) if variant.mask_dtype == "bool"]
    return {str(v): v for v in own} | {PLACEBO: Variant(own[0].source, REFERENCE, "bool")}


def batch(workload: str, size: int) -> int:
    """Return how many examples a step of the model of that `size` takes."""
    return 1 if size else WORKLOADS[workload].batch


def example(workload: str, size: int, count: int) -> tuple[Any, Any]:
    """Return one batch of inputs and targets for the model of that `size`."""
    if not size:
        return WORKLOADS[workload].data(count)
    rng = np.random.default_rng(0)
    image = rng.random((count, *_SHAPE), np.float32)
    return {"image": image, "mask": image < 0.5}, rng.random((count, 2), np.float32)


def trained(session: Session, variant: Variant, size: int, data: tuple[Any, Any]) -> Any:
    """Return a model that `data` has trained for one step."""
    model = make(replace(session, jit=""), variant, "graph")
    if size and model.built:  # a functional model; the others take the shape of the data
        model = _enlarged(model)
    make_variables(model, data[0])
    model.train_on_batch(*data)
    return model


def trains(model: Any, data: tuple[Any, Any]) -> bool:
    """Return whether `model` takes a step: one that lost its optimizer's state may refuse."""
    try:
        model.train_on_batch(*data)
    except ValueError:
        return False
    return True


def file(folder: str, name: str, size: int) -> Path:
    """Return where the model of that name and size is saved."""
    return Path(folder, f"{size}-{name.replace(' ', '')}.keras".replace("'", ""))


def _enlarged(model: Any) -> Any:
    import keras

    inputs = {
        name: keras.Input(_SHAPE, name=name, dtype=tensor.dtype)
        for name, tensor in model.input.items()
    }
    larger = keras.models.clone_model(model, input_tensors=inputs)
    larger.compile(optimizer="adam", loss=model.loss)
    return larger
