"""A subclassed model as a functional one: its `call`, traced on inputs of the true dtypes."""

from __future__ import annotations

from typing import Any

from remedies.feed import Feed, input_code, input_layers
from remedies.inventory import is_functional
from remedies.libraries import definer, of_framework
from remedies.problem import BadInputError, reason


def functional(model: Any, fed: Feed) -> Any:
    """Return a functional model of the layers of `model`, compiled as that is.

    Raises
    ------
    BadInputError
        Where there is none; the message is one line that says why.
    """
    import keras

    cls = type(model)
    if is_functional(model):
        raise BadInputError("it is functional already")
    for name in ("train_step", "compute_loss", "compile"):
        if not of_framework(definer(cls, name)):
            raise BadInputError(f"a functional model would lose its own {name}")
    if fed.spread or fed.x is None:
        raise BadInputError("its call takes several arguments, or its inputs are not known")
    inputs = input_layers(fed.x)
    try:
        made = keras.Model(inputs, model.call(inputs))
    except Exception as error:
        why = reason(error, 160)
        raise BadInputError(f"call cannot be traced on keras.Input: {why}") from error
    if len(made.weights) != len(model.weights):
        raise BadInputError(f"call reaches {len(made.weights)} of its {len(model.weights)} weights")
    if model.compiled:
        made.compile_from_config(model.get_compile_config())
    return made


def functional_code(fed: Feed) -> str:
    """Return the lines that make it of a model's inputs."""
    inputs = input_code(fed.x)
    return f"inputs = {inputs}\nmodel = keras.Model(inputs, model.call(inputs))"
