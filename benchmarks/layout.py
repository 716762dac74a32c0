"""Draws anew where in memory the numbers of a step lie, while it is timed.

Where a variable lies can make one copy of a step 2 % slower than another for as long as a process
lives (Mytkowicz et al. 2009, *Producing wrong data without doing anything obviously wrong!*).
Moving everything a few times a second makes an average over places of what was a bias (Curtsinger
and Berger 2013, *STABILIZER*).
"""

import random
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

MOST_BYTES_BETWEEN = 65_536  # 16 pages: every place within a page and many within a cache


def redrawing(models: Iterable[Any], data: dict[str, Any]) -> Callable[[], None]:
    """Return a call that moves the variables of `models` and the tensors of `data` elsewhere.

    Their values stay. `data` holds nested structures of tensors by mask dtype; a step has to look
    them up each time.
    """
    models = [*models]
    gaps: list[np.ndarray[Any, Any]] = []

    def redraw() -> None:
        gaps[:] = [_gap()]
        for model in random.sample(models, len(models)):
            variables = [*model.variables, *model.optimizer.variables]
            for variable in random.sample(variables, len(variables)):
                gaps.append(_gap())
                variable.assign(_moved(variable))
        for name in data:
            gaps.append(_gap())
            data[name] = _moved_all(data[name])

    return redraw


def _gap() -> np.ndarray[Any, Any]:
    return np.empty(random.randrange(1, MOST_BYTES_BETWEEN), np.uint8)  # noqa: S311 - no secret


def _moved(variable: Any) -> Any:
    """Return the value in a buffer of its own, which the variable that it is assigned to keeps."""
    import tensorflow as tf

    return tf.constant(variable.numpy())


def _moved_all(structure: Any) -> Any:
    import tensorflow as tf

    return tf.nest.map_structure(_moved, structure)
