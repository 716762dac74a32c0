"""How image and mask arrive, and other operations on them that refuse a float mask."""

from __future__ import annotations

from functools import partial
from typing import Any

from remedies.scenarios.experiment import (
    EAGERLY,
    FUNCTIONAL,
    Experiment,
    Make,
    Scenario,
    Shapes,
    body,
)


def _tuple(inputs: dict[str, Any]) -> tuple[Any, ...]:
    return inputs["image"], inputs["mask"]


def _list(inputs: dict[str, Any]) -> list[Any]:
    return [inputs["image"], inputs["mask"]]


def _packed(name: str, pack: Any) -> Experiment:
    return Experiment(make=body(name, pack), pack=pack)


def _using(operation: str) -> Make:
    """Return the maker of the plain model, with another operation in place of `tf.where`."""

    def make(remedy: str, shapes: Shapes) -> Any:
        from remedies.scenarios import bodies, masking

        if remedy == FUNCTIONAL:
            return masking.functional(shapes, operation=operation)
        return masking.written(remedy, bodies.operating(operation))()

    return make


def _operation(name: str, description: str, fed: str) -> Scenario:
    experiment = Experiment(make=_using(name), fed=fed, compiling=EAGERLY)
    return Scenario("ops other than tf.where", name, description, experiment)


_structure = partial(Scenario, "input structures")
_shape = partial(Scenario, "mask shapes")
_fed = partial(Scenario, "fed dtypes")

SCENARIOS = (
    _structure("tuple", "image and mask in a tuple", _packed("Packed", _tuple)),
    _structure(
        "two_arguments",
        "call(image, mask); functional: a list",
        _packed("TwoArguments", _list),
        core=True,
    ),
    _structure(
        "dict_and_argument",
        'call({"image": ...}, mask); functional: a list',
        _packed("DictAndArgument", _list),
    ),
    _shape("mask_one_channel", "mask [B,H,W,1] on an image [B,H,W,3]", Experiment(mask=(8, 8, 1))),
    _shape(
        "mask_broadcasts_image", "mask [B,H,W,3] on an image [B,H,W,1]", Experiment(image=(8, 8, 1))
    ),
    _fed("fed_float32", "mask of 0 and 1 fed as float32", Experiment(fed="float32"), core=True),
    _fed("fed_int32", "mask of 0 and 1 fed as int32", Experiment(fed="int32")),
    _fed("fed_uint8", "mask of 0 and 1 fed as uint8", Experiment(fed="uint8")),
    _operation("gather", "tf.gather of int32; ops: keras.ops.take", "int32"),
    _operation("one_hot", "tf.one_hot of int32", "int32"),
    _operation("and", "mask & (image > 0.5); ops: logical_and", "bool"),
    _operation("invert", "~mask; ops: logical_not", "bool"),
    _operation("reduce_any", "tf.reduce_any; ops: any", "bool"),
    _operation("add_constant", "an int32 plus tf.constant(1); ops: add", "int32"),
    _operation("take", "keras.ops.take of int32; ops: take_along_axis", "int32"),
    _operation("boolean_mask", "tf.boolean_mask, which takes a float mask", "bool"),
)
