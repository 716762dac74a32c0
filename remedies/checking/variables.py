"""Why variables do not come back: they are not built on load, in no file, or altered."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from remedies.checking.catalogue import cause
from remedies.checking.cures import (
    REBUILT,
    calling,
    casting,
    holds,
    needed_dtypes,
    raised_on,
    rebuilding_cure,
)
from remedies.checking.findings import Cause, Cure, names, selves, tried
from remedies.feed import needs_training
from remedies.libraries import of_framework, of_user, overrides
from remedies.state.archive import digest_of
from remedies.state.arrays import leaves
from remedies.state.difference import Difference
from remedies.state.inventory import is_functional, layers, owned_classes, records_inputs
from remedies.state.methods import Swallowed
from remedies.state.trip import Subject, Trip

_SAVES_ITSELF = ("save_own_variables", "load_own_variables")


def causes(subject: Subject, first: Trip, second: Trip) -> Iterator[Cause]:
    """Yield why variables are lost or changed on the first load, or lost on the second."""
    lost = first.of("weight", lost=True)
    absent = [difference for difference in lost if not _in_file(first, difference)]
    if absent:
        yield _not_in_file(absent)
    rest = [difference for difference in lost if difference not in absent]
    if rest:
        yield _lost(subject, first, rest)
    elif not lost and second is not first and not is_functional(subject.model):
        own = overrides(type(subject.model), "build_from_config") and not second.records_inputs
        if second.failure or second.of("weight", lost=True) or own:
            yield _second_generation(subject, second)
    yield from _changed(first)


def _lost(subject: Subject, trip: Trip, lost: list[Difference]) -> Cause:
    """Return the cause, with methods that build the model on load where they hold."""
    cls, recorded = type(subject.model), records_inputs(subject.model)
    if not recorded and overrides(cls, "build_from_config"):
        return _second_generation(subject, trip)
    cure = rebuilding_cure(subject)
    if not recorded:
        return cause("children_not_built.no_record", cure, cls=cls.__name__)
    if trip.swallowed and not is_functional(subject.model):
        return _raised(subject, trip.swallowed[0], cure)
    # What Keras' own layers are made of is theirs to build.
    theirs = [path for path, layer in layers(subject.model).items() if of_framework(type(layer))]
    holders = _holders_of(lost)
    outer = (next((o for o in theirs if f"{p}.".startswith(f"{o}.")), p) for p in holders)
    unbuilt = [*dict.fromkeys(outer)]
    left = {f"{cls.__name__}.{how}": paths for (cls, how), paths in trip.unbuilt.items()}
    builder = next((b for b, (path, *_) in left.items() if any(path in p for p in unbuilt)), "")
    name = "children_not_built" + ".own_build" * bool(builder)
    return cause(name, cure, builder=builder, layers=selves(unbuilt, 1_000))


def _raised(subject: Subject, swallowed: Swallowed, cure: Cure) -> Cause:
    cls, name = type(subject.model), swallowed.owner
    at = f"{Path(swallowed.file).name}:{swallowed.line}"
    owner = next((each for each in owned_classes(subject.model) if each.__name__ == name), cls)
    args, kwargs = subject.feed.call or ((), {})
    if needs_training(owner) and "training" in swallowed.error:
        default = calling(owner, lambda given: (given[0], {"training": False, **given[1]}))
        held = holds(subject, owner, default, REBUILT)
        return cause("training_argument", cure, cls=name, tried=tried(held))
    on_floats = raised_on(subject, range(len(leaves((args, kwargs)))))
    on_true = raised_on(subject, ())
    data = [key for key, value in kwargs.items() if key != "training" and value is not None]
    several = len(args) + len(data) > 1 and name == cls.__name__
    lacking = on_floats != swallowed.error or "required" in swallowed.error
    if not swallowed.entered or (several and lacking):
        return cause("arguments", cure, cls=name)
    needed = needed_dtypes(subject) if on_floats and not on_true else {}
    if not needed:
        error = f"; it raises with the true dtypes too: {on_true}" * bool(on_true)
        return cause("code", cure, cls=name, method=swallowed.method, place=at, error=error)
    dtypes = dict(needed.values())
    casts = None
    if {*dtypes.values()} != {"string"}:
        held = holds(subject, cls, casting(cls, dtypes), REBUILT)
        casts = " and ".join(f'tf.cast({path}, "{dtype}")' for path, (_, dtype) in needed.items())
        casts += tried(held or None)
    return cause(
        "dtype",
        cure,
        cls=cls.__name__,
        dtypes=", ".join(f"{path} is {dtype}" for path, (_, dtype) in needed.items()),
        place=at,
        casts=casts,
        where="tf.where" if "tf.where" in swallowed.source else None,
        first=next(iter(dtypes.values())),
    )


def _second_generation(subject: Subject, trip: Trip) -> Cause:
    if trip.failure:
        return cause("second_generation.raises", failure=trip.failure)
    cure = rebuilding_cure(subject)
    return cause("second_generation", cure, cls=type(subject.model).__name__)


def _changed(trip: Trip) -> Iterator[Cause]:
    """Yield why variables differ on `trip`, without being lost."""
    changed, plain = trip.of("weight", lost=False), trip.of("plain")
    if own := [d for d in changed if any(overrides(type(d.owner), m) for m in _SAVES_ITSELF)]:
        classes = ", ".join(dict.fromkeys(type(d.owner).__name__ for d in own))
        mine = classes if all(of_user(type(d.owner)) for d in own) else None
        yield cause("own_save_and_load", cls=classes, own=mine, names=names(own))
    if recurrent := [*filter(is_recurrent, [*plain, *changed])]:
        yield cause("recurrent_state", names=names(recurrent))
    if plain := [d for d in plain if d not in recurrent]:
        yield _plain(plain)
    rest = [d for d in changed if d not in own and d not in recurrent]
    if rest and not trip.of("policy"):
        absent = [difference for difference in rest if not _in_file(trip, difference)]
        yield _not_in_file(absent) if absent else cause("not_loaded", names=names(rest))


def is_recurrent(difference: Difference) -> bool:
    """Whether it is a stateful layer's state that differs."""
    return bool(getattr(difference.owner, "stateful", False)) and "state" in difference.path


