"""Why optimizers, compile settings, frozen layers or precision do not come back."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from remedies.cures import build_lines, compile_code, holds
from remedies.difference import ALL_SETTINGS, Difference
from remedies.findings import Advice, Cause, names, top_layers
from remedies.inventory import layers, objects
from remedies.libraries import definer, of_framework, of_user
from remedies.trip import Subject, Trip


def causes(subject: Subject, trips: tuple[Trip, ...]) -> Iterator[Advice]:
    """Yield a cause for each kind of setting that was lost on any of `trips`."""
    first = trips[0]
    rebuilt = first.of("weight", lost=True)
    optimizer = first.of("optimizer")
    frozen = first.of("trainable")
    recompiled = list(compiled(subject, first))
    excluded = [d for d in first.of("setting") if d.path.endswith("decayed")]
    if recompiled:
        yield from recompiled
        optimizer = excluded = []
    elif first.settings and not rebuilt:
        yield _settings(subject, first)
    if frozen:
        yield _frozen(subject, frozen)
    for trip in trips:
        if trip.of("policy"):
            yield from _precision(subject, trip)
            break
    excluded = [d for d in excluded if not all(d.before)]
    if excluded and not optimizer:
        yield _exclusions(excluded)
    if optimizer and not rebuilt and not frozen:
        yield _optimizer(subject, first, optimizer)
    elif _auto_scaled(subject.model) and any(trip.of("optimizer") for trip in trips[1:]):
        yield _loss_scale()


def compiled(subject: Subject, trip: Trip) -> Iterator[Advice]:
    """Yield the cause where `compile` is overridden and something of it was lost."""
    values = [d for d in trip.of("attribute") if set_by_compile(subject.model, d)]
    if _overrides_compile(subject.model) and (trip.settings or trip.of("optimizer") or values):
        yield _compile(subject, trip, values)


def _overrides_compile(model: Any) -> bool:
    import keras

    return type(model).compile is not keras.Model.compile


def set_by_compile(model: Any, difference: Difference) -> bool:
    """Whether an attribute is named as an argument of the model's own `compile`."""
    name = difference.path.partition("[")[0].lstrip("_")
    named = name in inspect.signature(type(model).compile).parameters
    return difference.owner is model and named and _overrides_compile(model)


def _compile(subject: Subject, trip: Trip, values: list[Difference]) -> Advice:
    model = subject.model
    cls = type(model)
    source = definer(cls, "compile")
    code = compile_code(model) if of_user(source) else ""
    kinds = ("weight", "optimizer", "setting", *["attribute"] * bool(values))
    cured = holds(subject, cls, code, kinds) if code else None
    holders = _optimizers(model)
    lost = len(trip.of("optimizer"))
    what = ", ".join(f"self.{path}" for path in holders) or "the optimizer"
    why = (
        f"{source.__name__}.compile is overridden, so Keras does not repeat it on load: the model "
        + (
            f"comes back uncompiled, without {what} and its {lost} variables."
            if not _compiled(trip)
            else f"comes back compiled with the same settings, and {lost} variables of {what} are "
            "not loaded: on load the optimizer has not been built."
            if not trip.settings
            else f"comes back compiled as the class does it ({', '.join(trip.settings)} differ): "
            f"another {what}{f', {lost} variables lost' * bool(lost)}, and maybe another loss."
        )
        + f" {names(values)}, which compile sets, is lost too." * bool(values)
    )
    after = "\n".join(
        [
            "model.compile(...)  # as in training",
            *build_lines(model, "model"),
            "model.load_weights(path)",
        ]
    )
    do = []
    if code and cured:
        do.append(
            f"paste the methods below into {cls.__name__}: get_compile_config and "
            "compile_from_config (tried: all comes back)"
        )
    elif of_user(source):
        do.append(f"write get_compile_config and compile_from_config in {source.__name__}")
    do.append("or, after loading: " + "; ".join(after.splitlines()))
    return Advice(
        Cause.COMPILE,
        why,
        "; ".join(trip.warnings[:1]),
        tuple(do) if of_user(source) else (do[-1].removeprefix("or, "),),
        ("compile() alone after loading: the optimizer starts anew",),
        code=code or after,
        place=f"class {cls.__name__}" if code else "after loading",
        cured=cured,
    )


