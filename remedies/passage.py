"""The way through `.keras` files that a check takes, and what it sees on it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from remedies.evidence import registered
from remedies.loaded import Loaded, compare


class Route:
    """Through files, `generations` times; remembers what the loaded model looked like."""

    def __init__(self, generations: int = 1, policy: str = "") -> None:
        self.generations, self.policy = generations, policy
        self.loaded = Loaded()
        self.disk_error: OSError | None = None

    def __call__(self, model: Any, folder: Path) -> Any:
        import keras

        loaded = model
        for generation in range(self.generations):
            path = folder / f"{generation}.keras"
            self._save(loaded, path)
            with keras.saving.custom_object_scope(registered(model)), _policy(self.policy):
                loaded = keras.saving.load_model(path)
        self.loaded = compare(model, loaded)
        return loaded

    def _save(self, model: Any, path: Path) -> None:
        try:
            model.save(path)
        except OSError as error:
            self.disk_error = error
            raise


@contextlib.contextmanager
def _policy(name: str) -> Iterator[None]:
    import keras

    before = keras.config.dtype_policy()
    if name:
        keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
