"""Proof of the cause: take one thing away from Keras' loader and see the outcome change."""

from __future__ import annotations

from typing import Any
from unittest import mock

from remedies.scenarios.case import (
    FUNCTIONAL,
    REMEDIES,
    Case,
    NotApplicableError,
    Trained,
    keras_file,
)
from remedies.scenarios.nesting import body
from remedies.scenarios.scenario import Scenario

_CONTROL_ONLY = {name: "only the control needs it" for name in REMEDIES if name != "control"}


def _true_dtypes(trained: Trained) -> Any:
    """Load with stand-ins of the dtypes that the model is really fed."""
    import keras
    from keras.src import backend

    def trace(self: Any, shapes: Any) -> bool:
        dtypes = {"image": "float32", "mask": "bool"}
        inputs = {name: keras.KerasTensor(shapes[name], dtypes[name]) for name in dtypes}
        backend.compute_output_spec(self.call, inputs)
        return True

    with mock.patch.object(type(trained.model), "_build_by_run_for_single_pos_arg", trace):
        return keras_file(trained)


def _one_visit(trained: Trained) -> Any:
    """Load while the loader cannot meet each layer a second time, through `layers`."""
    from keras.src.saving import saving_lib

    name = next((n for n in ("_walk_saveable", "_walk_trackable") if hasattr(saving_lib, n)), "")
    if not name:
        raise NotApplicableError("this Keras walks a model in another way")
    walk = getattr(saving_lib, name)

    def once(saveable: Any) -> Any:
        return (pair for pair in walk(saveable) if pair[0] != "layers")

    with mock.patch.object(saving_lib, name, once):
        return keras_file(trained)


def _set_later(remedy: str, shapes: Any) -> Any:
    model = body("SetLater")(remedy, shapes)
    model.scale = 2.0
    return model


def _then_set(trained: Trained) -> Any:
    loaded = keras_file(trained)
    loaded.scale = 2.0
    return loaded


_NO_CALL = {FUNCTIONAL: "a functional model has no call of its own"}

SCENARIOS = (
    Scenario(
        "true_dtype",
        "causes",
        "Keras rebuilds the model on a bool stand-in for the mask",
        Case(_true_dtypes, excuses=_CONTROL_ONLY),
        core=True,
    ),
    Scenario(
        "one_visit",
        "causes",
        "the loader meets each layer once, not again through `layers`",
        Case(_one_visit, excuses=_CONTROL_ONLY),
        core=True,
    ),
    Scenario(
        "asserts_dtype",
        "causes",
        "call raises on any mask but a bool one, before the remedy's line",
        Case(
            make=body("Asserting"),
            excuses=_NO_CALL,
        ),
    ),
    Scenario(
        "eager_only",
        "causes",
        "call reads a value with .numpy(), run_eagerly=True",
        Case(make=body("EagerOnly"), compiling={"run_eagerly": True}, excuses=_NO_CALL),
    ),
    Scenario(
        "set_later",
        "causes",
        "call needs an attribute that the script sets after it made or loaded the model",
        Case(_then_set, make=_set_later, excuses=_NO_CALL),
    ),
)
