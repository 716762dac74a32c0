"""Mistakes that a remedy invites, as its user would make them."""

from __future__ import annotations

from typing import Any

from remedies.scenarios.case import EAGERLY, FUNCTIONAL, REMEDIES, WEIGHTS, Case
from remedies.scenarios.generations import generations, sgd
from remedies.scenarios.nesting import body
from remedies.scenarios.scenario import Scenario

_OVERRIDES = ("build_from_config", "build_from_config_pair")
_NO_OVERRIDE = {
    name: "there is no override to get wrong" for name in REMEDIES if name not in _OVERRIDES
}
_ON_CONTROL = {name: "shown on the control" for name in REMEDIES if name != "control"}
_NO_WRAPPER = {name: "there is no layer around tf.where" for name in REMEDIES if name != FUNCTIONAL}


def _forgetful(remedy: str, shapes: Any) -> Any:
    import keras

    from remedies.scenarios import family, overrides

    inputs = family.stand_ins(shapes)
    flat = keras.layers.Flatten()(overrides.FilledWhere(fill=-1.0)(inputs["mask"], inputs["image"]))
    return keras.Model(inputs, keras.layers.Dense(2)(flat))


SCENARIOS = tuple(
    Scenario(name, "pitfalls", about, case)
    for name, about, case in (
        (
            "half_built",
            "the override misses the last layer, Adam",
            Case(make=body("HalfBuilt"), compiling=EAGERLY, excuses=_NO_OVERRIDE),
        ),
        (
            "half_built_sgd",
            "the override misses the last layer, SGD",
            Case(make=body("HalfBuilt"), optimizer=sgd, compiling=EAGERLY, excuses=_NO_OVERRIDE),
        ),
        (
            "late_layers",
            "the override makes layers in another order than build",
            Case(make=body("LateLayers"), compiling=EAGERLY, excuses=_NO_OVERRIDE),
        ),
        (
            "late_weights",
            "the override makes the model's weights in another order than build",
            Case(make=body("LateWeights"), compiling=EAGERLY, excuses=_NO_OVERRIDE),
        ),
        (
            "empty_build",
            "a `build` that builds no layer, Adam",
            Case(make=body("EmptyBuild"), compiling=EAGERLY, excuses=_ON_CONTROL),
        ),
        (
            "empty_build_sgd",
            "a `build` that builds no layer, SGD",
            Case(make=body("EmptyBuild"), optimizer=sgd, compiling=EAGERLY, excuses=_ON_CONTROL),
        ),
        (
            "empty_build_uncompiled",
            "the same, load_model(compile=False)",
            Case(
                generations(1, compile=False),
                make=body("EmptyBuild"),
                keeps=WEIGHTS,
                compiling=EAGERLY,
                excuses=_ON_CONTROL,
            ),
        ),
        (
            "empty_override_sgd",
            "the override builds no layer, SGD",
            Case(
                make=body("EmptyOverride"), optimizer=sgd, compiling=EAGERLY, excuses=_NO_OVERRIDE
            ),
        ),
        (
            "built_backwards",
            "the override builds the layers of __init__ in another order: no mistake",
            Case(make=body("BuiltBackwards"), compiling=EAGERLY, excuses=_NO_OVERRIDE),
        ),
        (
            "shape_arithmetic",
            "the override adds a tuple to a recorded shape",
            Case(make=body("ShapeArithmetic"), compiling=EAGERLY, excuses=_NO_OVERRIDE),
        ),
        (
            "forgetful_layer",
            "a wrapper layer that leaves an argument out of get_config",
            Case(make=_forgetful, compiling=EAGERLY, excuses=_NO_WRAPPER),
        ),
    )
)
