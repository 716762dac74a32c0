"""The model families that every remedy is written for, and the data that they are fed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Inputs = dict[str, np.ndarray]


@dataclass(frozen=True)
class Workload:
    """A model family: what it is, what it is fed and how it is trained.

    Attributes
    ----------
    name : str
        Its name in results, folder names and commands.
    about : str
        The model in one sentence.
    draw : callable
        ``draw(rng, batch)`` returns inputs (leading dimension `batch`, masks bool) and targets.
    batch : int
        The batch size it is timed at unless said otherwise.
    loss : str
        The Keras loss it is trained with.
    """

    name: str
    about: str
    draw: Callable[[np.random.Generator, int], tuple[Inputs, np.ndarray]]
    batch: int
    loss: str = "mse"

    def data(
        self, batch: int, mask_dtype: str = "bool", seed: int = 0
    ) -> tuple[Inputs, np.ndarray]:
        """Return one batch of inputs and targets, the same for the same arguments.

        Parameters
        ----------
        batch : int
            Number of examples.
        mask_dtype : str
            NumPy dtype that the mask is fed as; 0 and 1 where it is not bool.
        seed : int
            Seed of the generator.
        """
        inputs, targets = self.draw(np.random.default_rng(seed), batch)
        return inputs | {"mask": inputs["mask"].astype(mask_dtype)}, targets


def _image(rng: np.random.Generator, batch: int) -> tuple[Inputs, np.ndarray]:
    shape = (batch, 32, 32, 3)
    inputs = {"image": rng.random(shape, np.float32), "mask": rng.random(shape) < 0.5}
    return inputs, rng.random((batch, 2), np.float32)


def _attention(rng: np.random.Generator, batch: int) -> tuple[Inputs, np.ndarray]:
    length = 64
    lengths = rng.integers(length // 4, length + 1, (batch, 1))
    tokens = rng.integers(0, 1000, (batch, length), np.int32)
    inputs = {"tokens": tokens, "mask": np.arange(length) < lengths}
    return inputs, rng.random((batch, 1), np.float32)


def _inpaint(rng: np.random.Generator, batch: int) -> tuple[Inputs, np.ndarray]:
    size = 32
    image = rng.random((batch, size, size, 3), np.float32)
    first = rng.integers(0, size // 2, (2, batch, 1))
    last = first + rng.integers(size // 4, size // 2, (2, batch, 1))
    rows, columns = (first <= np.arange(size)) & (np.arange(size) <= last)
    hole = rows[:, :, None, None] & columns[:, None, :, None]
    return {"image": image, "mask": ~hole}, image


WORKLOADS = {
    workload.name: workload
    for workload in (
        Workload("image", "The article's model: masked image, Flatten, Dense(2).", _image, 32),
        Workload("attention", "A transformer block over padded sequences.", _attention, 16),
        Workload("inpaint", "Convolutions that fill in an image's hole.", _inpaint, 8),
    )
}
