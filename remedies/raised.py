"""Why a model cannot be saved or loaded at all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from remedies.cures import config_code, constructor, holds
from remedies.findings import Advice, Cause
from remedies.inventory import objects
from remedies.libraries import of_framework, of_user
from remedies.problem import shorten
from remedies.trip import Failure, Subject, Trip

_UNREGISTERED = re.compile(r"Could not locate (?:class|function) '([^']+)'")


def causes(subject: Subject, trip: Trip, others: tuple[Trip, ...]) -> Iterator[Advice]:
    """Yield why `trip` raised; `others` are those that did not, with the classes handed over."""
    failure = trip.failure
    if failure is None:
        return
    unknown = _UNREGISTERED.search(f"{failure.text} {failure.error}")
    if failure.stage == "loading" and (others or unknown):
        yield _unregistered(subject, failure, unknown.group(1) if unknown else "", others)
        return
    if _quantized(subject.model):
        yield _cannot_save_quantized(failure)
        return
    for path, thing in _suspects(subject, failure):
        advice = _config(subject, path, thing, failure)
        if advice is not None:
            yield advice
            return
    yield _other(failure)


def _unregistered(
    subject: Subject, failure: Failure, name: str, others: tuple[Trip, ...]
) -> Advice:
    classes = {type(thing).__name__: type(thing) for thing in objects(subject.model).values()}
    cls = classes.get(name)
    what = name or ", ".join(key for key, c in classes.items() if not of_framework(c))
    seen = shorten(failure.text.rpartition("Could not locate")[2] or failure.text, 160)
    tried = "tried: with it, the model loads" if others else "not tried here"
    decorator = "@keras.saving.register_keras_serializable()"
    base = f"class {cls.__name__}({cls.__bases__[0].__name__}):" if cls else f"class {what}(...):"
    return Advice(
        Cause.NOT_REGISTERED,
        f"Loading raises: {what} is not registered, so keras.saving.load_model does not know it.",
        f"Keras says: Could not locate{seen}"
        if "Could not locate" in failure.text
        else f"Keras says: {seen}",
        (
            f"write {decorator} above {what}, and import that module before loading",
            f'or load with load_model(path, custom_objects={{"{what}": {what}}}) ({tried})',
        ),
        code=f"{decorator}\n{base}",
        place=f"above class {what}",
        cured=bool(others) or None,
    )


def _quantized(model: Any) -> bool:
    return any(getattr(thing, "quantization_mode", None) for thing in objects(model).values())


def _cannot_save_quantized(failure: Failure) -> Advice:
    return Advice(
        Cause.QUANTIZED,
        f"{failure.stage.capitalize()} a quantized model raises: Keras writes quantized layers in "
        "a form that it does not read back here.",
        f"Keras says: {failure.text}",
        (
            "keep the float model's file, and quantize after each load",
            "for serving alone, export the quantized model: model.export(path)",
        ),
    )


def _suspects(subject: Subject, failure: Failure) -> Iterator[tuple[str, Any]]:
    """Yield the objects whose config may be at fault: the one that raised, then all without one."""
    things = objects(subject.model)
    owner = failure.owner
    ordered = sorted(things.items(), key=lambda pair: pair[1] is not owner)
    if owner is not None and not isinstance(owner, type) and owner not in things.values():
        yield "", owner
    text = f"{failure.text} {failure.error}"
    for path, thing in ordered:
        cls = type(thing)
        if of_framework(cls) or not hasattr(thing, "get_config") or not constructor(cls):
            continue
        if thing is owner or cls is owner or cls.__name__ in text or _lacks_config(thing):
            yield path, thing


def _lacks_config(thing: Any) -> bool:
    own = next((base for base in type(thing).__mro__ if "get_config" in vars(base)), object)
    return of_framework(own)


def _config(subject: Subject, path: str, thing: Any, failure: Failure) -> Advice | None:
    cls = type(thing)
    if isinstance(thing, type) or not constructor(cls):
        return None
    lacks = _lacks_config(thing)
    if not lacks and "get_config" not in str(failure.error) and "__init__" not in failure.text:
        return None
    code, missing = config_code(thing)
    scope = {type(part).__name__: type(part) for part in objects(subject.model).values()}
    scope = {name: part for name, part in scope.items() if not of_framework(part)}
    cured = None if missing else holds(subject, cls, code, scope=scope)
    if cured is False and not lacks:
        return None
    arguments = ", ".join(constructor(cls))
    where = f" (self.{path})" if path else ""
    do = [f"write get_config for {cls.__name__}, as below"]
    if missing:
        do.append(
            f"and keep the arguments: self.{missing[0]} = {missing[0]} in __init__, and so "
            f"for {', '.join(missing)}"
        )
    if not of_user(cls):
        do = [
            f"{cls.__name__} is a library's: subclass it with the get_config below, or save "
            "weights only (model.save_weights) and make the model anew before load_weights"
        ]
    verb = "Saving" if failure.stage == "saving" else "Loading"
    why = f"{verb} raises, because {cls.__name__}{where} "
    why += (
        f"has no get_config: its arguments ({arguments}) are in no file."
        if lacks
        else f"does not get all of its arguments ({arguments}) back from its get_config."
    )
    return Advice(
        Cause.GET_CONFIG,
        why,
        f"Keras says: {failure.text}",
        tuple(do),
        code=code,
        place=f"class {cls.__name__}",
        cured=cured,
    )


def _other(failure: Failure) -> Advice:
    saving = failure.stage == "saving"
    who = f", in {type(failure.owner).__name__}" if failure.owner is not None else ""
    return Advice(
        Cause.SAVE_ERROR if saving else Cause.LOAD_ERROR,
        f"{'Saving' if saving else 'Loading'} raises{who}, so nothing comes back.",
        f"Keras says: {failure.text}",
        (f"mend what this says: {shorten(failure.text, 240)}",),
    )
