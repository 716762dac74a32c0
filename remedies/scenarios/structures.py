"""How the image and the mask arrive: structure, shapes and dtypes."""

from __future__ import annotations

from typing import Any

from remedies.scenarios.case import Case
from remedies.scenarios.nesting import body
from remedies.scenarios.scenario import Scenario


def _tuple(inputs: dict[str, Any]) -> tuple[Any, ...]:
    return inputs["image"], inputs["mask"]


def _list(inputs: dict[str, Any]) -> list[Any]:
    return [inputs["image"], inputs["mask"]]


_STRUCTURES = (
    ("tuple", "image and mask in a tuple", Case(make=body("Packed", _tuple), pack=_tuple)),
    (
        "two_arguments",
        "call(image, mask); functional: a list",
        Case(make=body("TwoArguments", _list), pack=_list),
    ),
    (
        "dict_and_argument",
        'call({"image": ...}, mask); functional: a list',
        Case(make=body("DictAndArgument", _list), pack=_list),
    ),
)
_SHAPES = (
    ("mask_one_channel", "mask [B,H,W,1] on an image [B,H,W,3]", Case(mask=(8, 8, 1))),
    ("mask_broadcasts_image", "mask [B,H,W,3] on an image [B,H,W,1]", Case(image=(8, 8, 1))),
)
_FED = tuple(
    (f"fed_{dtype}", f"mask of 0 and 1 fed as {dtype}", Case(fed=dtype))
    for dtype in ("float32", "int32", "uint8")
)
_CORE = ("two_arguments", "fed_float32")

SCENARIOS = tuple(
    Scenario(name, group, about, case, core=name in _CORE)
    for group, rows in (
        ("input structures", _STRUCTURES),
        ("mask shapes", _SHAPES),
        ("fed dtypes", _FED),
    )
    for name, about, case in rows
)
