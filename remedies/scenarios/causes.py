"""Proof of the cause: what `call` raises on load, and what the loader does with it."""

from __future__ import annotations

from functools import partial
from typing import Any
from unittest import mock

import keras
from keras.src import backend
from keras.src.saving import saving_lib

from remedies.scenarios import bodies, scenario
from remedies.scenarios.bodies import Body
from remedies.scenarios.scenario import EAGERLY, NotApplicableError, Scenario, Trained, keras_file


class Asserting(Body):
    """A `call` that refuses any mask but a bool one, whatever it then does with it."""

    def call(self, inputs: Any) -> Any:
        dtype = keras.backend.standardize_dtype(inputs["mask"].dtype)
        if dtype != "bool":
            raise TypeError(f"the mask must be bool, not {dtype}")
        return super().call(inputs)


class EagerOnly(Body):
    """A `call` that reads a value, which no symbolic tensor has."""

    def call(self, inputs: Any) -> Any:
        shade = float(inputs["image"].numpy().mean())
        return super().call(inputs) + shade


class SetLater(Body):
    """A `call` that needs an attribute which only the script that trains sets."""

    def call(self, inputs: Any) -> Any:
        scale = self.scale  # before the layers: those that were called are built, and whole
        return super().call(inputs) * scale


def _true_dtypes(trained: Trained) -> Any:
    """Load with stand-ins of the dtypes that the model is really fed."""

    def trace(self: Any, shapes: Any) -> bool:
        dtypes = {"image": "float32", "mask": "bool"}
        inputs = {name: keras.KerasTensor(shapes[name], dtypes[name]) for name in dtypes}
        backend.compute_output_spec(self.call, inputs)
        return True

    with mock.patch.object(type(trained.model), "_build_by_run_for_single_pos_arg", trace):
        return keras_file(trained)


def _one_visit(trained: Trained) -> Any:
    """Load while the loader cannot meet each layer a second time, through `layers`."""
    name = next((n for n in ("_walk_saveable", "_walk_trackable") if hasattr(saving_lib, n)), "")
    if not name:
        raise NotApplicableError("this Keras walks a model in another way")
    walk = getattr(saving_lib, name)

    def once(saveable: Any) -> Any:
        return (pair for pair in walk(saveable) if pair[0] != "layers")

    with mock.patch.object(saving_lib, name, once):
        return keras_file(trained)


def _set_later(remedy: str) -> Any:
    model = bodies.make(remedy, SetLater)
    model.scale = 2.0
    return model


def _then_set(trained: Trained) -> Any:
    loaded = keras_file(trained)
    loaded.scale = 2.0
    return loaded


_ONLY_CONTROL = scenario.only("control", because="only the control needs it")
_NO_CALL = {bodies.FUNCTIONAL: "a functional model has no call of its own"}
_loader = partial(Scenario, "causes", excuses=_ONLY_CONTROL)
_in_call = partial(Scenario, "causes", excuses=_NO_CALL)

# fmt: off
SCENARIOS = (
    _loader("true_dtype", "Keras rebuilds the model on a bool stand-in for the mask", _true_dtypes),
    _loader("one_visit", "the loader meets each layer once, not again through `layers`",
            _one_visit),
    _in_call("asserts_dtype", "call raises on any mask but a bool one, before the remedy's line",
             body=Asserting),
    _in_call("eager_only", "call reads a value with .numpy(), run_eagerly=True",
             body=EagerOnly, compiling=EAGERLY),
    _in_call("set_later",
             "call needs an attribute that the script sets after it made or loaded the model",
             _then_set, make=_set_later),
)
