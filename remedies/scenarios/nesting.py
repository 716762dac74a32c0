"""The masking layer or model inside another one, and layers held in lists and dicts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from remedies.scenarios.case import EAGERLY, FUNCTIONAL, Case, plain
from remedies.scenarios.scenario import Scenario

Make = Callable[[str, Any], Any]


def body(name: str, pack: Any = dict, widths: tuple[int, ...] = (2,)) -> Make:
    """Return the maker of the body of this name; `pack` and `widths` are the functional form's."""

    def make(remedy: str, shapes: Any) -> Any:
        from remedies.scenarios import bodies, family, overrides

        if remedy == FUNCTIONAL:
            return family.functional(shapes, pack, widths)
        found = getattr(bodies, name, None) or getattr(overrides, name)
        return family.written(remedy, found)()

    return make


def _block(remedy: str) -> Any:
    import keras

    from remedies.scenarios import family

    return family.written(remedy, family.Body, keras.layers.Layer)()


def _on_inputs(layer: Callable[[Any], Any]) -> Any:
    import keras

    from remedies.scenarios import family

    inputs = family.stand_ins()
    return keras.Model(inputs, layer(inputs))


def _bare(remedy: str, shapes: Any) -> Any:
    import keras

    from remedies.scenarios import family

    select = family.WRITTEN[remedy]().select
    dense, flatten = keras.layers.Dense(2), keras.layers.Flatten()
    return _on_inputs(lambda inputs: dense(flatten(select(inputs["mask"], inputs["image"]))))


def _without_dtype(remedy: str, shapes: Any) -> Any:
    import keras

    from remedies.scenarios import family

    select = family.Where() if remedy == FUNCTIONAL else family.WRITTEN[remedy]().select
    inputs = family.stand_ins(mask=None)
    kept = select(inputs["mask"], inputs["image"])
    return keras.Model(inputs, keras.layers.Dense(2)(keras.layers.Flatten()(kept)))


def _layer_in_functional(remedy: str, shapes: Any) -> Any:
    return _on_inputs(_block(remedy))


def _model_in_functional(remedy: str, shapes: Any) -> Any:
    return _on_inputs(plain(remedy, shapes))


def _held(remedy: str, make: Callable[[str], Any], outer: str, name: str) -> Any:
    """Return a subclassed model that makes its `inner` itself, written with remedy `outer`."""
    from remedies.scenarios import bodies, family

    def init(self: Any, **kwargs: Any) -> None:
        bodies.Holding.__init__(self, **kwargs)
        self.inner = make(remedy)

    made = type(f"{name}{remedy}", (bodies.Holding,), {"__init__": init})
    return family.written(outer, made)()


def _layer_in_model(remedy: str, shapes: Any) -> Any:
    return _held(remedy, _block, remedy, "Layer")


def _model_in_model(remedy: str, shapes: Any) -> Any:
    return _held(remedy, lambda name: plain(name, shapes), "control", "Model")


_NO_CLASS = "a functional model has no class to override"
_NO_ATTRIBUTES = "a functional model holds layers in its graph, not in attributes"
_IS_PLAIN = "its plain form is a layer in a functional model"

SCENARIOS = tuple(
    Scenario(name, "nesting", about, case, core=name == "model_in_model")
    for name, about, case in (
        (
            "bare",
            "the operation straight on keras.Input",
            Case(
                make=_bare,
                excuses={
                    "build_from_config": _NO_CLASS,
                    "build_from_config_pair": _NO_CLASS,
                    FUNCTIONAL: "its plain form has a layer around tf.where",
                },
            ),
        ),
        (
            "input_without_dtype",
            "the same, on a keras.Input without dtype; functional: in a layer",
            Case(
                make=_without_dtype,
                excuses={"build_from_config": _NO_CLASS, "build_from_config_pair": _NO_CLASS},
            ),
        ),
        (
            "layer_in_functional",
            "a masking layer in a functional model",
            Case(make=_layer_in_functional, excuses={FUNCTIONAL: _IS_PLAIN}),
        ),
        ("model_in_functional", "the model in a functional model", Case(make=_model_in_functional)),
        (
            "layer_in_model",
            "a masking layer in a subclassed model",
            Case(make=_layer_in_model, excuses={FUNCTIONAL: _IS_PLAIN}),
        ),
        ("model_in_model", "the model in a subclassed model", Case(make=_model_in_model)),
        (
            "list",
            "layers in a list",
            Case(make=body("Listed"), excuses={FUNCTIONAL: _NO_ATTRIBUTES}),
        ),
        (
            "dict_of_layers",
            "layers in a dict",
            Case(make=body("Keyed"), excuses={FUNCTIONAL: _NO_ATTRIBUTES}),
        ),
        (
            "list_of_kinds",
            "Conv2D, normalizations, TimeDistributed, EinsumDense and LSTM in a list",
            Case(make=body("Kinds"), compiling=EAGERLY, excuses={FUNCTIONAL: _NO_ATTRIBUTES}),
        ),
        (
            "sequential_lstm",
            "a Sequential of an LSTM in a subclassed model",
            Case(make=body("Recurrent"), compiling=EAGERLY, excuses={FUNCTIONAL: _NO_ATTRIBUTES}),
        ),
    )
)
