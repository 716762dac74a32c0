"""Why an optimizer's variables or exclusions do not come back though the weights do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from remedies.cures import REBUILT, holds
from remedies.difference import Difference
from remedies.findings import Cause, tried
from remedies.inventory import layers
from remedies.libraries import of_framework, of_user
from remedies.losses import names
from remedies.trip import Subject, Trip

AGAIN = (
    "after loading: model.compile(...) as in training, "
    "model.optimizer.build(model.trainable_variables), model.load_weights(path)"
)


def causes(subject: Subject, trips: tuple[Trip, ...]) -> Iterator[Cause]:
    """Yield why something of the optimizer was lost on any of `trips`."""
    first = trips[0]
    rebuilt, lost = first.of("weight", lost=True), first.of("optimizer")
    decays = [d for d in first.of("setting") if d.path.endswith("decayed") and not all(d.before)]
    if decays and not lost:
        yield _exclusions(decays[0])
    if lost and not rebuilt and not first.of("trainable"):
        yield _optimizer(subject, first, lost)
    elif auto_scaled(subject.model) and any(trip.of("optimizer") for trip in trips[1:]):
        yield loss_scale()


def trained_by(optimizer: Any) -> list[int]:
    """Return the identities of the variables that an optimizer was built for."""
    return [id(variable) for variable in getattr(optimizer, "_trainable_variables", ()) or ()]


def trainable_in(layer: Any) -> list[int]:
    """Return the identities of the trainable variables of a layer."""
    return [id(variable) for variable in layer.trainable_variables]


def _exclusions(decays: Difference) -> Cause:
    return Cause(
        "weight_decay_exclusions",
        "exclude_from_weight_decay is in no config: the loaded optimizer decays every weight.",
        f"{decays.path}: {sum(decays.before)} weights decay in the model, "
        f"{sum(decays.after or [])} after loading.",
        (
            "after loading, compile with a new optimizer, call its exclude_from_weight_decay(...), "
            "then optimizer.build(model.trainable_variables) and load_weights(path)",
        ),
    )


def _optimizer(subject: Subject, trip: Trip, lost: list[Difference]) -> Cause:
    model, cls = subject.model, type(subject.model)
    trained = trained_by(model.optimizer)
    trainable = trainable_in(model)
    kind = type(model.optimizer)
    do: tuple[str, ...] = (AGAIN,)
    why = (
        f"The weights came back and {len(lost)} of the optimizer's variables did not: "
        f"{names(lost, 3)}."
    )
    if 0 < len(trained) != len(trainable):
        idle = _idle(model, trained)
        why = (
            f"The optimizer trains {len(trained)} weights and {len(trainable)} are trainable (a "
            "train_step of its own, or layers frozen or unfrozen after it was built): on load "
            f"Keras builds it for all of them, so its {len(lost)} variables are skipped."
        )
        do = (
            "call compile() again after you freeze or unfreeze layers, and train on: then the "
            "file fits",
        )
        if idle:
            flags = "; ".join(f"self.{path}.trainable = False" for path in idle[:4])
            do = (
                f"say so to Keras: {flags} in {cls.__name__}.__init__ (not trained by this "
                "optimizer)",
                "or, after loading: build the optimizer on the weights it trains, then "
                "load_weights(path)",
            )
    elif model.get_build_config() is None and of_user(cls):
        held = _once_built(subject)
        why = (
            f"{cls.__name__} itself is never called, so the file records nothing to build it from, "
            f"and Keras makes no optimizer variables for a model that is not built: {len(lost)} "
            "are lost."
        )
        do = (f"write self.built = True at the end of {cls.__name__}.__init__{tried(held)}",)
    elif not of_framework(kind):
        why = f"{kind.__name__} does not give all of its variables back: {names(lost)}."
        do = (
            f"make every variable in {kind.__name__}.build() with add_variable_from_reference, and "
            "return every argument from its get_config()",
        )
    warning = "; ".join(w for w in trip.warnings if "optimizer" in w)[:300]
    return Cause("optimizer", why, warning, do)


def _idle(model: Any, trained: list[int]) -> list[str]:
    """Return the outermost layers of which the optimizer trains nothing."""
    idle = [
        path
        for path, layer in layers(model).items()
        if layer.trainable_variables and not {*trained} & {*trainable_in(layer)}
    ]
    return [path for path in idle if not any(path.startswith(f"{outer}.") for outer in idle)]


def _once_built(subject: Subject) -> bool:
    cls = type(subject.model)
    original = cls.__init__  # type: ignore[misc]

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        self.built = True

    return holds(subject, cls, {"__init__": init}, REBUILT)


def auto_scaled(model: Any) -> bool:
    """Whether the optimizer scales its loss."""
    return type(getattr(model, "optimizer", None)).__name__ == "LossScaleOptimizer"


def loss_scale() -> Cause:
    """Return the cause where Keras itself put a loss scale around the optimizer."""
    return Cause(
        "loss_scale",
        "Under mixed_float16, compile wraps the optimizer in a LossScaleOptimizer by itself; the "
        "file does not say so, and where the process that loads is not under mixed_float16, the "
        "loss scale and with it the optimizer's variables are lost.",
        "the loaded model's optimizer has other variables; the layers' policies came back.",
        (
            "state it: compile(optimizer=keras.optimizers.LossScaleOptimizer("
            "keras.optimizers.Adam(...)))",
            'or set keras.config.set_dtype_policy("mixed_float16") before loading, as in training',
        ),
    )
