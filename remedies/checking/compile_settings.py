"""Why the optimizer, compile settings, trainable flags or the precision do not come back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from remedies.checking.catalogue import cause
from remedies.checking.cures import holds
from remedies.checking.findings import Cause, Cure, names, outermost, selves
from remedies.libraries import definer, of_framework, of_user, overrides, parameters
from remedies.state.difference import Difference
from remedies.state.inventory import layers, objects
from remedies.state.trip import Subject, Trip


def causes(subject: Subject, trips: tuple[Trip, ...]) -> Iterator[Cause]:
    """Yield a cause for each kind of setting that was lost on any of `trips`."""
    model, first = subject.model, trips[0]
    lost, frozen = first.of("optimizer"), first.of("trainable")
    weights = first.of("weight", lost=True)
    elsewhere = [trip for trip in trips[1:] if trip.of("optimizer")] if not lost else []
    scaled = type(getattr(model, "optimizer", None)).__name__ == "LossScaleOptimizer"
    own_compile = [*compiled(subject, first)]
    if own_compile:
        yield from own_compile
    elif scaled and (elsewhere or (first.settings and not weights)):
        yield cause("loss_scale")
    elif first.settings and not weights:
        lacks = "optimizer" not in (model.get_compile_config() or {})
        why = " (a save in the old HDF5 format makes the model itself forget its optimizer's)"
        settings = ", ".join(first.settings) + why * lacks
        yield cause("compile.settings", settings=settings)
    if frozen:
        yield _frozen(type(model), frozen)
    for trip in [trip for trip in trips if trip.of("policy")][:1]:
        changes = [f"self.{d.path}: {d.before} -> {d.after}" for d in trip.of("policy")[:4]]
        yield cause("precision", trip=trip.name, changes="; ".join(changes))
    decays = [d for d in first.of("setting") if d.path.endswith("decayed") and not all(d.before)]
    if decays and not (lost or own_compile):
        before, after = (sum(each or []) for each in (decays[0].before, decays[0].after))
        yield cause("weight_decay_exclusions", before=before, after=after)
    if lost and not (weights or frozen or own_compile):
        yield _optimizer(subject, lost)


def set_by_compile(model: Any, difference: Difference) -> bool:
    """Whether an attribute is named as an argument of the model's own `compile`."""
    cls, name = type(model), difference.path.partition("[")[0].lstrip("_")
    own = difference.owner is model and overrides(cls, "compile")
    return own and name in parameters(cls.compile)


def compiled(subject: Subject, trip: Trip) -> Iterator[Cause]:
    """Yield the cause where `compile` is overridden and something of it was lost."""
    model, cls = subject.model, type(subject.model)
    source = definer(cls, "compile")
    values = [d for d in trip.of("attribute") if set_by_compile(model, d)]
    if of_framework(source) or not (trip.settings or trip.of("optimizer") or values):
        return
    what = [f"its {name}" for name in trip.settings if not trip.uncompiled]
    if lost := len(trip.of("optimizer")):
        what.append(f"{lost} variables of {selves(_optimizers(model)) or 'the optimizer'}")
    if values:
        what.append(f"{names(values)}, which compile sets")
    after = ["model.compile(...) as in training", *_build_lines(model, "model")]
    code = _compile_code(model) if of_user(source) else ""
    kinds = ("weight", "optimizer", "setting", *["attribute"] * bool(values))
    cured = holds(subject, cls, code, kinds) if code else None
    yield cause(
        "compile",
        Cure(code, f"in class {cls.__name__}", cured),
        cls=source.__name__,
        state="uncompiled" if trip.uncompiled else "compiled as the class does it",
        what=", ".join(what) or "its settings",
        own=source.__name__ if of_user(source) and not code else None,
        after="; ".join([*after, "model.load_weights(path)"]),
    )


def _optimizers(model: Any) -> list[str]:
    import keras

    kind = keras.optimizers.Optimizer
    return [path for path, each in objects(model).items() if isinstance(each, kind) and each.built]


def _compile_code(model: Any) -> str:
    """Return `get_compile_config` and `compile_from_config` for an overridden `compile`; or ""."""
    import keras

    asked = parameters(type(model).compile).values()
    config = getattr(getattr(model, "_compile_config", None), "config", {}) or {}
    standard = {*parameters(keras.Model.compile)} & {*config}
    kept = [p.name for p in asked if p.name in standard or hasattr(model, p.name)]
    if not kept or any(p.default is p.empty and p.name not in kept for p in asked):
        return ""
    texts = {name: f"keras.saving.serialize_keras_object(self.{name})" for name in kept}
    texts |= {name: f'config.get("{name}")' for name in kept if name in standard}
    entries = ",\n        ".join(f'"{name}": {text}' for name, text in texts.items())
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
            trained = _trained_by(getattr(model, name))
            fits = (p for p, each in things.items() if _ids(each.trainable_variables) == trained)
            path = ".".join(part for part in (owner, next(fits, "")) if part)
            lines.append(f"{owner}.{name}.build({path}.trainable_variables)")
    return lines


def _trained_by(optimizer: Any) -> list[int]:
    return _ids(getattr(optimizer, "_trainable_variables", None) or ())


def _ids(variables: Iterable[Any]) -> list[int]:
    return [id(variable) for variable in variables]


def _frozen(cls: type, differences: list[Difference]) -> Cause:
    thawed = [d for d in differences if d.before is False]
    paths = outermost(d.path for d in thawed or differences)
    flags = [f"{selves([path])}.trainable = {not thawed}" for path in paths[:4]]
    return cause(
        "frozen",
        layers=selves(outermost(d.path for d in differences)),
        would="would train again" if thawed else "would train no more",
        own=cls.__name__ if of_user(cls) else None,
        flags="; ".join(flags),
    )


def _optimizer(subject: Subject, lost: list[Difference]) -> Cause:
    """Return why an optimizer's variables are lost though the weights are not."""
    model, cls, kind = subject.model, type(subject.model), type(subject.model.optimizer)
    trained, trainable = _trained_by(model.optimizer), _ids(model.trainable_variables)
    if 0 < len(trained) != len(trainable):
        counts = {"trained": len(trained), "trainable": len(trainable), "lost": len(lost)}
        own = {path: {*_ids(each.trainable_variables)} for path, each in layers(model).items()}
        idle = outermost(path for path, ids in own.items() if ids and not ids & {*trained})
        flags = "; ".join(f"self.{path}.trainable = False" for path in idle[:4]) or None
        return cause("optimizer.some", cls=cls.__name__, flags=flags, **counts)
    if model.get_build_config() is None and of_user(cls):
        return cause("optimizer.never_called", cls=cls.__name__, lost=len(lost))
    theirs = None if of_framework(kind) else kind.__name__
    return cause("optimizer", names=names(lost, 3), own=theirs)
