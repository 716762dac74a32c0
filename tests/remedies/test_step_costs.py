import math
import re
from contextlib import contextmanager

import numpy as np

from remedies.feed import Feed
from remedies.step_costs import measure

FED = Feed({"a": np.ones((4, 3), "float32")}, np.ones((4, 1), "float32"))


@contextmanager
def made(remedy):
    import keras

    if remedy == "raises":
        raise ValueError("of the user's")
    inputs = keras.Input((3,), name="a")
    hidden = keras.layers.Dense(256 if remedy == "wide" else 2)(inputs)
    model = keras.Model({"a": inputs}, keras.layers.Dense(1)(hidden))
    model.compile("sgd", "mse", jit_compile=False)
    yield model


def test_what_differs_is_timed_beside_the_control():
    asked = {("wide", "train"): False, ("wide", "predict"): True}
    said = measure(made, asked, FED, math.inf)
    interval = r"[+-][0-9.]+ {} .-?[0-9.]+, -?[0-9.]+., 3 makings"
    assert re.search(interval.format("%"), said["wide", "train"]), said
    assert re.search(interval.format("µs a step"), said["wide", "predict"]), said


def test_what_cannot_be_timed_says_why():
    asked = {("wide", "train"): False}
    assert measure(made, asked, FED, -math.inf)["wide", "train"] == "not timed: the budget is spent"
    raised = measure(made, {("raises", "train"): False}, FED, math.inf)
    assert "of the user's" in raised["raises", "train"]
