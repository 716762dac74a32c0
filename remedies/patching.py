"""The way to give a class other methods for a while: to watch it, or to try a cure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any


@contextmanager
def patched(cls: type, methods: Mapping[str, Any]) -> Iterator[None]:
    """Let `cls` have `methods` inside the block, and exactly its own ones again after it."""
    kept = {name: vars(cls)[name] for name in methods if name in vars(cls)}
    try:
        for name, method in methods.items():
            setattr(cls, name, method)
        yield
    finally:
        for name in methods:
            if name in kept:
                setattr(cls, name, kept[name])
            elif name in vars(cls):
                delattr(cls, name)


def methods_of(code: str, cls: type) -> dict[str, Any]:
    """Return the names that `code` would define if it stood in the body of `cls`.

    So a cure is tried from the very text that the user is given to paste. ``super()`` works.
    """
    import keras
    import numpy as np
    import tensorflow as tf

    body = "\n".join(f"    {text}" for text in code.splitlines())
    space: dict[str, Any] = {"keras": keras, "np": np, "tf": tf}
    exec(f"def methods(__class__):\n{body}\n    return locals()", space)  # noqa: S102 - our text
    methods: dict[str, Any] = space["methods"](cls)
    methods.pop("__class__")
    return methods
