"""Convolutions that fill in an image's hole."""

import numpy as np

BATCH = 8
SIZE = 32


def draw(rng: np.random.Generator, batch: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Return images (batch, 32, 32, 3), each with a hole of 8 to 16 pixels a side; targets too."""
    image = rng.random((batch, SIZE, SIZE, 3), np.float32)
    first = rng.integers(0, SIZE // 2, (2, batch, 1))
    last = first + rng.integers(SIZE // 4, SIZE // 2, (2, batch, 1))
    rows, columns = (first <= np.arange(SIZE)) & (np.arange(SIZE) <= last)
    hole = rows[:, :, None, None] & columns[:, None, :, None]
    return {"image": image, "mask": ~hole}, image
