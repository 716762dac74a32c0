"""Methods that users override: other cures than the remedies, mistakes, and proof of the cause."""

from functools import partial
from typing import Any, ClassVar
from unittest import mock

import keras
from keras.src import backend
from keras.src.saving import saving_lib

from remedies.registry import REMEDIES
from remedies.scenarios import bodies, scenario
from remedies.scenarios.bodies import Body, Two
from remedies.scenarios.scenario import EAGERLY, Scenario, Trained, keras_file


class _Built(Body):
    def build(self, input_shape: Any) -> None:
        self.build_steps(input_shape)


class _EmptyBuild(Body):
    def build(self, input_shape: Any) -> None:
        self.built = True


class _CalledOnZeros(Body):
    def build_from_config(self, config: Any) -> None:
        shapes, zeros = config["input_shape"], keras.ops.zeros
        self({"image": zeros(shapes["image"]), "mask": zeros(shapes["mask"], "bool")})


class _KeepsShapes(Body):
    def build_from_config(self, config: Any) -> None:
        self.build_steps(config["input_shape"])
        self._build_shapes_dict = config


class _CalledInInit(Body):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self(bodies.stand_ins())


class _HalfBuilt(Two):
    # The article's override copied to a bigger model.
    def build_steps(self, shapes: Any) -> None:
        self.hidden.build((None, 192))


class _BuiltBackwards(Two):
    def build_steps(self, shapes: Any) -> None:
        self.dense.build((None, 4))
        self.hidden.build((None, 192))


class _ShapeArithmetic(Body):
    def build_steps(self, shapes: Any) -> None:
        self.dense.build(shapes["image"][:1] + (192,))  # noqa: RUF005 - the mistake


class _LateLayers(Body):
    parts: ClassVar = {"flatten": keras.layers.Flatten}

    def build(self, input_shape: Any) -> None:
        self._make("first", "last")

    def build_steps(self, shapes: Any) -> None:
        self._make("last", "first")

    def _make(self, *names: str) -> None:
        for name in names:
            setattr(self, name, keras.layers.Dense(2))
            getattr(self, name).build((None, 192))

    def run(self, mask: Any, image: Any) -> Any:
        flat = self.flatten(self.select(mask, image))
        return self.first(flat) - 2 * self.last(flat)


class _EagerOnly(Body):
    # No symbolic tensor has `numpy`.
    def call(self, inputs: Any) -> Any:
        return float(inputs["image"].numpy().mean()) + super().call(inputs)


class _SetLater(Body):
    def call(self, inputs: Any) -> Any:
        # First, since layers that were called are built, and whole.
        return self.scale * super().call(inputs)


def _scaled(model: Any) -> Any:
    model.scale = 2.0
    return model


def _true_dtypes(trained: Trained) -> Any:
    """Load with stand-ins of the dtypes that the model is really fed."""

    def trace(self: Any, shapes: Any) -> bool:
        backend.compute_output_spec(self.call, bodies.stand_ins())
        return True

    with mock.patch.object(type(trained.model), "_build_by_run_for_single_pos_arg", trace):
        return keras_file(trained)


def _one_visit(trained: Trained) -> Any:
    """Load while the loader cannot meet each layer a second time, through `layers`."""
    # The second is what old releases call it.
    name = "_walk_saveable" if hasattr(saving_lib, "_walk_saveable") else "_walk_trackable"
    walk = getattr(saving_lib, name)

    def once(saveable: Any) -> Any:
        return (pair for pair in walk(saveable) if pair[0] != "layers")

    with mock.patch.object(saving_lib, name, once):
        return keras_file(trained)


_OTHERS = {*REMEDIES} - {"control"}
_ON_CONTROL = dict.fromkeys(_OTHERS, "shown on the control")
_NO_OVERRIDE = dict.fromkeys(
    {*REMEDIES} - {*scenario.OVERRIDES}, "there is no override to get wrong"
)
_override = partial(Scenario, "pitfalls", compiling=EAGERLY, excuses=_NO_OVERRIDE)
_empty_build = partial(_override, body=_EmptyBuild, excuses=_ON_CONTROL)
_loader = partial(Scenario, "causes", excuses=dict.fromkeys(_OTHERS, "only the control needs it"))

# fmt: off
_cure = partial(Scenario, "other cures, twice", route=scenario.keras_file_twice,
                compiling=EAGERLY, excuses=_ON_CONTROL)
_in_call = partial(Scenario, "causes",
                   excuses={bodies.FUNCTIONAL: "a functional model has no call of its own"})
SCENARIOS = (
    _cure("built", "a `build` that builds every layer", body=_Built),
    _cure("called_on_zeros", "build_from_config calls the model on zeros", body=_CalledOnZeros),
    _cure("called_in_init", "`__init__` calls the model on keras.Input", body=_CalledInInit),
    _cure("keeps_shapes", "build_from_config also sets _build_shapes_dict", body=_KeepsShapes),
    _override("half_built", "the override misses the last layer, Adam", body=_HalfBuilt),
    _override("half_built_sgd", "the override misses the last layer, SGD", body=_HalfBuilt,
              optimizer=scenario.sgd),
    _override("late_layers", "the override makes layers in another order than build",
              body=_LateLayers),
    _empty_build("empty_build", "a `build` that builds no layer, Adam"),
    _empty_build("empty_build_sgd", "a `build` that builds no layer, SGD", optimizer=scenario.sgd),
    _empty_build("empty_build_uncompiled", "the same, load_model(compile=False)",
                 partial(keras_file, compile=False), keeps=scenario.WEIGHTS),
    _override("built_backwards",
              "the override builds the layers of __init__ in another order: no mistake",
              body=_BuiltBackwards),
    _override("shape_arithmetic", "the override adds a tuple to a recorded shape",
              body=_ShapeArithmetic),
    _loader("true_dtype", "Keras rebuilds the model on a bool stand-in for the mask", _true_dtypes),
    _loader("one_visit", "the loader meets each layer once, not again through `layers`",
            _one_visit),
    _in_call("eager_only", "call reads a value with .numpy(), run_eagerly=True",
             body=_EagerOnly, compiling=EAGERLY),
    _in_call("set_later",
             "call needs an attribute that the script sets after it made or loaded the model",
             lambda trained: _scaled(keras_file(trained)),
             make=lambda remedy, *_: _scaled(bodies.make(remedy, _SetLater))),
)
