"""How image and mask arrive, and other operations on them that refuse a float mask."""

from __future__ import annotations

from functools import partial
from typing import Any

from remedies.scenarios import bodies, masking
from remedies.scenarios.bodies import Make, Shapes, body
from remedies.scenarios.experiment import Scenario, scenario
from remedies.scenarios.making import EAGERLY, FUNCTIONAL


def _tuple(inputs: dict[str, Any]) -> tuple[Any, ...]:
    return inputs["image"], inputs["mask"]


def _list(inputs: dict[str, Any]) -> list[Any]:
    return [inputs["image"], inputs["mask"]]


def _using(operation: str) -> Make:
    """Return the maker of the plain model, with another operation in place of `tf.where`."""

    def make(remedy: str, shapes: Shapes) -> Any:
        if remedy == FUNCTIONAL:
            return masking.functional(shapes, operation=operation)
        body: Any = bodies.operating(operation)
        return masking.written(remedy, body)()

    return make


def _structure(name: str, description: str, written: type[bodies.Body], pack: Any) -> Scenario:
    make = body(written, pack)
    return scenario("input structures", name, description, make=make, pack=pack)


_shape = partial(scenario, "mask shapes")
_fed = partial(scenario, "fed dtypes")


def _operation(name: str, description: str, fed: str) -> Scenario:
    group, make = "ops other than tf.where", _using(name)
    return scenario(group, name, description, make=make, fed=fed, compiling=EAGERLY)


SCENARIOS = (
    _structure("tuple", "image and mask in a tuple", bodies.Packed, _tuple),
    _structure(
        "two_arguments", "call(image, mask); functional: a list", bodies.TwoArguments, _list
    ),
    _structure(
        "dict_and_argument",
        'call({"image": ...}, mask); functional: a list',
        bodies.DictAndArgument,
        _list,
    ),
    _shape("mask_one_channel", "mask [B,H,W,1] on an image [B,H,W,3]", mask=(8, 8, 1)),
    _shape("mask_broadcasts_image", "mask [B,H,W,3] on an image [B,H,W,1]", image=(8, 8, 1)),
    _fed("fed_float32", "mask of 0 and 1 fed as float32", fed="float32"),
    _fed("fed_int32", "mask of 0 and 1 fed as int32", fed="int32"),
    _fed("fed_uint8", "mask of 0 and 1 fed as uint8", fed="uint8"),
    _operation("gather", "tf.gather of int32; ops: keras.ops.take", "int32"),
    _operation("one_hot", "tf.one_hot of int32", "int32"),
    _operation("and", "mask & (image > 0.5); ops: logical_and", "bool"),
    _operation("invert", "~mask; ops: logical_not", "bool"),
    _operation("reduce_any", "tf.reduce_any; ops: any", "bool"),
    _operation("add_constant", "an int32 plus tf.constant(1); ops: add", "int32"),
    _operation("take", "keras.ops.take of int32; ops: take_along_axis", "int32"),
    _operation("boolean_mask", "tf.boolean_mask, which takes a float mask", "bool"),
)
