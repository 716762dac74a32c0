"""A masked image, Flatten and Dense(2): the article's model."""

import numpy as np

BATCH = 32


def draw(rng: np.random.Generator, batch: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Return images (batch, 32, 32, 3) in [0, 1) with half of their values masked, and targets."""
    shape = (batch, 32, 32, 3)
    inputs = {"image": rng.random(shape, np.float32), "mask": rng.random(shape) < 0.5}
    return inputs, rng.random((batch, 2), np.float32)
