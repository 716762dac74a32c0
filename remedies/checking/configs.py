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
    weights, own_compile = first.of("weight", lost=True), [*overridden_compile(subject, first)]
    settings = () if weights or own_compile else first.settings
    elsewhere = not (lost or own_compile) and any(trip.of("optimizer") for trip in trips[1:])
    scaled = type(getattr(model, "optimizer", None)).__name__ == "LossScaleOptimizer"
    yield from own_compile
    if scaled and (elsewhere or settings):
        yield cause("loss_scale")
    elif settings:
        yield cause("compile.settings", settings=", ".join(settings))
    if frozen:
        flag, paths = frozen[0].before, outermost(d.path for d in frozen)
        flags = "; ".join(f"{selves([path])}.trainable = {flag}" for path in paths[:4])
        own, would = type(model) if of_user(type(model)) else None, "no more" if flag else "again"
        yield cause("frozen", layers=selves(paths), would=would, own=own, flags=flags)
    for trip in [trip for trip in trips if trip.of("policy")][:1]:
        changes = [f"self.{d.path}: {d.before} -> {d.after}" for d in trip.of("policy")[:4]]
        yield cause("precision", trip=trip.name, changes="; ".join(changes))
    decays = [d for d in first.of("setting") if not all(d.before)]
    if decays and not (lost or own_compile):
        before, after = (sum(each or []) for each in (decays[0].before, decays[0].after))
        yield cause("weight_decay_exclusions", before=before, after=after)
    if lost and not (weights or frozen or own_compile):
        yield _lost_optimizer(subject, lost)


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
    what = ["its settings"] if trip.uncompiled else [f"its {name}" for name in trip.settings]
    if lost := len(trip.of("optimizer")):
        what.append(f"{lost} variables of {selves(_optimizers(model)) or 'the optimizer'}")
    if values:
        what.append(f"{names(values)}, which compile sets")
    code = _compile_code(model) if of_user(source) else ""
    kinds = ("weight", "optimizer", "setting", *["attribute"] * bool(values))
    cured = holds(subject, cls, code, kinds) if code else None
    cure = Cure(code, f"in class {cls.__name__}", cured)
    state = "uncompiled" if trip.uncompiled else "compiled as the class does it"
    own = source if of_user(source) and not code else None
    yield cause("compile", cure, cls=source, state=state, what=", ".join(what), own=own)


def _optimizers(model: Any) -> list[str]:
    import keras

    kind = keras.optimizers.Optimizer
    return [path for path, each in objects(model).items() if isinstance(each, kind) and each.built]


def _compile_code(model: Any) -> str:
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
    ) + _optimizer_builds(model)


def _optimizer_builds(model: Any) -> str:
    things, code = {"": model, **layers(model)}, ""
    for name in sorted(_optimizers(model)):
        if name.isidentifier() and not name.startswith("_"):
            trained = _trained_by(getattr(model, name))
            fits = (p for p, each in things.items() if _ids(each.trainable_variables) == trained)
            path = f"self.{next(fits, '')}".rstrip(".")
            code += f"\n    self.{name}.build({path}.trainable_variables)"
    return code


def _trained_by(optimizer: Any) -> list[int]:
    return _ids(getattr(optimizer, "_trainable_variables", None) or ())


def _ids(variables: Iterable[Any]) -> list[int]:
    return [id(variable) for variable in variables]


def _lost_optimizer(subject: Subject, lost: list[Difference]) -> Cause:
    model, cls, kind = subject.model, type(subject.model), type(subject.model.optimizer)
    trained, trainable = _trained_by(model.optimizer), _ids(model.trainable_variables)
    if 0 < len(trained) != len(trainable):
        counts = {"trained": len(trained), "trainable": len(trainable), "lost": len(lost)}
        own = {path: {*_ids(each.trainable_variables)} for path, each in layers(model).items()}
        idle = outermost(path for path, ids in own.items() if ids and not ids & {*trained})
        flags = "; ".join(f"self.{path}.trainable = False" for path in idle[:4]) or None
        return cause("optimizer.some", cls=cls, flags=flags, **counts)
    if model.get_build_config() is None and of_user(cls):
        return cause("optimizer.never_called", cls=cls, lost=len(lost))
    return cause("optimizer", names=names(lost, 3), own=None if of_framework(kind) else kind)


