"""The models that are saved and loaded: each remedy's own, and the article's made large."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.axes import LARGE
from benchmarks.engine.line import make_variables
from remedies import REFERENCE, REMEDIES, WORKLOADS, build

SIDE = 768  # of a large model's images: 14 MB of weights, and twice that of Adam's moments
_SHAPE = (SIDE, SIDE, 3)


def batch(workload: str, size: str) -> int:
    """Return how many examples a step of the model of that `size` takes."""
    return 1 if size == LARGE else WORKLOADS[workload].batch


def told(size: str) -> dict[str, str]:
    """Return the benchmark parameters that name a `size`; the usual model has none."""
    return {"size": size} if size else {}


def example(workload: str, size: str, count: int) -> tuple[Any, Any]:
    """Return one batch of inputs and targets for the model of that `size`; empty is the usual."""
    if size != LARGE:
        return WORKLOADS[workload].data(count)
    rng = np.random.default_rng(0)
    image = rng.random((count, *_SHAPE), np.float32)
    return {"image": image, "mask": image < 0.5}, rng.random((count, 2), np.float32)


def trained(workload: str, name: str, size: str, data: tuple[Any, Any]) -> Any:
    """Return a model of the remedy (or placebo) `name` that `data` has trained for one step."""
    model = build(workload, name if name in REMEDIES else REFERENCE)
    if size == LARGE and model.built:  # a functional model; the others take the shape of the data
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


def _enlarged(model: Any) -> Any:
    import keras

    inputs = {
        name: keras.Input(_SHAPE, name=name, dtype=tensor.dtype)
        for name, tensor in model.input.items()
    }
    larger = keras.models.clone_model(model, input_tensors=inputs)
    larger.compile(optimizer="adam", loss=model.loss)
    return larger
