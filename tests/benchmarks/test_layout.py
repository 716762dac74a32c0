"""Drawing a step's memory anew: other places, the same numbers."""

import keras
import numpy as np
import tensorflow as tf

from benchmarks.layout import redrawing


def test_every_variable_and_tensor_moves_and_keeps_its_value():
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(64), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    data = {"bool": (tf.ones((4, 8)), tf.ones((4, 1)))}
    model.train_on_batch(*data["bool"])
    variables = [*model.variables, *model.optimizer.variables]

    def places():
        held = [variable.value.value() for variable in variables] + [*data["bool"]]
        return [np.asarray(memoryview(tensor)).ctypes.data for tensor in held]

    values = [variable.numpy() for variable in variables]
    redraw = redrawing([model], data)
    seen = [places()]
    for _ in range(8):
        redraw()
        seen.append(places())
    moved = [len(set(own)) for own in zip(*seen, strict=True)]
    assert min(moved) >= 3, moved
    assert all(map(np.array_equal, values, [variable.numpy() for variable in variables]))
    assert float(tf.reduce_sum(data["bool"][0])) == 32
