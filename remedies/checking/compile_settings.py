"""Why compile settings, trainable flags or precision do not come back."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from remedies.checking.cures import holds
from remedies.checking.findings import Cause, Cure, names, selves, top_layers
from remedies.checking.optimizers import AGAIN, auto_scaled, loss_scale, trainable_in, trained_by
from remedies.libraries import definer, of_framework, of_user
from remedies.state.difference import ALL_SETTINGS, Difference
from remedies.state.inventory import layers, objects
from remedies.state.trip import Subject, Trip


def causes(subject: Subject, trips: tuple[Trip, ...]) -> Iterator[Cause]:
    """Yield a cause for each kind of setting that was lost on any of `trips`."""
    first = trips[0]
    if recompiled(subject, first):
        yield compiled(subject, first)
    elif first.settings and not first.of("weight", lost=True):
        yield _settings(subject.model, first)
    if frozen := first.of("trainable"):
        yield _frozen(type(subject.model), frozen)
    for trip in [trip for trip in trips if trip.of("policy")][:1]:
        changes = [f"self.{d.path}: {d.before} -> {d.after}" for d in trip.of("policy")[:4]]
        yield Cause(
            "precision",
            "Layers made in __init__ take the dtype policy of the process that loads them, not the "
            "one they were saved with.",
            f"{trip.name}: {'; '.join(changes)}.",
            (
                "set the policy before loading: keras.config.set_dtype_policy(...), as in training",
                "or give it to each layer in __init__: Dense(..., dtype=...)",
            ),
        )


def recompiled(subject: Subject, trip: Trip) -> bool:
    """Whether something was lost that an overridden `compile` sets."""
    values = any(set_by_compile(subject.model, d) for d in trip.of("attribute"))
    overridden = not of_framework(definer(type(subject.model), "compile"))
    return overridden and bool(trip.settings or trip.of("optimizer") or values)


def set_by_compile(model: Any, difference: Difference) -> bool:
    """Whether an attribute is named as an argument of the model's own `compile`."""
    cls, name = type(model), difference.path.partition("[")[0].lstrip("_")
    own = difference.owner is model and not of_framework(definer(cls, "compile"))
    return own and name in inspect.signature(cls.compile).parameters


def compiled(subject: Subject, trip: Trip) -> Cause:
    """Return the cause where `compile` is overridden and something of it was lost."""
    model, cls = subject.model, type(subject.model)
    source = definer(cls, "compile")
    values = [d for d in trip.of("attribute") if set_by_compile(model, d)]
    lost = len(trip.of("optimizer"))
    what = selves(_optimizers(model)) or "the optimizer"
    if ALL_SETTINGS in trip.settings:
        how = f"uncompiled, without {what} and its {lost} variables"
    elif trip.settings:
        how = f"compiled as the class does it: {', '.join(trip.settings)} differ"
        how += f", and {lost} variables of {what} are lost" * bool(lost)
    else:
        how = (
            f"compiled with the same settings, and {lost} variables of {what} are not loaded: on "
            "load the optimizer has not been built"
        )
    also = f" {names(values)}, which compile sets, is lost too." * bool(values)
    after = ["model.compile(...)  # as in training", *_build_lines(model, "model")]
    after.append("model.load_weights(path)")
    cure = Cure("\n".join(after), "after loading")
    do: tuple[str, ...] = cure.steps
    code = _compile_code(model) if of_user(source) else ""
    if code:
        kinds = ("weight", "optimizer", "setting", *["attribute"] * bool(values))
        cure = Cure(code, f"in class {cls.__name__}", holds(subject, cls, code, kinds))
        do = (*cure.steps, f"or, after loading: {'; '.join(after)}")
    elif of_user(source):
        do = (f"write get_compile_config and compile_from_config in {source.__name__}", *do)
    return Cause(
        "compile",
        f"{source.__name__}.compile is overridden, so Keras does not repeat it on load: the model "
        f"comes back {how}.{also}",
        "; ".join(trip.warnings[:1]),
        do,
        cure,
    )


def _optimizers(model: Any) -> list[str]:
    import keras

    kind = keras.optimizers.Optimizer
    return [path for path, each in objects(model).items() if isinstance(each, kind) and each.built]


def _compile_code(model: Any) -> str:
    """Return `get_compile_config` and `compile_from_config` for an overridden `compile`; or ""."""
    import keras

    parameters = list(inspect.signature(type(model).compile).parameters.values())[1:]
    asked = [p for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    config = getattr(getattr(model, "_compile_config", None), "config", {}) or {}
    standard = set(inspect.signature(keras.Model.compile).parameters) & set(config)
    kept = [p.name for p in asked if p.name in standard or hasattr(model, p.name)]
    if not kept or any(p.default is p.empty and p.name not in kept for p in asked):
        return ""
    entries = ",\n        ".join(
        f'"{name}": config.get("{name}")'
        if name in standard
        else f'"{name}": keras.saving.serialize_keras_object(self.{name})'
        for name in kept
    )
    inherited = "    config = super().get_compile_config()\n" if standard & {*kept} else ""
    return (
        f"def get_compile_config(self):\n{inherited}    return {{\n        {entries},\n    }}\n\n"
        "def compile_from_config(self, config):\n"
        "    self.compile(**keras.saving.deserialize_keras_object(config))"
    ) + "".join(f"\n    {text}" for text in _build_lines(model, "self"))


def _build_lines(model: Any, owner: str) -> list[str]:
    """Return the lines that build each optimizer of `model` on the variables it trains now."""
    things, lines = {"": model, **layers(model)}, []
    for name in sorted(_optimizers(model)):
        if name.isidentifier() and not name.startswith("_"):
            trained = trained_by(getattr(model, name))
            fits = (path for path, thing in things.items() if trainable_in(thing) == trained)
            path = ".".join(part for part in (owner, next(fits, "")) if part)
            lines.append(f"{owner}.{name}.build({path}.trainable_variables)")
    return lines


def _settings(model: Any, trip: Trip) -> Cause:
    if auto_scaled(model):
        return loss_scale()
    kind = type(model.optimizer).__name__
    if "optimizer" in (model.get_compile_config() or {}):
        why = f"Compile settings differ after loading: {', '.join(trip.settings)}."
        return Cause("compile", why, f"the optimizer is {kind}.", (AGAIN,))
    return Cause(
        "compile",
        "The model itself has forgotten its optimizer's settings, as a save in the old HDF5 "
        f"format makes it (a fault of Keras), so the file brings back no {kind}.",
        do=("save as .keras only; compile() again with the same arguments and train on",),
    )


def _frozen(cls: type, differences: list[Difference]) -> Cause:
    shown = ", ".join(top_layers(differences))
    thawed = [d for d in differences if d.before is False]
    flags = [f"{name}.trainable = {not thawed}" for name in top_layers(thawed or differences)[:4]]
    why = (
        "The trainable flag is in no file for layers inside a subclassed model or layer (a "
        f"functional model keeps those of its own layers alone): {shown} would train again, and "
        "the optimizer's variables no longer fit."
    )
    here = f"set it where the layers are made, at the end of {cls.__name__}.__init__: "
    after = "after loading: set it again, then compile(...), "
    after += "optimizer.build(model.trainable_variables) and load_weights(path)"
    return Cause(
        "frozen",
        why if thawed else f"The trainable flag of {shown} differs after loading.",
        do=(here + "; ".join(flags), f"or, {after}") if of_user(cls) else (after,),
    )
