"""Other cures than the remedies that are compared, each put into the control and saved twice."""

from __future__ import annotations

from remedies.scenarios.case import EAGERLY, REMEDIES, Case
from remedies.scenarios.generations import generations
from remedies.scenarios.nesting import body
from remedies.scenarios.scenario import Scenario

_ON_CONTROL = {name: "shown on the control" for name in REMEDIES if name != "control"}

SCENARIOS = tuple(
    Scenario(
        name,
        "other cures, twice",
        about,
        Case(generations(2), make=body(written), compiling=EAGERLY, excuses=_ON_CONTROL),
    )
    for name, about, written in (
        ("built", "a `build` that builds every layer", "Built"),
        ("called_on_zeros", "build_from_config calls the model on zeros", "CalledOnZeros"),
        (
            "called_on_stand_ins",
            "build_from_config calls the model on KerasTensors of the right dtypes",
            "CalledOnStandIns",
        ),
        ("called_in_init", "`__init__` calls the model on keras.Input", "CalledInInit"),
        ("keeps_shapes", "build_from_config also sets _build_shapes_dict", "KeepsShapes"),
    )
)
