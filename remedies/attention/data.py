"""A transformer block over padded sequences."""

import numpy as np

BATCH = 16
LENGTH = 64
VOCABULARY = 1000


def draw(rng: np.random.Generator, batch: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Return tokens (batch, 64), of which the first 16 to 64 are no padding, and targets."""
    lengths = rng.integers(LENGTH // 4, LENGTH + 1, (batch, 1))
    tokens = rng.integers(0, VOCABULARY, (batch, LENGTH), np.int32)
    inputs = {"tokens": tokens, "mask": np.arange(LENGTH) < lengths}
    return inputs, rng.random((batch, 1), np.float32)
