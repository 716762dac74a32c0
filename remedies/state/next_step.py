"""One training step on a model and on its loaded twin, and whether the two agree."""

from __future__ import annotations

from typing import Any

import numpy as np

from remedies.state.arrays import Arrays, equal, hosts
from remedies.state.preserve import Snapshot, align

# TensorFlow adds gradients up in an order that follows the names of layers, and Keras numbers
# unnamed layers anew on load: twins may differ by some units of the last place.
TOLERANCE = 1e-6


def next_step_changed(model: Any, loaded: Any, inputs: Any, targets: Any) -> bool:
    """Whether the next training step of `loaded` leads elsewhere than that of `model`.

    They are compiled twins, and the batch has a leading dimension. `model` is put back as it was
    found; `loaded` has then done a step, and what that raises is raised. A loss, a metric or a
    weight after the step must differ by more than `TOLERANCE`, absolute and relative; where the
    step of `model` does not repeat itself that closely (threads, a GPU), only the losses and
    metrics are compared, to 1e-5.
    """
    # No format keeps the state of random layers (Dropout): both sides draw alike from here on.
    align(model, loaded)
    snapshot = Snapshot(model)
    steps = []
    for _ in range(2):
        try:
            steps.append(_step(model, inputs, targets))
        finally:
            snapshot.restore()
    result = _step(loaded, inputs, targets)
    if not _close(*steps):
        return not all(map(np.allclose, steps[0][0], result[0]))
    return not _close(steps[0], result)


def _step(model: Any, inputs: Any, targets: Any) -> tuple[Arrays, Arrays]:
    """Return the losses and metrics of one training step, and the weights after it."""
    # train_on_batch returns running means, and no format keeps metric state: start both afresh.
    model.reset_metrics()
    loss = model.train_on_batch(inputs, targets)
    return hosts(loss if isinstance(loss, list) else [loss]), hosts(model.weights)


def _close(left: tuple[Arrays, Arrays], right: tuple[Arrays, Arrays]) -> bool:
    ours, theirs = (*left[0], *left[1]), (*right[0], *right[1])
    return len(ours) == len(theirs) and all(map(_near, ours, theirs))


def _near(ours: np.ndarray, theirs: np.ndarray) -> bool:
    if equal(ours, theirs):
        return True
    if ours.shape != theirs.shape or ours.dtype != theirs.dtype:
        return False
    wide = (ours.astype("float64"), theirs.astype("float64"))  # bfloat16 and its like
    return bool(np.allclose(*wide, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True))