def lost_values(subject: Subject, trip: Trip) -> Iterator[Cause]:
    """Yield why Python values of the model differ after `trip`: arguments first, then others."""
    values = trip.of("attribute")
    explained = {d.path for d in values if _set_by_compile(subject.model, d)}
    suspects = [(p, t) for p, t in _configured(subject.model) if _own_arguments(type(t))]
    for path, thing in suspects:
        # Every layer takes `autocast`, and Keras keeps it in no config.
        arguments = [*_own_arguments(type(thing)), "autocast"]
        given = [d for d in values if d.owner is thing and _bare(d.path) in arguments]
        if given:
            kinds = ("weight", "optimizer", "attribute")
            yield _blamed(subject, path, thing, f": {_values(given)}", kinds)
            explained |= {d.path for d in values if not path or d.path.startswith(f"{path}.")}
    if losses := [d for d in values if not of_user(type(d.owner))]:
        yield cause("loss_arguments", cls=type(losses[0].owner), values=_values(losses))
        explained |= {d.path for d in losses}
    left = [d for d in values if d.path not in explained]
    if left and all(map(is_recurrent, trip.of("plain"))):
        what, cls = shorten(_values(left[:1]), 120), type(left[0].owner)
        yield cause("python_value", names=names(left), values=what, cls=cls)
    elif not (trip.whole or explained or left or trip.differences or trip.settings):
        # Only the results differ: no attribute keeps what some class was given.
        hidden = [(p, t) for p, t in suspects if _automatic(t) or _config_code(t)[1]]
        yield from (_blamed(subject, *pair) for pair in hidden[:1])


def is_recurrent(difference: Difference) -> bool:
    """Whether it is a stateful layer's state that differs."""
    return bool(getattr(difference.owner, "stateful", False)) and "state" in difference.path


def config_at_fault(subject: Subject, failure: Failure) -> Iterator[Cause]:
    """Yield the configs that may be at fault for a save or load that raises, likeliest first."""
    text = f"{failure.text} {failure.error}"
    suspects = _configured(subject.model)
    for path, thing in sorted(suspects, key=lambda pair: type(pair[1]) is not failure.owner):
        cls, automatic = type(thing), _automatic(thing)
        named = cls is failure.owner or cls.__name__ in text
        named = named and ("get_config" in text or "__init__" in failure.text)
        if (automatic or named) and (_own_arguments(cls) or not _takes_kwargs(cls)):
            blame = _blamed(subject, path, thing, f", so {failure.stage} raises")
            if automatic or blame.cure.cured is not False:
                yield blame


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
    cls, arguments = type(thing), ", ".join(_own_arguments(type(thing)))
    code, missing = _config_code(thing)
    own = cls if of_user(cls) else None
    place = f"in {'class' if own else 'a subclass of'} {cls.__name__}"
    cure = Cure(code, place, None if missing else holds(subject, cls, code, kinds))
    what = "has no get_config, and its __init__ does not take Keras' name, dtype and so on"
    if not _automatic(thing):
        what = f"has a get_config that does not match its arguments ({arguments})"
    elif arguments:
        what = f"has no get_config of its own: its arguments ({arguments}) are in no file"
    what = f"{cls.__name__}{f' (self.{path})' * bool(path)} {what}{seen}"
    kept = "; ".join(f"self.{name} = {name}" for name in missing) or None
    bare, library = None if arguments else cls, None if own else cls
    return cause("get_config", cure, what=what, kept=kept, bare=bare, library=library)


def _config_code(thing: Any) -> tuple[str, list[str]]:
    """Return `get_config` (and `from_config`) for `thing`, and the arguments it keeps nowhere."""
    import keras

    cls = type(thing)
    missing, entries, nested = [], [], []
    for name in _own_arguments(cls):
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
    return inspect.getfullargspec(cls.__init__).varkw is not None  # type: ignore[misc]


def _own_arguments(cls: type) -> list[str]:
    own = parameters(cls.__init__) if overrides(cls, "__init__") else {}  # type: ignore[misc]
    return [name for name in own if name not in _OF_KERAS]
