"""Why the optimizer, compile settings, flags, precision or Python values do not come back."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from typing import Any

from remedies.checking.catalogue import cause
from remedies.checking.cures import holds
from remedies.checking.findings import Cause, Cure, names, outermost, selves
from remedies.libraries import definer, of_framework, of_user, overrides, parameters
from remedies.problem import shorten
from remedies.state.difference import STATE, Difference
from remedies.state.inventory import layers, objects
from remedies.state.trip import Failure, Subject, Trip

# What every layer's config holds; an `__init__` without **kwargs may take none of it.
_OF_KERAS = {"name": "self.name", "dtype": "self.dtype_policy.name", "trainable": "self.trainable"}
_FROM_CONFIG = """

@classmethod
def from_config(cls, config):
    for name in ({},):
        config[name] = keras.saving.deserialize_keras_object(config[name])
    return cls(**config)"""


def lost_settings(subject: Subject, trips: tuple[Trip, ...]) -> Iterator[Cause]:
    """Yield a cause for each kind of setting that was lost on any of `trips`."""
    model, first = subject.model, trips[0]
    lost, frozen = first.of("optimizer"), first.of("trainable")
    weights = first.of("weight", lost=True)
    settings = () if weights else first.settings
    elsewhere = not lost and any(trip.of("optimizer") for trip in trips[1:])
    scaled = type(getattr(model, "optimizer", None)).__name__ == "LossScaleOptimizer"
    own_compile = [*overridden_compile(subject, first)]
    if own_compile:
        yield from own_compile
    elif scaled and (elsewhere or settings):
        yield cause("loss_scale")
    elif settings:
        lacks = "optimizer" not in (model.get_compile_config() or {})
        why = " (a save in the old HDF5 format makes the model itself forget its optimizer's)"
        yield cause("compile.settings", settings=", ".join(settings) + why * lacks)
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


def _set_by_compile(model: Any, difference: Difference) -> bool:
    cls, name = type(model), difference.path.partition("[")[0].lstrip("_")
    own = difference.owner is model and overrides(cls, "compile")
    return own and name in parameters(cls.compile)


def overridden_compile(subject: Subject, trip: Trip) -> Iterator[Cause]:
    """Yield the cause where `compile` is overridden and something of it was lost."""
    model, cls = subject.model, type(subject.model)
    source = definer(cls, "compile")
    values = [d for d in trip.of("attribute") if _set_by_compile(model, d)]
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
    return cause(
        "frozen",
        layers=selves(outermost(d.path for d in differences)),
        would="would train again" if thawed else "would train no more",
        own=cls.__name__ if of_user(cls) else None,
        flags="; ".join(f"{selves([path])}.trainable = {not thawed}" for path in paths[:4]),
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


def lost_values(subject: Subject, trip: Trip) -> Iterator[Cause]:
    """Yield why Python values of the model differ after `trip`: arguments first, then others."""
    values = trip.of("attribute")
    explained = {d.path for d in values if _set_by_compile(subject.model, d)}
    suspects = [(p, t) for p, t in _configured(subject.model) if _arguments(type(t))]
    for path, thing in suspects:
        # Every layer takes `autocast`, and Keras keeps it in no config.
        arguments = [*_arguments(type(thing)), "autocast"]
        given = [d for d in values if d.owner is thing and _bare(d.path) in arguments]
        if given:
            kinds = ("weight", "optimizer", "attribute")
            yield _blamed(subject, path, thing, f": {_values(given)}", kinds)
            explained |= {d.path for d in values if not path or d.path.startswith(f"{path}.")}
    if losses := [d for d in values if not of_user(type(d.owner))]:
        kind = type(losses[0].owner).__name__
        yield cause("loss_arguments", cls=kind, values=_values(losses))
        explained |= {d.path for d in losses}
    left = [d for d in values if d.path not in explained]
    if left and all(map(is_recurrent, trip.of("plain"))):
        what, cls = shorten(_values(left[:1]), 120), type(left[0].owner).__name__
        yield cause("python_value", names=names(left), values=what, cls=cls)
    elif not (trip.whole or explained or left or trip.differences or trip.settings):
        # Only the results differ: no attribute keeps what some class was given.
        hidden = [(p, t) for p, t in suspects if _automatic(t) or _config_code(t)[1]]
        yield from (_blamed(subject, *pair) for pair in hidden[:1])


def is_recurrent(difference: Difference) -> bool:
    """Whether it is a stateful layer's state that differs."""
    return bool(getattr(difference.owner, "stateful", False)) and "state" in difference.path


