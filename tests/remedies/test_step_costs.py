import math
import re
import time
from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np

from remedies.comparing.step_costs import measure, on_cards
from remedies.feed import Feed

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


ORIGINAL = SimpleNamespace(live=made, fed=FED)


def test_what_differs_is_timed_beside_the_control():
    said = measure(ORIGINAL, "wide", {"train": False, "predict": True}, math.inf, 0)
    for step, unit in (("train", "%"), ("predict", "µs a step")):
        interval = rf"[+-][0-9.]+ {unit} .-?[0-9.]+, -?[0-9.]+., 3 makings"
        assert re.search(interval, said[step]), said


def test_what_cannot_be_timed_says_why():
    soon = time.monotonic() + 60  # less than a launch takes
    late = measure(ORIGINAL, "wide", {"train": False}, soon, 61)
    assert late == {"train": "not timed: the budget is spent"}
    failed = measure(ORIGINAL, "raises", {"train": False}, math.inf, 0)
    assert "of the user's" in failed["train"]


def test_what_differs_on_a_card_is_said_with_the_card_and_the_step():
    small, large = ({"meaning": str(n), "counts": {"compares": n}} for n in (1, 2))
    control, own = {"train": "a", "predict": "b"}, {"train": "a", "predict": "c"}
    cards = {"a100": {"a": small, "b": small, "c": small}, "h100": {"a": small, "b": small}}
    assert on_cards(control, control, cards) == "same program"
    more = cards | {"h100": {"a": small, "b": small, "c": large}}
    assert on_cards(own, control, more) == "h100 predict: +1 compare"
    assert on_cards(own, control, cards) == "h100 predict: not compared: c"