def _compiled(trip: Trip) -> bool:
    return ALL_SETTINGS not in trip.settings


def _optimizers(model: Any) -> list[str]:
    import keras

    things = objects(model).items()
    return [
        path
        for path, thing in things
        if isinstance(thing, keras.optimizers.Optimizer) and thing.built
    ]


def _settings(subject: Subject, trip: Trip) -> Advice:
    model = subject.model
    scaled = type(model.optimizer).__name__
    what = ", ".join(trip.settings)
    if _auto_scaled(model):
        return _loss_scale()
    if "optimizer" not in (model.get_compile_config() or {}):
        return Advice(
            Cause.COMPILE,
            "The model itself has forgotten its optimizer's settings, as a save in the old HDF5 "
            f"format makes it (a fault of Keras), so the file brings back no {scaled}.",
            do=("save as .keras only; compile() again with the same arguments and train on",),
        )
    return Advice(
        Cause.COMPILE,
        f"Compile settings differ after loading: {what}.",
        f"the optimizer is {scaled}.",
        (
            "call compile() again after loading with the same arguments, then "
            "model.optimizer.build(model.trainable_variables) and model.load_weights(path)",
        ),
    )


def _auto_scaled(model: Any) -> bool:
    return type(getattr(model, "optimizer", None)).__name__ == "LossScaleOptimizer"


def _loss_scale() -> Advice:
    return Advice(
        Cause.LOSS_SCALE,
        "Under mixed_float16, compile wraps the optimizer in a LossScaleOptimizer by itself; the "
        "file does not say so, and where the process that loads is not under mixed_float16, the "
        "loss scale and with it the optimizer's variables are lost.",
        "the loaded model's optimizer has other variables.",
        (
            "state it: compile(optimizer=keras.optimizers.LossScaleOptimizer("
            "keras.optimizers.Adam(...)))",
            'or set keras.config.set_dtype_policy("mixed_float16") before loading, as in training',
        ),
        ("dtype policies of the layers: those came back",),
    )


def _frozen(subject: Subject, differences: list[Difference]) -> Advice:
    shown = ", ".join(top_layers(differences))
    thawed = [d for d in differences if d.before is False]
    names_ = list(top_layers(thawed or differences))
    lines = "; ".join(f"{name}.trainable = {bool(not thawed)}" for name in names_[:4])
    inner = type(subject.model).__name__
    return Advice(
        Cause.FROZEN,
        f"The trainable flag is in no file for layers inside a subclassed model or layer: {shown} "
        "would train again, and the optimizer's variables no longer fit."
        if thawed
        else f"The trainable flag of {shown} differs after loading.",
        f"after loading, trainable differs for {shown}.",
        (
            *(
                [f"set it where the layers are made, at the end of {inner}.__init__: {lines}"]
                if of_user(type(subject.model))
                else []
            ),
            "after loading: set it again, then compile(...), "
            "optimizer.build(model.trainable_variables) and load_weights(path)",
        ),
        (
            "keras.Model(inputs, outputs): it keeps the flags of its own layers, and not of those "
            "inside them",
        ),
    )


def _precision(subject: Subject, trip: Trip) -> Iterator[Advice]:
    policies = trip.of("policy")
    changes = [f"self.{d.path}: {d.before} -> {d.after}" for d in policies[:4]]
    yield Advice(
        Cause.PRECISION,
        "Layers made in __init__ take the dtype policy of the process that loads them, not the "
        "one they were saved with.",
        f"{trip.name}: {'; '.join(changes)}.",
        (
            "set the policy before loading: keras.config.set_dtype_policy(...), as in training",
            "or give it to each layer in __init__: Dense(..., dtype=...)",
        ),
    )


