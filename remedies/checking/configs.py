"""Why the arguments that an object was made with do not come back; the `get_config` to paste."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from remedies.checking.compile_settings import set_by_compile
from remedies.checking.cures import holds, scope_of
from remedies.checking.findings import Cause, Cure, names
from remedies.checking.outside import is_recurrent
from remedies.libraries import definer, of_framework, of_user
from remedies.state.difference import STATE, Difference
from remedies.state.inventory import objects
from remedies.state.trip import Failure, Subject, Trip

# What every layer's config holds; an `__init__` without **kwargs may take none of it.
_OF_KERAS = {
    "name": "self.name",
    "dtype": "self.dtype_policy.name",
    "trainable": "self.trainable",
}
_FROM_CONFIG = """

@classmethod
def from_config(cls, config):
    for name in ({},):
        config[name] = keras.saving.deserialize_keras_object(config[name])
    return cls(**config)"""


def causes(subject: Subject, trip: Trip) -> Iterator[Cause]:
    """Yield why Python values of the model differ after `trip`: arguments first, then others."""
    if trip.whole:
        return
    values = [*trip.of("attribute"), *trip.hints]
    explained = {d.path for d in values if set_by_compile(subject.model, d)}
    for path, thing in _configured(subject.model):
        arguments = constructor(type(thing))
        given = [d for d in values if d.owner is thing and _bare(d.path) in arguments]
        if given:
            yield _defaults(subject, path, thing, given)
            explained |= {d.path for d in values if not path or d.path.startswith(f"{path}.")}
            explained |= {d.path for d in given}
    left = [d for d in trip.of("attribute") if d.path not in explained]
    if left and all(map(is_recurrent, trip.of("plain"))):
        yield _python_values(left)
    elif not (explained or left or trip.differences or trip.settings):
        yield from _hidden(subject)


def raised(subject: Subject, failure: Failure, _: object = None) -> Iterator[Cause]:
    """Yield the one config at fault for a save or load that raises, if any is."""
    owner, suspects = failure.owner, list(_configured(subject.model))
    if hasattr(owner, "get_config") and not any(thing is owner for _, thing in suspects):
        suspects.append(("", owner))
    text = f"{failure.text} {failure.error}"
    for path, thing in sorted(suspects, key=lambda pair: pair[1] is not owner):
        cls = type(thing)
        if isinstance(thing, type) or not (constructor(cls) or not _takes_kwargs(cls)):
            continue
        lacks = of_framework(definer(cls, "get_config"))
        blamed = thing is owner or cls is owner or cls.__name__ in text
        if not lacks and not (blamed and ("get_config" in text or "__init__" in failure.text)):
            continue
        cure, missing = _cure(subject, thing, STATE)
        if lacks or cure.cured is not False:
            yield _unsaved(failure, path, thing, cure, missing)
            return


def _configured(model: Any) -> Iterator[tuple[str, Any]]:
    for path, thing in objects(model).items():
        if not of_framework(type(thing)) and hasattr(thing, "get_config"):
            yield path, thing


def _bare(path: str) -> str:
    return path.rpartition(".")[2].partition("[")[0].lstrip("_")


def _where(path: str, thing: Any) -> str:
    return type(thing).__name__ + (f" (self.{path})" if path else "")


def _cause(thing: Any, why: str, cure: Cure, missing: list[str]) -> Cause:
    cls = type(thing)
    do = [*cure.steps]
    if missing:
        kept = "; ".join(f"self.{name} = {name}" for name in missing)
        do.append(f"and write in __init__: {kept}")
    if not constructor(cls):
        do.append("or take **kwargs in __init__ and hand it on: super().__init__(**kwargs)")
    if not of_user(cls):
        do = [
            f"{cls.__name__} is a library's: subclass it with the get_config below, or make the "
            "model by your own code and call load_weights on the file"
        ]
    return Cause("get_config", why, do=tuple(do), cure=cure)


def _unsaved(failure: Failure, path: str, thing: Any, cure: Cure, missing: list[str]) -> Cause:
    cls = type(thing)
    arguments = ", ".join(constructor(cls))
    if not of_framework(definer(cls, "get_config")):
        what = f"does not get all of its arguments ({arguments}) back from its get_config"
    elif arguments:
        what = f"has no get_config: its arguments ({arguments}) are in no file"
    else:
        what = (
            "has no get_config, and its __init__ does not take the name, dtype and so on of Keras'"
        )
    why = f"{failure.stage.capitalize()} raises, because {_where(path, thing)} {what}."
    return _cause(thing, why, cure, missing)


def _defaults(subject: Subject, path: str, thing: Any, given: list[Difference]) -> Cause:
    import keras

    cls = type(thing)
    cure, missing = _cure(subject, thing, ("weight", "optimizer", "attribute"))
    values = ", ".join(f"{_bare(d.path)}={d.before!r} loads as {d.after!r}" for d in given[:4])
    if not of_framework(definer(cls, "get_config")):
        why = f"get_config of {cls.__name__} leaves out arguments of __init__"
    elif isinstance(thing, keras.Model):
        why = f"{cls.__name__} has no get_config, and Keras' automatic one for models keeps none"
    else:
        why = f"{cls.__name__} has no get_config, and what it was given does not come back"
    return _cause(thing, f"{why}{f' (self.{path})' * bool(path)}: {values}.", cure, missing)


def _hidden(subject: Subject) -> Iterator[Cause]:
    """Name the class whose arguments no attribute keeps, where only the results differ."""
    for path, thing in _configured(subject.model):
        cls = type(thing)
        arguments = constructor(cls)
        code, missing = config_code(thing)
        if arguments and (missing or of_framework(definer(cls, "get_config"))):
            why = (
                f"All variables came back and the results differ: {_where(path, thing)} takes "
                f"arguments ({', '.join(arguments)}) that its get_config lacks."
            )
            yield _cause(thing, why, Cure(code, f"in class {cls.__name__}"), missing)
            return


def _python_values(differences: list[Difference]) -> Cause:
    first = differences[0]
    before, after = (repr(value)[:50] for value in (first.before, first.after))
    return Cause(
        "python_value",
        f"{names(differences)}: Python values that were set or moved on after the model was made "
        "are in no file.",
        f"self.{first.path} is {before} in the model and {after} after loading.",
        (
            f"keep it in a variable, self.add_weight(shape=(), trainable=False), or return it from "
            f"get_config of {type(first.owner).__name__} and take it in __init__",
        ),
    )


def _cure(subject: Subject, thing: Any, kinds: tuple[str, ...]) -> tuple[Cure, list[str]]:
    """Return the config for `thing`, tried where that needs no edit of `__init__`."""
    cls = type(thing)
    code, missing = config_code(thing)
    cured = None if missing else holds(subject, cls, code, kinds, scope_of(subject.model))
    return Cure(code, f"in class {cls.__name__}", cured), missing


def config_code(thing: Any) -> tuple[str, list[str]]:
    """Return `get_config` (and `from_config`) for `thing`, and the arguments it keeps nowhere."""
    import keras

    cls = type(thing)
    missing, entries, nested = [], [], []
    for name in constructor(cls):
        kept = next((each for each in (name, f"_{name}") if hasattr(thing, each)), "")
        missing += [] if kept else [name]
        value, text = getattr(thing, kept, None), f"self.{kept or name}"
        if hasattr(value, "get_config") or (callable(value) and not isinstance(value, type)):
            nested.append(f'"{name}"')
            text = f"keras.saving.serialize_keras_object({text})"
        entries.append(f'"{name}": {text}')
    if isinstance(thing, (keras.Layer, keras.optimizers.Optimizer)):
        asked = inspect.signature(cls.__init__).parameters
        own = [f'"{name}": {text}' for name, text in _OF_KERAS.items() if name in asked]
        entries[:0] = ["**super().get_config()"] if _takes_kwargs(cls) else own
    code = f"def get_config(self):\n    return {{{', '.join(entries)}}}"
    return code + (_FROM_CONFIG.format(", ".join(nested)) if nested else ""), missing


def _takes_kwargs(cls: type) -> bool:
    """Whether `__init__` takes what it does not name, as Keras' own arguments are."""
    parameters = inspect.signature(cls.__init__).parameters.values()  # type: ignore[misc]
    return any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)


def constructor(cls: type) -> list[str]:
    """Return the arguments of a class's `__init__` that are its own, and not Keras'."""
    if of_framework(definer(cls, "__init__")):
        return []
    signature = inspect.signature(cls.__init__)  # type: ignore[misc]
    return [
        name
        for name, parameter in list(signature.parameters.items())[1:]
        if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
        and name not in _OF_KERAS
    ]
