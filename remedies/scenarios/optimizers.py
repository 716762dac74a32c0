"""The optimizers whose state a round trip should keep."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from remedies.scenarios.case import EAGERLY, Case, NotApplicableError
from remedies.scenarios.scenario import Scenario


def _made(name: str, **settings: Any) -> Callable[[], Any]:
    """Return the maker of a Keras optimizer; what an old Keras lacks does not apply."""

    def make() -> Any:
        import keras

        optimizer = getattr(keras.optimizers, name, None)
        if optimizer is None:
            raise NotApplicableError(f"this Keras has no optimizer {name}")
        known = inspect.signature(optimizer).parameters
        for setting in settings:
            if setting not in known:
                raise NotApplicableError(f"this Keras has no `{setting}` in {name}")
        return optimizer(**settings)

    return make


def _scheduled() -> Any:
    import keras

    schedule = keras.optimizers.schedules.CosineDecay(0.01, decay_steps=10)
    return keras.optimizers.Adam(schedule)


def _loss_scaled() -> Any:
    import keras

    return keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam())


_OPTIMIZERS: dict[str, tuple[str, Callable[[], Any]]] = {
    "sgd": ("SGD", _made("SGD", learning_rate=0.01)),
    "momentum": ("SGD with momentum", _made("SGD", learning_rate=0.01, momentum=0.9)),
    "adam": ("Adam", _made("Adam")),
    "adamw": ("AdamW", _made("AdamW")),
    "lion": ("Lion", _made("Lion")),
    "rmsprop": ("RMSprop", _made("RMSprop")),
    "nadam": ("Nadam", _made("Nadam")),
    "adagrad": ("Adagrad", _made("Adagrad")),
    "adafactor": ("Adafactor", _made("Adafactor")),
    "ftrl": ("Ftrl", _made("Ftrl")),
    "lamb": ("Lamb", _made("Lamb")),
    "muon": ("Muon", _made("Muon")),
    "amsgrad": ("Adam, AMSGrad and clipped gradients", _made("Adam", amsgrad=True, clipnorm=0.1)),
    "ema": ("Adam, moving average of weights", _made("Adam", use_ema=True)),
    "accumulation": (
        "Adam, gradients gathered over 2 steps",
        _made("Adam", gradient_accumulation_steps=2),
    ),
    "schedule": ("Adam, cosine decay of the learning rate", _scheduled),
    "loss_scaling": ("Adam in a LossScaleOptimizer", _loss_scaled),
}

_AS_GRAPHS = ("sgd", "adam")

SCENARIOS = tuple(
    Scenario(
        name,
        "optimizers",
        about,
        Case(optimizer=optimizer, compiling={} if name in _AS_GRAPHS else EAGERLY),
        core=name == "sgd",
    )
    for name, (about, optimizer) in _OPTIMIZERS.items()
)
