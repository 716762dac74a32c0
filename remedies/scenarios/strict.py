"""The same fault elsewhere: other operations than `tf.where` that are particular about dtypes."""

from __future__ import annotations

from typing import Any

from remedies.scenarios.case import EAGERLY, FUNCTIONAL, Case
from remedies.scenarios.nesting import Make
from remedies.scenarios.scenario import Scenario


def _using(name: str) -> Make:
    """Return the maker of the plain model, with operation `name` in place of `tf.where`."""

    def make(remedy: str, shapes: Any) -> Any:
        from remedies.scenarios import family

        if remedy == FUNCTIONAL:
            return family.functional(shapes, operation=name)
        body: Any = family.operating(name)
        return family.written(remedy, body)()

    return make


_OPERATIONS = (
    ("gather", "tf.gather of int32; ops: keras.ops.take", "int32"),
    ("one_hot", "tf.one_hot of int32", "int32"),
    ("and", "mask & (image > 0.5); ops: logical_and", "bool"),
    ("invert", "~mask; ops: logical_not", "bool"),
    ("reduce_any", "tf.reduce_any; ops: any", "bool"),
    ("add_constant", "an int32 plus tf.constant(1); ops: add", "int32"),
    ("take", "keras.ops.take of int32; ops: take_along_axis", "int32"),
    ("boolean_mask", "tf.boolean_mask, which is not strict", "bool"),
)

SCENARIOS = tuple(
    Scenario(
        name, "ops other than tf.where", about, Case(make=_using(name), fed=fed, compiling=EAGERLY)
    )
    for name, about, fed in _OPERATIONS
)
