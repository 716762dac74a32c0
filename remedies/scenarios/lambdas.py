"""The operation in a `Lambda` layer of a functional model."""

from __future__ import annotations

from typing import Any

from remedies.scenarios.case import FUNCTIONAL, Case, Trained
from remedies.scenarios.generations import generations
from remedies.scenarios.nesting import Make
from remedies.scenarios.scenario import Scenario


def _masked(named: bool = False, **settings: Any) -> Make:
    """Return the maker; of a registered function, or of a Python lambda that does the same."""

    def make(remedy: str, shapes: Any) -> Any:
        import keras

        from remedies.scenarios import family, functions

        function = (functions.NAMED if named else functions.LAMBDAS)[remedy]
        masked = keras.layers.Lambda(function, **settings)
        inputs = family.stand_ins(shapes)
        return keras.Model(inputs, keras.layers.Dense(2)(keras.layers.Flatten()(masked(inputs))))

    return make


def _trusted(trained: Trained) -> Any:
    loaded = generations(1, safe_mode=False)(trained)
    loaded.predict_on_batch(trained.inputs)
    return loaded


_NO_CLASS = "a functional model has no class to override"
_EXCUSES = {
    "build_from_config": _NO_CLASS,
    "build_from_config_pair": _NO_CLASS,
    FUNCTIONAL: "its plain form has a layer of its own around tf.where",
}
_SHAPED: dict[str, Any] = {"output_shape": (8, 8, 3)}

SCENARIOS = tuple(
    Scenario(name, "Lambda layer", about, case)
    for name, about, case in (
        (
            "lambda",
            "the operation in a Lambda in a functional model",
            Case(make=_masked(), excuses=_EXCUSES),
        ),
        (
            "lambda_shaped",
            "the same, its output_shape given",
            Case(make=_masked(**_SHAPED), excuses=_EXCUSES),
        ),
        (
            "lambda_unsafe",
            "the same, load_model(safe_mode=False), then predict",
            Case(_trusted, make=_masked(**_SHAPED), excuses=_EXCUSES),
        ),
        (
            "lambda_named",
            "the same with a registered function in place of the lambda",
            Case(make=_masked(named=True, **_SHAPED), excuses=_EXCUSES),
        ),
    )
)
