"""The operation in a `Lambda` layer of a functional model."""

from __future__ import annotations

from typing import Any

from remedies.scenarios.case import FUNCTIONAL, Case
from remedies.scenarios.generations import generations
from remedies.scenarios.nesting import Make
from remedies.scenarios.scenario import Scenario


def _masked_by_lambda(**settings: Any) -> Make:
    """Return the maker; `settings` go to the `Lambda` layer."""

    def make(remedy: str, shapes: Any) -> Any:
        import keras

        from remedies.scenarios import bodies, family

        masked = keras.layers.Lambda(bodies.LAMBDAS[remedy], **settings)
        inputs = family.stand_ins(shapes)
        return keras.Model(inputs, keras.layers.Dense(2)(keras.layers.Flatten()(masked(inputs))))

    return make


_NO_CLASS = "a functional model has no class to override"
_EXCUSES = {
    "build_from_config": _NO_CLASS,
    "build_from_config_pair": _NO_CLASS,
    FUNCTIONAL: "its plain form has a layer of its own around tf.where",
}
_SHAPED = _masked_by_lambda(output_shape=(8, 8, 3))

SCENARIOS = tuple(
    Scenario(name, "Lambda layer", about, case)
    for name, about, case in (
        (
            "lambda",
            "the operation in a Lambda in a functional model",
            Case(make=_masked_by_lambda(), excuses=_EXCUSES),
        ),
        (
            "lambda_shaped",
            "the same, its output_shape given",
            Case(make=_SHAPED, excuses=_EXCUSES),
        ),
        (
            "lambda_unsafe",
            "the same, load_model(safe_mode=False)",
            Case(generations(1, safe_mode=False), make=_SHAPED, excuses=_EXCUSES),
        ),
    )
)
