"""Why an optimizer's variables or exclusions do not come back though the weights do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from remedies.checking.cures import REBUILT, holds
from remedies.checking.findings import Cause, names, tried
from remedies.libraries import of_framework, of_user
from remedies.state.difference import Difference
from remedies.state.inventory import layers
from remedies.state.trip import Subject, Trip

AGAIN = (
    "after loading: model.compile(...) as in training, "
    "model.optimizer.build(model.trainable_variables), model.load_weights(path)"
)


def causes(subject: Subject, trips: tuple[Trip, ...]) -> Iterator[Cause]:
    """Yield why something of the optimizer was lost on any of `trips`."""
    first = trips[0]
    lost = first.of("optimizer")
    decays = [d for d in first.of("setting") if d.path.endswith("decayed") and not all(d.before)]
    if decays and not lost:
        yield Cause(
            "weight_decay_exclusions",
            "exclude_from_weight_decay is in no config: the loaded optimizer decays every weight.",
            f"{sum(decays[0].before)} weights decay in the model, {sum(decays[0].after or [])} "
            "after loading.",
            (
                "after loading, compile with a new optimizer, call its "
                "exclude_from_weight_decay(...), then optimizer.build(model.trainable_variables) "
                "and load_weights(path)",
            ),
        )
    if lost and not first.of("weight", lost=True) and not first.of("trainable"):
        why, *do = _lost(subject, lost)
        warning = "; ".join(w for w in first.warnings if "optimizer" in w)[:300]
        yield Cause("optimizer", why, warning, tuple(do))
    elif auto_scaled(subject.model) and any(trip.of("optimizer") for trip in trips[1:]):
        yield loss_scale()


def auto_scaled(model: Any) -> bool:
    """Whether the optimizer scales its loss."""
    return type(getattr(model, "optimizer", None)).__name__ == "LossScaleOptimizer"


def loss_scale() -> Cause:
    """Return the cause where Keras itself put a loss scale around the optimizer."""
    return Cause(
        "loss_scale",
        "Under mixed_float16, compile wraps the optimizer in a LossScaleOptimizer; the file does "
        "not say so, and a process under another policy loses it, with the optimizer's variables.",
        do=(
            "state it: compile(optimizer=keras.optimizers.LossScaleOptimizer("
            "keras.optimizers.Adam(...)))",
            'or set keras.config.set_dtype_policy("mixed_float16") before loading, as in training',
        ),
    )


def trained_by(optimizer: Any) -> list[int]:
    """Return the identities of the variables that an optimizer was built for."""
    return [id(variable) for variable in getattr(optimizer, "_trainable_variables", ()) or ()]


def trainable_in(layer: Any) -> list[int]:
    """Return the identities of the trainable variables of a layer."""
    return [id(variable) for variable in layer.trainable_variables]


def _lost(subject: Subject, lost: list[Difference]) -> tuple[str, ...]:
    """Return why an optimizer's variables are lost, and what helps."""
    model, cls, kind = subject.model, type(subject.model), type(subject.model.optimizer)
    trained, trainable = trained_by(model.optimizer), trainable_in(model)
    if 0 < len(trained) != len(trainable):
        why = (
            f"The optimizer trains {len(trained)} weights and {len(trainable)} are trainable (a "
            "train_step of its own, or layers frozen or unfrozen after it was built): on load "
            f"Keras builds it for all of them, so its {len(lost)} variables are skipped."
        )
        idle = [f"self.{path}.trainable = False" for path in _idle(model, trained)[:4]]
        if not idle:
            return why, "call compile() again after you freeze or unfreeze layers, and train on"
        return (
            why,
            f"say so to Keras: {'; '.join(idle)} in {cls.__name__}.__init__",
            "or, after loading: build the optimizer on the weights it trains, then load_weights",
        )
    if model.get_build_config() is None and of_user(cls):
        return (
            f"{cls.__name__} itself is never called, so the file records nothing to build it from, "
            f"and Keras makes no optimizer variables for what is not built: {len(lost)} are lost.",
            f"write self.built = True at the end of {cls.__name__}.__init__"
            f"{tried(_once_built(subject))}",
        )
    if not of_framework(kind):
        return (
            f"{kind.__name__} does not give all of its variables back: {names(lost)}.",
            f"make every variable in {kind.__name__}.build() with add_variable_from_reference, and "
            "return every argument from its get_config()",
        )
    return f"The weights came back, and these of the optimizer's did not: {names(lost, 3)}.", AGAIN


def _idle(model: Any, trained: list[int]) -> list[str]:
    """Return the outermost layers of which the optimizer trains nothing."""
    own = {path: set(trainable_in(layer)) for path, layer in layers(model).items()}
    idle = [path for path, ids in own.items() if ids and not ids & {*trained}]
    return [path for path in idle if not any(path.startswith(f"{outer}.") for outer in idle)]


def _once_built(subject: Subject) -> bool:
    cls = type(subject.model)
    original = cls.__init__

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        self.built = True

    return holds(subject, cls, {"__init__": init}, REBUILT)