def _in_file(trip: Trip, difference: Difference) -> bool:
    """Whether the file of `trip` holds the values of a variable, wherever it does."""
    held = trip.archive.entries.values() if trip.archive else ()
    return digest_of(difference.before) in held


def _holders_of(differences: list[Difference]) -> list[str]:
    """Return the layers that differences are in, each once."""
    return list(dict.fromkeys(d.path.rpartition(".")[0] or d.path for d in differences))


def _not_in_file(absent: list[Difference]) -> Cause:
    """Say that the file does not hold some weights at all, and what to rename, if anything."""
    holders = _holders_of(absent)
    hidden = [part.partition("[")[0] for part in holders[0].split(".") if part.startswith("_")]
    name = hidden[0] if hidden else None
    other = name.strip("_") if name else None
    return cause("not_in_file", count=len(absent), layers=selves(holders), name=name, other=other)


def _plain(differences: list[Difference]) -> Cause:
    import keras

    first = differences[0]
    owner, name = first.owner, first.path.rpartition(".")[2].partition("[")[0]
    cls, variable = type(owner).__name__, getattr(owner, name, None)
    trains = getattr(variable, "trainable", False)
    layer = "" if isinstance(owner, keras.Layer) else f"make {cls} a keras.layers.Layer, and "
    kept = "" if trains else ', initializer="zeros", trainable=False'
    given = f'shape={np.shape(first.before)}, name="{name.strip("_")}"{kept}'
    made = f"self.add_weight({given})"
    made = f"self.{name} = {f'[{made}, ...]' if isinstance(variable, list) else made}"
    shown = names(differences)
    return cause("state_outside_the_file", names=shown, layer=layer, cls=cls, made=made)


def converted(subject: Subject, first: Trip, second: Trip) -> Iterator[Cause]:
    """Yield the cause where LoRA or quantization make layers that a file does not give back."""
    marks, below = ("lora_enabled", "quantization_mode"), layers(subject.model).items()
    adapted, quantized = ([p for p, each in below if getattr(each, m, None)] for m in marks)
    if adapted and first.differences:
        yield cause("lora", layers=selves(adapted))
    failure = first.failure or second.failure
    if quantized and (failure or first.differences or second.differences):
        what = f": {failure}" if failure else ""
        yield cause("quantized", layers=selves(quantized), what=what)
