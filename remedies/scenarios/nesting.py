"""The operation in other places: inside another model, in a `Lambda`, straight on inputs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import keras

from remedies.scenarios import bodies, masking, operations
from remedies.scenarios.bodies import Make, Shapes, body, plain
from remedies.scenarios.experiment import scenario
from remedies.scenarios.making import EAGERLY, FUNCTIONAL, OVERRIDES, Trained, keras_files

_NO_CLASS = dict.fromkeys(OVERRIDES, "a functional model has no class to override")
_IS_PLAIN = {FUNCTIONAL: "its plain form is a layer in a functional model"}
_NOT_BARE = _NO_CLASS | {FUNCTIONAL: "its plain form has a layer of its own around tf.where"}
_NO_ATTRIBUTES = {FUNCTIONAL: "a functional model holds layers in its graph, not in attributes"}


def _block(remedy: str, shapes: Shapes) -> Any:
    return masking.written(remedy, bodies.Body, keras.layers.Layer)()


def _in_functional(make: Make) -> Make:
    def made(remedy: str, shapes: Shapes) -> Any:
        inputs = masking.stand_ins(shapes)
        return keras.Model(inputs, make(remedy, shapes)(inputs))

    return made


def _on_inputs(select: Callable[[str], Any], mask: str | None = "bool") -> Make:
    """Return the maker that uses ``select(remedy)(inputs)`` straight on functional inputs."""

    def make(remedy: str, shapes: Shapes) -> Any:
        chosen = select(remedy)
        inputs = masking.stand_ins(shapes, mask)
        flat = keras.layers.Flatten()(chosen(inputs))
        return keras.Model(inputs, keras.layers.Dense(2)(flat))

    return make


def _bare(remedy: str) -> Callable[[Any], Any]:
    select = masking.Where() if remedy == FUNCTIONAL else masking.WRITTEN[remedy]().select
    return lambda inputs: select(inputs["mask"], inputs["image"])


def _in_lambda(named: bool = False, **settings: Any) -> Make:
    """Put a registered function, or a Python lambda that does the same, into a `Lambda`."""

    def layer(remedy: str) -> Any:
        functions = operations.NAMED if named else operations.LAMBDAS
        return keras.layers.Lambda(functions[remedy], **settings)

    return _on_inputs(layer)


def _trusted(trained: Trained) -> Any:
    loaded = keras_files(1, safe_mode=False)(trained)
    loaded.predict_on_batch(trained.inputs)
    return loaded


def _held(make: Make, name: str, outer: str = "") -> Make:
    """Put the model into a subclassed one, written with remedy `outer` or the same."""

    def made(remedy: str, shapes: Shapes) -> Any:
        def init(self: Any, **kwargs: Any) -> None:
            bodies.Holding.__init__(self, **kwargs)
            self.inner = make(remedy, shapes)

        holding = type(f"{name}{remedy}", (bodies.Holding,), {"__init__": init})
        return masking.written(outer or remedy, holding)()

    return made


_row = partial(scenario, "nesting")
_holding = partial(_row, excuses=_NO_ATTRIBUTES)
_lambda = partial(scenario, "Lambda layer", excuses=_NOT_BARE)
_SHAPED = _in_lambda(output_shape=(8, 8, 3))
_NAMED = _in_lambda(named=True, output_shape=(8, 8, 3))

SCENARIOS = (
    _row(
        "bare", "the operation straight on keras.Input", make=_on_inputs(_bare), excuses=_NOT_BARE
    ),
    _row(
        "input_without_dtype",
        "the same, on a keras.Input without dtype; functional: in a layer",
        make=_on_inputs(_bare, mask=None),
        excuses=_NO_CLASS,
    ),
    _row(
        "layer_in_functional",
        "a masking layer in a functional model",
        make=_in_functional(_block),
        excuses=_IS_PLAIN,
    ),
    _row("model_in_functional", "the model in a functional model", make=_in_functional(plain)),
    _row(
        "layer_in_model",
        "a masking layer in a subclassed model",
        make=_held(_block, "Layer"),
        excuses=_IS_PLAIN,
    ),
    _row(
        "model_in_model",
        "the model in a subclassed model",
        make=_held(plain, "Model", outer="control"),
    ),
    _holding("list", "layers in a list", make=body(bodies.Listed)),
    _holding("dict_of_layers", "layers in a dict", make=body(bodies.Keyed)),
    _holding(
        "list_of_kinds",
        "Conv2D, normalizations, TimeDistributed, EinsumDense and LSTM in a list",
        make=body(bodies.Kinds),
        compiling=EAGERLY,
    ),
    _holding(
        "sequential_lstm",
        "a Sequential of an LSTM in a subclassed model",
        make=body(bodies.Recurrent),
        compiling=EAGERLY,
    ),
    _lambda("lambda", "the operation in a Lambda in a functional model", make=_in_lambda()),
    _lambda("lambda_shaped", "the same, its output_shape given", make=_SHAPED),
    _lambda(
        "lambda_unsafe",
        "the same, load_model(safe_mode=False), then predict",
        _trusted,
        make=_SHAPED,
    ),
    _lambda(
        "lambda_named", "the same with a registered function in place of the lambda", make=_NAMED
    ),
)