def _exclusions(differences: list[Difference]) -> Advice:
    return Advice(
        Cause.EXCLUSIONS,
        "exclude_from_weight_decay is in no config: the loaded optimizer decays every weight.",
        f"{differences[0].path}: {sum(differences[0].before)} weights decay in the model, "
        f"{sum(differences[0].after or [])} after loading.",
        (
            "after loading, compile with a new optimizer, call its exclude_from_weight_decay(...), "
            "then optimizer.build(model.trainable_variables) and load_weights(path)",
        ),
    )


def _never_built(subject: Subject, lost: list[Difference]) -> Advice:
    cls = type(subject.model)
    original = cls.__init__

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        self.built = True

    cured = holds(subject, cls, {"__init__": init}, ("weight", "optimizer"))
    tried = "tried: all comes back" if cured else "tried: not enough by itself"
    return Advice(
        Cause.OPTIMIZER,
        f"{cls.__name__} itself is never called, so the file records nothing to build it from, and "
        f"Keras makes no optimizer variables for a model that is not built: {len(lost)} are lost.",
        "get_build_config() of the model that was saved is None.",
        (f"write self.built = True at the end of {cls.__name__}.__init__ ({tried})",),
    )


def _optimizer(subject: Subject, trip: Trip, lost: list[Difference]) -> Advice:
    model = subject.model
    trained = list(getattr(model.optimizer, "_trainable_variables", ()) or ())
    trainable = list(model.trainable_variables)
    warning = "; ".join(w for w in trip.warnings if "optimizer" in w)[:300]
    if 0 < len(trained) != len(trainable):
        ids = {id(variable) for variable in trained}
        idle = [
            path
            for path, layer in layers(model).items()
            if layer.trainable_variables
            and not ids & {id(variable) for variable in layer.trainable_variables}
        ]
        outer = [p for p in idle if not any(p.startswith(f"{q}.") for q in idle)]
        names_ = ", ".join(f"self.{path}" for path in outer[:4])
        lines = "; ".join(f"self.{path}.trainable = False" for path in outer[:4])
        if outer:
            return Advice(
                Cause.OPTIMIZER,
                f"The optimizer trains {len(trained)} of {len(trainable)} trainable weights "
                f"(a train_step of its own, or layers unfrozen later): on load Keras builds it "
                f"for all of them, the numbers do not fit, and its {len(lost)} variables are "
                "skipped.",
                warning or f"it never trained {names_}.",
                (
                    f"say so to Keras: {lines} in {type(model).__name__}.__init__ (not trained by "
                    "this optimizer)",
                    "or, after loading: build the optimizer on the weights it trains, then "
                    "load_weights(path)",
                ),
            )
        return Advice(
            Cause.OPTIMIZER,
            f"The optimizer was built for {len(trained)} weights and the model trains "
            f"{len(trainable)} now: layers were frozen or unfrozen after it was built, so the file "
            f"and the loaded optimizer do not fit and its {len(lost)} variables are skipped.",
            warning,
            (
                "call compile() again after you freeze or unfreeze layers, and train on: then the "
                "file fits",
            ),
        )
    if model.get_build_config() is None and of_user(type(model)):
        return _never_built(subject, lost)
    if not of_framework(type(model.optimizer)):
        name = type(model.optimizer).__name__
        return Advice(
            Cause.OPTIMIZER,
            f"{name} does not give all of its variables back: {names(lost)}.",
            warning,
            (
                f"make every variable in {name}.build() with add_variable_from_reference, and "
                "return every argument from its get_config()",
            ),
        )
    return Advice(
        Cause.OPTIMIZER,
        f"The weights came back and {len(lost)} of the optimizer's variables did not: "
        f"{names(lost, 3)}.",
        warning,
        (
            "after loading: model.compile(...) as in training, "
            "model.optimizer.build(model.trainable_variables), model.load_weights(path)",
        ),
    )
