"""Why a model cannot be saved or loaded at all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from remedies.cures import config_code, constructor, holds, takes_kwargs
from remedies.findings import Advice, Cause
from remedies.inventory import layers, objects
from remedies.libraries import definer, of_framework, of_user
from remedies.problem import shorten
from remedies.trip import Failure, Subject, Trip, travel

_UNREGISTERED = re.compile(r"Could not locate (class|function) '([^']+)'")


def causes(subject: Subject, trip: Trip, others: tuple[Trip, ...]) -> Iterator[Advice]:
    """Yield why `trip` raised; `others` are those that did not, with the classes handed over."""
    failure = trip.failure
    if failure is None:
        return
    if failure.stage == "loading" and "safe_mode" in str(failure.error):
        lambdas = _lambdas(subject.model)
        if lambdas:
            yield _safe_mode(subject, lambdas)
            return
    unknown = _UNREGISTERED.search(f"{failure.text} {failure.error}")
    if failure.stage == "loading" and (others or unknown):
        what, name = unknown.groups() if unknown else ("class", "")
        yield _unregistered(subject, failure, what, name, others)
        return
    if _quantized(subject.model):
        yield _cannot_save_quantized(failure)
        return
    if "was never built" in str(failure.error):
        unbuilt = dict(_unbuilt(subject.model))
        if unbuilt:
            yield _own_build(subject.model, unbuilt)
            return
    for path, thing in _suspects(subject, failure):
        advice = _config(subject, path, thing, failure)
        if advice is not None:
            yield advice
            return
    yield _other(failure)


def _lambdas(model: Any) -> dict[str, Any]:
    """Return the `Lambda` layers, by path, whose function is a Python lambda."""
    import keras

    return {
        path: layer
        for path, layer in layers(model).items()
        if isinstance(layer, keras.layers.Lambda)
        and getattr(layer.function, "__name__", "") == "<lambda>"
    }


def _safe_mode(subject: Subject, lambdas: dict[str, Any]) -> Advice:
    where = ", ".join(f"self.{path}" for path in list(lambdas)[:6])
    held = "tried: the model comes back whole, twice over"
    tried = held if _named(subject, lambdas) else "tried: not enough by itself"
    decorator = "@keras.saving.register_keras_serializable()"
    return Advice(
        Cause.LAMBDA,
        f"Loading raises, because a Lambda layer ({where}) has a Python lambda: the file holds "
        "that as code, and load_model in its safe mode runs no code from a file.",
        "a Python lambda has no name by which the file could say which function is meant.",
        (
            f"write the lambda as a function, def scale(x): ..., with {decorator} above it, and "
            f"hand that to Lambda ({tried})",
            "or write a keras.layers.Layer of your own, registered the same way, in place of "
            "Lambda",
            "or, for the file as it is and if you trust it: load_model(path, safe_mode=False)",
        ),
    )


def _named(subject: Subject, lambdas: dict[str, Any]) -> bool:
    """Whether the model comes back whole when the lambdas have names that Keras knows."""
    functions = {f"function_{n}": layer.function for n, layer in enumerate(lambdas.values())}
    try:
        for name, function in functions.items():
            function.__name__ = name
        trips = travel(subject, scope=functions, train=False)
    finally:
        for function in functions.values():
            function.__name__ = "<lambda>"
    return all(trip.whole for trip in trips)


def _unregistered(
    subject: Subject, failure: Failure, kind: str, name: str, others: tuple[Trip, ...]
) -> Advice:
    classes = {type(thing).__name__: type(thing) for thing in objects(subject.model).values()}
    cls = classes.get(name)
    what = name or ", ".join(key for key, c in classes.items() if not of_framework(c))
    seen = shorten(failure.text.rpartition("Could not locate")[2] or failure.text, 160)
    tried = "tried: with it, the model loads" if others else "not tried here"
    decorator = "@keras.saving.register_keras_serializable()"
    keyword = "def" if kind == "function" else "class"
    base = cls.__bases__[0].__name__ if cls else "..."
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
        code=f"{decorator}\n{keyword} {what}({base}):",
        place=f"above {keyword} {what}",
        cured=bool(others) or None,
    )


def _unbuilt(model: Any) -> Iterator[tuple[str, list[str]]]:
    """Yield the layers whose own `build`, tried on a copy, leaves children unbuilt, and those."""
    for path, layer in layers(model).items():
        if of_framework(definer(type(layer), "build")):
            continue
        try:
            copy = type(layer).from_config(layer.get_config())
            copy.build_from_config(layer.get_build_config())
        except Exception:  # noqa: S112 - what cannot be tried is no evidence
            continue
        children, built = layers(layer), layers(copy)
        idle = [name for name in children if name not in built or not built[name].built]
        left = [name for name in idle if children[name].weights]
        outer = [name for name in left if not any(name.startswith(f"{other}.") for other in left)]
        if outer:
            yield path, outer


def _own_build(model: Any, unbuilt: dict[str, list[str]]) -> Advice:
    things = layers(model)
    names = "; ".join(
        f"{type(things[path]).__name__} (self.{path}): "
        + ", ".join(f"self.{child}" for child in children[:6])
        for path, children in list(unbuilt.items())[:3]
    )
    classes = ", ".join(dict.fromkeys(type(things[path]).__name__ for path in unbuilt))
    anew = (
        "make the model by your code, call it on a batch, compile(...), "
        "optimizer.build(model.trainable_variables), then load_weights(path)"
    )
    own = all(of_user(type(things[path])) for path in unbuilt)
    first = next(iter(unbuilt.values()))[0]
    build = f"build each of these layers in {classes}.build(): self.{first}.build(...)"
    return Advice(
        Cause.CHILDREN,
        f"Loading raises, because a build() of its own switches Keras' trace of call off, and it "
        f"does not build these layers: {names}. A real call had built them.",
        "build() of each, tried on a copy as loading does it, left them unbuilt.",
        (build, f"or, for the file as it is: {anew}") if own else (anew,),
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
        if of_framework(cls) or not hasattr(thing, "get_config") or not _takes_its_own(cls):
            continue
        if thing is owner or cls is owner or cls.__name__ in text or _lacks_config(thing):
            yield path, thing


def _takes_its_own(cls: type) -> bool:
    """Whether `__init__` takes arguments that are not Keras', or does not take Keras' own."""
    return bool(constructor(cls)) or not takes_kwargs(cls)


def _lacks_config(thing: Any) -> bool:
    return of_framework(definer(type(thing), "get_config"))


def _config(subject: Subject, path: str, thing: Any, failure: Failure) -> Advice | None:
    cls = type(thing)
    if isinstance(thing, type) or not _takes_its_own(cls):
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
    elif not arguments:
        do.append("or take **kwargs in __init__ and hand it on: super().__init__(**kwargs)")
    verb = "Saving" if failure.stage == "saving" else "Loading"
    why = f"{verb} raises, because {cls.__name__}{where} "
    why += (
        f"has no get_config: its arguments ({arguments}) are in no file."
        if lacks and arguments
        else "has no get_config, and Keras' own gives name, trainable and dtype, which its "
        "__init__ does not take."
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
