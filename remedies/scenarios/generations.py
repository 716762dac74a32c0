"""Save what was loaded, without using it, and load again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from remedies.scenarios.case import WEIGHTS, Case, Trained
from remedies.scenarios.scenario import Scenario


def generations(count: int, **settings: Any) -> Callable[[Trained], Any]:
    """Return the route that saves and loads `count` times; `settings` go to `load_model`."""

    def route(trained: Trained) -> Any:
        import keras

        path = trained.folder / "model.keras"
        model = trained.model
        for _ in range(count):
            model.save(path)
            model = keras.saving.load_model(path, **settings)
        return model

    return route


def sgd() -> Any:
    """Return plain SGD, which has no variables of its own per weight."""
    import keras

    return keras.optimizers.SGD(0.01)


SCENARIOS = tuple(
    Scenario(name, "second generation", about, case, core=True)
    for name, about, case in (
        ("second_adam", "twice, Adam", Case(generations(2))),
        ("second_sgd", "twice, SGD", Case(generations(2), optimizer=sgd)),
        (
            "second_uncompiled",
            "twice, compile=False",
            Case(generations(2, compile=False), keeps=WEIGHTS),
        ),
    )
)
