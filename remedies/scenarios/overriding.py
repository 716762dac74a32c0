"""Methods that users override: other cures than the remedies, and mistakes, as they make them."""

from __future__ import annotations

from functools import partial
from typing import Any

from remedies.scenarios.experiment import (
    EAGERLY,
    FUNCTIONAL,
    OVERRIDES,
    WEIGHTS,
    Experiment,
    Scenario,
    Shapes,
    body,
    keras_files,
    only,
    sgd,
)

_ON_CONTROL = only("control", because="shown on the control")
_NO_OVERRIDE = only(*OVERRIDES, because="there is no override to get wrong")
_NO_WRAPPER = only(FUNCTIONAL, because="there is no layer around tf.where")


def _forgetful(remedy: str, shapes: Shapes) -> Any:
    import keras

    from remedies.scenarios import masking, overrides

    inputs = masking.stand_ins(shapes)
    flat = keras.layers.Flatten()(overrides.FilledWhere(fill=-1.0)(inputs["mask"], inputs["image"]))
    return keras.Model(inputs, keras.layers.Dense(2)(flat))


def _cure(name: str, description: str, written: str) -> Scenario:
    experiment = _on_control(written, keras_files(2))
    return Scenario("other cures, twice", name, description, experiment)


def _on_control(written: str, *route: Any, **settings: Any) -> Experiment:
    return Experiment(
        *route, make=body(written), compiling=EAGERLY, excuses=_ON_CONTROL, **settings
    )


def _override(written: str, **settings: Any) -> Experiment:
    return Experiment(make=body(written), compiling=EAGERLY, excuses=_NO_OVERRIDE, **settings)


_pitfall = partial(Scenario, "pitfalls")

SCENARIOS = (
    _cure("built", "a `build` that builds every layer", "Built"),
    _cure("called_on_zeros", "build_from_config calls the model on zeros", "CalledOnZeros"),
    _cure(
        "called_on_stand_ins",
        "build_from_config calls the model on KerasTensors of the right dtypes",
        "CalledOnStandIns",
    ),
    _cure("called_in_init", "`__init__` calls the model on keras.Input", "CalledInInit"),
    _cure("keeps_shapes", "build_from_config also sets _build_shapes_dict", "KeepsShapes"),
    _pitfall("half_built", "the override misses the last layer, Adam", _override("HalfBuilt")),
    _pitfall(
        "half_built_sgd",
        "the override misses the last layer, SGD",
        _override("HalfBuilt", optimizer=sgd),
    ),
    _pitfall(
        "late_layers",
        "the override makes layers in another order than build",
        _override("LateLayers"),
    ),
    _pitfall(
        "late_weights",
        "the override makes the model's weights in another order than build",
        _override("LateWeights"),
    ),
    _pitfall("empty_build", "a `build` that builds no layer, Adam", _on_control("EmptyBuild")),
    _pitfall(
        "empty_build_sgd",
        "a `build` that builds no layer, SGD",
        _on_control("EmptyBuild", optimizer=sgd),
    ),
    _pitfall(
        "empty_build_uncompiled",
        "the same, load_model(compile=False)",
        _on_control("EmptyBuild", keras_files(1, compile=False), keeps=WEIGHTS),
    ),
    _pitfall(
        "empty_override_sgd",
        "the override builds no layer, SGD",
        _override("EmptyOverride", optimizer=sgd),
    ),
    _pitfall(
        "built_backwards",
        "the override builds the layers of __init__ in another order: no mistake",
        _override("BuiltBackwards"),
    ),
    _pitfall(
        "shape_arithmetic",
        "the override adds a tuple to a recorded shape",
        _override("ShapeArithmetic"),
    ),
    _pitfall(
        "forgetful_layer",
        "a wrapper layer that leaves an argument out of get_config",
        Experiment(make=_forgetful, compiling=EAGERLY, excuses=_NO_WRAPPER),
    ),
)
