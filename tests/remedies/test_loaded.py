from __future__ import annotations

from typing import Any

import keras
import numpy as np

from remedies.loaded import attribute_names, compare


class Inner(keras.layers.Layer):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dense = keras.layers.Dense(2)

    def call(self, values: Any) -> Any:
        return self.dense(values)


class Outer(keras.Model):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.blocks = [Inner(), Inner()]
        self.heads = {"left": keras.layers.Dense(2)}
        self.tower = keras.Sequential([keras.layers.Dense(2, name="low")])

    def call(self, values: Any) -> Any:
        for block in self.blocks:
            values = block(values)
        return self.tower(self.heads["left"](values))


NAMES = {"blocks[0].dense", "blocks[1].dense", "heads['left']", "tower.low"}


def test_layers_are_called_what_the_user_calls_them() -> None:
    found = set(attribute_names(Outer()).values())
    assert found == NAMES | {"blocks[0]", "blocks[1]", "tower"}


def test_layers_are_paired_though_only_one_model_is_built() -> None:
    built, bare = Outer(), Outer()
    built(np.ones((1, 3), "float32"))
    assert set(compare(built, bare).unbuilt) == NAMES
    assert compare(built, built).unbuilt == ()
