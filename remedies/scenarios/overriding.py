"""Methods that users override: other cures than the remedies, and mistakes, as they make them."""

from __future__ import annotations

from functools import partial
from typing import Any

import keras
import tensorflow as tf

from remedies.scenarios import bodies, scenario
from remedies.scenarios.bodies import Body, Two, build_each
from remedies.scenarios.scenario import EAGERLY, OVERRIDES, Scenario, keras_files, only, sgd


class Built(Body):
    """A `build` that builds every layer."""

    def build(self, input_shape: Any) -> None:
        self.build_steps({"input_shape": input_shape})


class EmptyBuild(Body):
    """A `build` that builds no layer."""

    def build(self, input_shape: Any) -> None:
        self.built = True


class CalledOnZeros(Body):
    """A `build_from_config` that calls the model on zeros of the dtypes it is fed."""

    stand_in: Any = staticmethod(keras.ops.zeros)

    def build_from_config(self, config: Any) -> None:
        shapes, dtypes = config["input_shape"], {"image": "float32", "mask": "bool"}
        self({name: self.stand_in(shapes[name], dtype) for name, dtype in dtypes.items()})


class CalledOnStandIns(CalledOnZeros):
    """The same on Keras' own stand-ins of these dtypes."""

    stand_in = keras.KerasTensor


class KeepsShapes(Body):
    """The article's override, which also sets what Keras' own `get_build_config` returns."""

    def build_from_config(self, config: Any) -> None:
        self.build_steps(config)
        self._build_shapes_dict = config


class CalledInInit(Body):
    """Calls itself on `keras.Input` of the dtypes it is fed, as soon as it is made."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self(bodies.stand_ins())


class HalfBuilt(Two):
    """The article's override copied to a bigger model: it misses the last layer."""

    def build_steps(self, config: Any) -> None:
        build_each(self.steps()[:-1], self.image_shape(config))


class EmptyOverride(Body):
    """An override that builds no layer."""

    def build_steps(self, config: Any) -> None:
        """Build nothing."""


class BuiltBackwards(Two):
    """An override that builds the layers of `__init__` in another order than `call` does."""

    def build_steps(self, config: Any) -> None:
        self.dense.build((None, 4))
        self.hidden.build((None, 192))
        self.flatten.build(self.image_shape(config))


class ShapeArithmetic(Body):
    """An override that adds to a recorded shape as if it were a tuple."""

    def build_steps(self, config: Any) -> None:
        self.dense.build(self.image_shape(config)[:1] + (192,))  # noqa: RUF005 - the mistake


class LateLayers(Body):
    """Two layers that `build` makes; the override makes them the other way round."""

    def build(self, input_shape: Any) -> None:
        self.make("first", "last")

    def build_steps(self, config: Any) -> None:
        self.make("last", "first")

    def make(self, *names: str) -> None:
        """Make the layers in this order."""
        del self.dense
        for name in names:
            setattr(self, name, keras.layers.Dense(2))
            getattr(self, name).build((None, 192))

    def run(self, mask: Any, image: Any) -> Any:
        flat = self.flatten(self.select(mask, image))
        return self.first(flat) - 2 * self.last(flat)


class LateWeights(LateLayers):
    """The same with weights of the model itself."""

    def make(self, *names: str) -> None:
        del self.dense
        for name in names:
            setattr(self, name, self.add_weight(shape=(192, 2), name=name))

    def run(self, mask: Any, image: Any) -> Any:
        flat = self.flatten(self.select(mask, image))
        return flat @ self.first - 2 * (flat @ self.last)


@bodies.register
class FilledWhere(keras.layers.Layer):  # type: ignore[misc]
    """A layer whose `get_config` leaves out what it fills with."""

    def __init__(self, fill: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.fill = fill

    def call(self, mask: Any, image: Any) -> Any:
        return tf.where(mask, image, self.fill)

    def get_config(self) -> Any:
        return {"name": self.name, "dtype": self.dtype}


def _forgetful(remedy: str) -> Any:
    return bodies.functional(FilledWhere(fill=-1.0))


_ON_CONTROL = only("control", because="shown on the control")
_NO_OVERRIDE = only(*OVERRIDES, because="there is no override to get wrong")
_NO_WRAPPER = only(bodies.FUNCTIONAL, because="there is no layer around tf.where")
_pitfall = partial(Scenario, "pitfalls", compiling=EAGERLY)
_empty_build = partial(_pitfall, body=EmptyBuild, excuses=_ON_CONTROL)
_override = partial(_pitfall, excuses=_NO_OVERRIDE)
_cure = partial(Scenario, "other cures, twice", route=keras_files(2), compiling=EAGERLY,
                excuses=_ON_CONTROL)  # fmt: skip

# fmt: off
SCENARIOS = (
    _cure("built", "a `build` that builds every layer", body=Built),
    _cure("called_on_zeros", "build_from_config calls the model on zeros", body=CalledOnZeros),
    _cure("called_on_stand_ins",
          "build_from_config calls the model on KerasTensors of the right dtypes",
          body=CalledOnStandIns),
    _cure("called_in_init", "`__init__` calls the model on keras.Input", body=CalledInInit),
    _cure("keeps_shapes", "build_from_config also sets _build_shapes_dict", body=KeepsShapes),
    _override("half_built", "the override misses the last layer, Adam", body=HalfBuilt),
    _override("half_built_sgd", "the override misses the last layer, SGD", body=HalfBuilt,
              optimizer=sgd),
    _override("late_layers", "the override makes layers in another order than build",
              body=LateLayers),
    _override("late_weights", "the override makes the model's weights in another order than build",
              body=LateWeights),
    _empty_build("empty_build", "a `build` that builds no layer, Adam"),
    _empty_build("empty_build_sgd", "a `build` that builds no layer, SGD", optimizer=sgd),
    _empty_build("empty_build_uncompiled", "the same, load_model(compile=False)",
                 keras_files(1, compile=False), keeps=scenario.WEIGHTS),
    _override("empty_override_sgd", "the override builds no layer, SGD", body=EmptyOverride,
              optimizer=sgd),
    _override("built_backwards",
              "the override builds the layers of __init__ in another order: no mistake",
              body=BuiltBackwards),
    _override("shape_arithmetic", "the override adds a tuple to a recorded shape",
              body=ShapeArithmetic),
    _pitfall("forgetful_layer", "a wrapper layer that leaves an argument out of get_config",
             make=_forgetful, excuses=_NO_WRAPPER),
)