def config_at_fault(subject: Subject, failure: Failure) -> Iterator[Cause]:
    """Yield the one config at fault for a save or load that raises, if any is."""
    text = f"{failure.text} {failure.error}"
    suspects = _configured(subject.model)
    for path, thing in sorted(suspects, key=lambda pair: type(pair[1]) is not failure.owner):
        cls = type(thing)
        if not _arguments(cls) and _takes_kwargs(cls):
            continue
        named = cls is failure.owner or cls.__name__ in text
        named = named and ("get_config" in text or "__init__" in failure.text)
        if _automatic(thing) or named:
            blame = _blamed(subject, path, thing, f", so {failure.stage} raises")
            if _automatic(thing) or blame.cure.cured is not False:
                yield blame
                return


def _configured(model: Any) -> list[tuple[str, Any]]:
    own = {path: thing for path, thing in objects(model).items() if not of_framework(type(thing))}
    return [(path, thing) for path, thing in own.items() if hasattr(thing, "get_config")]


def _automatic(thing: Any) -> bool:
    return not overrides(type(thing), "get_config")


def _values(differences: list[Difference]) -> str:
    return ", ".join(f"{_bare(d.path)}={d.before!r} loads as {d.after!r}" for d in differences)


def _bare(path: str) -> str:
    return path.rpartition(".")[2].partition("[")[0].lstrip("_")


def _blamed(
    subject: Subject, path: str, thing: Any, seen: str = "", kinds: tuple[str, ...] = STATE
) -> Cause:
    """Return the cause with the config for `thing`, tried where that needs no other edit."""
    import keras

    cls = type(thing)
    arguments, (code, missing) = ", ".join(_arguments(cls)), _config_code(thing)
    cured = None if missing else holds(subject, cls, code, kinds)
    what = "has no get_config, and its __init__ does not take Keras' name, dtype and so on"
    if not _automatic(thing):
        what = f"has a get_config that does not match its arguments ({arguments})"
    elif arguments:
        models = ", and Keras' automatic one for models keeps none" * isinstance(thing, keras.Model)
        what = f"has no get_config{models}: its arguments ({arguments}) are in no file"
    named = cls.__name__ + f" (self.{path})" * bool(path)
    place = f"in {'class' if of_user(cls) else 'a subclass of'} {cls.__name__}"
    return cause(
        "get_config",
        Cure(code, place, cured),
        what=f"{named} {what}{seen}",
        kept="; ".join(f"self.{name} = {name}" for name in missing) or None,
        bare=None if arguments else cls.__name__,
        library=None if of_user(cls) else cls.__name__,
    )


def _config_code(thing: Any) -> tuple[str, list[str]]:
    """Return `get_config` (and `from_config`) for `thing`, and the arguments it keeps nowhere."""
    import keras

    cls = type(thing)
    missing, entries, nested = [], [], []
    for name in _arguments(cls):
        kept = next((each for each in (name, f"_{name}") if hasattr(thing, each)), "")
        missing += [] if kept else [name]
        value, text = getattr(thing, kept, None), f"self.{kept or name}"
        if hasattr(value, "get_config") or (callable(value) and not isinstance(value, type)):
            nested.append(f'"{name}"')
            text = f"keras.saving.serialize_keras_object({text})"
        entries.append(f'"{name}": {text}')
    kinds = (keras.Layer, keras.optimizers.Optimizer, keras.losses.Loss, keras.metrics.Metric)
    if isinstance(thing, kinds):
        asked = inspect.signature(cls.__init__).parameters
        own = [f'"{name}": {text}' for name, text in _OF_KERAS.items() if name in asked]
        entries[:0] = ["**super().get_config()"] if _takes_kwargs(cls) else own
        entries += ['"autocast": self.autocast'] * (not getattr(thing, "autocast", True))
    code = f"def get_config(self):\n    return {{{', '.join(entries)}}}"
    return code + (_FROM_CONFIG.format(", ".join(nested)) if nested else ""), missing


def _takes_kwargs(cls: type) -> bool:
    """Whether `__init__` takes what it does not name, as Keras' own arguments are."""
    parameters = inspect.signature(cls.__init__).parameters.values()  # type: ignore[misc]
    return any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)


def _arguments(cls: type) -> list[str]:
    """Return the arguments of a class's `__init__` that are its own, and not Keras'."""
    own = parameters(cls.__init__) if overrides(cls, "__init__") else {}  # type: ignore[misc]
    return [name for name in own if name not in _OF_KERAS]
