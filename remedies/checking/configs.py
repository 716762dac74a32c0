"""Why the arguments that an object was made with do not come back; the `get_config` to paste."""

import inspect
from collections.abc import Iterator
from typing import Any

from remedies.checking.catalogue import cause
from remedies.checking.compile_settings import set_by_compile
from remedies.checking.cures import holds
from remedies.checking.findings import Cause, Cure, names
from remedies.checking.variables import is_recurrent
from remedies.libraries import of_framework, of_user, overrides, parameters
from remedies.problem import shorten
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
    values = trip.of("attribute")
    explained = {d.path for d in values if set_by_compile(subject.model, d)}
    suspects = [(p, t) for p, t in _configured(subject.model) if constructor(type(t))]
    for path, thing in suspects:
        arguments = constructor(type(thing))
        arguments.append("autocast")  # an argument of every layer, which Keras keeps in no config
        given = [d for d in values if d.owner is thing and _bare(d.path) in arguments]
        if given:
            kinds = ("weight", "optimizer", "attribute")
            yield _blamed(subject, path, thing, f": {_values(given)}", kinds)
            explained |= {d.path for d in values if not path or d.path.startswith(f"{path}.")}
            explained |= {d.path for d in given}
    if losses := [d for d in values if not of_user(type(d.owner))]:
        kind = type(losses[0].owner).__name__
        yield cause("loss_arguments", cls=kind, values=_values(losses))
        explained |= {d.path for d in losses}
    left = [d for d in values if d.path not in explained]
    if left and all(map(is_recurrent, trip.of("plain"))):
        what, cls = shorten(_values(left[:1]), 120), type(left[0].owner).__name__
        yield cause("python_value", names=names(left), values=what, cls=cls)
    elif not (explained or left or trip.differences or trip.settings):
        # Only the results differ: no attribute keeps what some class was given.
        hidden = [(p, t) for p, t in suspects if _automatic(t) or config_code(t)[1]]
        yield from (_blamed(subject, *pair) for pair in hidden[:1])


def raised(subject: Subject, failure: Failure) -> Iterator[Cause]:
    """Yield the one config at fault for a save or load that raises, if any is."""
    text = f"{failure.text} {failure.error}"
    suspects = _configured(subject.model)
    for path, thing in sorted(suspects, key=lambda pair: type(pair[1]) is not failure.owner):
        cls = type(thing)
        if not constructor(cls) and _takes_kwargs(cls):
            continue
        blamed = cls is failure.owner or cls.__name__ in text
        named = blamed and ("get_config" in text or "__init__" in failure.text)
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
    arguments, (code, missing) = ", ".join(constructor(cls)), config_code(thing)
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


def constructor(cls: type) -> list[str]:
    """Return the arguments of a class's `__init__` that are its own, and not Keras'."""
    own = parameters(cls.__init__) if overrides(cls, "__init__") else {}  # type: ignore[misc]
    return [name for name in own if name not in _OF_KERAS]
