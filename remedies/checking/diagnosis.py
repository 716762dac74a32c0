"""From what trips through a file showed to each cause, and to what helps, tried on this model."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from remedies.checking import configs
from remedies.checking.catalogue import REGISTER, cause
from remedies.checking.cures import (
    REBUILT,
    calling,
    casting,
    holds,
    needed_dtypes,
    raised_on,
    rebuilding_cure,
)
from remedies.checking.findings import Cause, Cure, names, outermost, selves, tried
from remedies.feed import needs_training
from remedies.libraries import of_framework, of_user, overrides
from remedies.problem import shorten
from remedies.state.archive import digest_of
from remedies.state.difference import Difference
from remedies.state.inventory import is_functional, layers, leaves, owned_classes, records_inputs
from remedies.state.methods import Swallowed
from remedies.state.trip import Failure, Subject, Trip

_UNREGISTERED = re.compile(r"Could not locate (class|function) '([^']+)'")
_SAVES_ITSELF = ("save_own_variables", "load_own_variables")


def diagnose(subject: Subject, trips: tuple[Trip, ...]) -> tuple[Cause, ...]:
    """Return every cause that the trips show, what ends or loses most first."""
    first, *others = trips
    causes = []
    if first.failure:
        causes.append(next(_ending(subject, first, first.failure, loads=bool(others))))
        trips = trips[1:]
    causes += _losses(subject, trips) if trips else ()
    distinct: dict[tuple[str, str], Cause] = {}
    for each in causes:
        # Layers of one class are mended by one text.
        distinct.setdefault((each.name, each.cure.place or each.why), each)
    return tuple(distinct.values())


def _losses(subject: Subject, trips: tuple[Trip, ...]) -> Iterator[Cause]:
    first = trips[0]
    second = next((trip for trip in trips if trip.name == "second generation"), first)
    if layers_changed := list(_converted(subject, first, second)):
        # What else differs then is theirs, but for what an overridden compile sets.
        yield from layers_changed
        yield from configs.overridden_compile(subject, first)
        return
    causes = [
        *_lost_variables(subject, first, second),
        *configs.lost_values(subject, first),
        *configs.lost_settings(subject, trips),
    ]
    yield from causes
    if not causes and not all(trip.whole for trip in trips):
        what = "Every variable and setting came back, and the loaded model still acts otherwise"
        if first.differences:
            what = f"These differ, and no cause known here fits: {names(first.differences)}"
        yield cause("unknown", what=what)


def _ending(subject: Subject, first: Trip, failure: Failure, *, loads: bool) -> Iterator[Cause]:
    """Yield what may be behind `failure`; whether it `loads` with its classes given."""
    functions = {path: getattr(each, "function", 0) for path, each in layers(subject.model).items()}
    lambdas = [p for p, each in functions.items() if getattr(each, "__name__", "") == "<lambda>"]
    if lambdas and "safe_mode" in str(failure.error):
        yield cause("python_lambda", layers=selves(lambdas))
    yield from _unregistered(subject, failure, loads)
    yield from _converted(subject, first, first)
    if first.unbuilt and "was never built" in str(failure.error):
        yield _own_build(first)
    yield from _shared(subject, failure)
    yield from configs.config_at_fault(subject, failure)
    who = f", in {failure.owner.__name__}" if failure.owner else ""
    stage, error = failure.stage.capitalize(), shorten(failure.text, 240)
    yield cause("error", stage=stage, who=who, error=error)


def _unregistered(subject: Subject, failure: Failure, loads: bool) -> Iterator[Cause]:
    unknown = _UNREGISTERED.search(f"{failure.text} {failure.error}")
    if failure.stage == "saving" or not (loads or unknown):
        return
    classes = {cls.__name__: cls for cls in owned_classes(subject.model)}
    kind, what = unknown.groups() if unknown else ("class", ", ".join(classes))
    base = classes[what].__bases__[0].__name__ if what in classes else "..."
    keyword = "def" if kind == "function" else "class"
    cure = Cure(f"{REGISTER}\n{keyword} {what}({base}):", f"above {keyword} {what}", loads or None)
    yield cause(
        "not_registered", cure, what=what, loads=" (tried: with it, the model loads)" * loads
    )


def _own_build(first: Trip) -> Cause:
    """Name the layers inside whose own `build` leaves children unbuilt."""
    left = {cls: selves(outermost(paths)) for (cls, _), paths in first.unbuilt.items()}
    named = "; ".join(f"{cls.__name__}: {paths}" for cls, paths in [*left.items()][:3])
    cls, children = next(iter(left.items()))
    name, child = cls.__name__ if of_user(cls) else None, children.partition(",")[0]
    return cause("children_not_built.raises", layers=named, cls=name, child=child)


def _shared(subject: Subject, failure: Failure) -> Iterator[Cause]:
    """Name a layer that two functional models, one inside the other, are made of."""
    outer: dict[int, str] = {}
    things = {"": subject.model, **layers(subject.model)} if "variables" in failure.text else {}
    for path, thing in things.items():
        # A Sequential has a functional model of the same layers.
        graph = is_functional(thing) and not path.endswith("_functional")
        for layer in thing.layers if graph else ():
            if layer.weights and outer.setdefault(id(layer), path) != path:
                yield cause("shared_layer", layer=layer.name, inner=thing.name)


def _converted(subject: Subject, first: Trip, second: Trip) -> Iterator[Cause]:
    """Yield the cause where LoRA or quantization make layers that a file does not give back."""
    marks, below = ("lora_enabled", "quantization_mode"), layers(subject.model).items()
    adapted, quantized = ([p for p, each in below if getattr(each, m, None)] for m in marks)
    if adapted and first.differences:
        yield cause("lora", layers=selves(adapted))
    failure = first.failure or second.failure
    if quantized and (failure or first.differences or second.differences):
        what = f": {failure}" if failure else ""
        yield cause("quantized", layers=selves(quantized), what=what)


def _lost_variables(subject: Subject, first: Trip, second: Trip) -> Iterator[Cause]:
    """Yield why variables are lost or changed on the first load, or lost on the second."""
    lost = first.of("weight", lost=True)
    absent = [difference for difference in lost if not _in_file(first, difference)]
    if absent:
        yield _not_in_file(absent)
    if len(absent) < len(lost):
        yield _lost(subject, first, [d for d in lost if d not in absent])
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
    outer = (next((o for o in theirs if f"{p}.".startswith(f"{o}.")), p) for p in _holders_of(lost))
    unbuilt = [*dict.fromkeys(outer)]
    left = {f"{cls.__name__}.{how}": paths for (cls, how), paths in trip.unbuilt.items()}
    builder = next((b for b, (path, *_) in left.items() if any(path in p for p in unbuilt)), "")
    name = "children_not_built" + ".own_build" * bool(builder)
    return cause(name, cure, builder=builder, layers=selves(unbuilt, 1_000))


def _raised(subject: Subject, swallowed: Swallowed, cure: Cure) -> Cause:
    cls, name = type(subject.model), swallowed.owner
    place = f"{Path(swallowed.file).name}:{swallowed.line}"
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
        return cause("code", cure, cls=name, method=swallowed.method, place=place, error=error)
    dtypes, casts = dict(needed.values()), None
    if {*dtypes.values()} != {"string"}:
        held = holds(subject, cls, casting(cls, dtypes), REBUILT)
        casts = " and ".join(f'tf.cast({path}, "{dtype}")' for path, (_, dtype) in needed.items())
        casts += tried(held or None)
    return cause(
        "dtype",
        cure,
        cls=cls.__name__,
        dtypes=", ".join(f"{path} is {dtype}" for path, (_, dtype) in needed.items()),
        place=place,
        casts=casts,
        where="tf.where" if "tf.where" in swallowed.source else None,
        first=next(iter(dtypes.values())),
    )


def _second_generation(subject: Subject, trip: Trip) -> Cause:
    if trip.failure:
        return cause("second_generation.raises", failure=trip.failure)
    return cause("second_generation", rebuilding_cure(subject), cls=type(subject.model).__name__)


def _changed(trip: Trip) -> Iterator[Cause]:
    """Yield why variables differ on `trip`, without being lost."""
    changed, plain = trip.of("weight", lost=False), trip.of("plain")
    if own := [d for d in changed if any(overrides(type(d.owner), m) for m in _SAVES_ITSELF)]:
        classes = ", ".join(dict.fromkeys(type(d.owner).__name__ for d in own))
        mine = classes if all(of_user(type(d.owner)) for d in own) else None
        yield cause("own_save_and_load", cls=classes, own=mine, names=names(own))
    if recurrent := [*filter(configs.is_recurrent, [*plain, *changed])]:
        yield cause("recurrent_state", names=names(recurrent))
    if plain := [d for d in plain if d not in recurrent]:
        yield _outside(plain)
    rest = [d for d in changed if d not in own and d not in recurrent]
    if rest and not trip.of("policy"):
        absent = [difference for difference in rest if not _in_file(trip, difference)]
        yield _not_in_file(absent) if absent else cause("not_loaded", names=names(rest))


def _in_file(trip: Trip, difference: Difference) -> bool:
    """Whether the file of `trip` holds the values of a variable, wherever it does."""
    held = trip.archive.entries.values() if trip.archive else ()
    return digest_of(difference.before) in held


def _holders_of(differences: list[Difference]) -> list[str]:
    return list(dict.fromkeys(d.path.rpartition(".")[0] or d.path for d in differences))


def _not_in_file(absent: list[Difference]) -> Cause:
    holders = _holders_of(absent)
    hidden = [part.partition("[")[0] for part in holders[0].split(".") if part.startswith("_")]
    name = hidden[0] if hidden else None
    other = name.strip("_") if name else None
    return cause("not_in_file", count=len(absent), layers=selves(holders), name=name, other=other)


def _outside(differences: list[Difference]) -> Cause:
    import keras

    first = differences[0]
    owner, name = first.owner, first.path.rpartition(".")[2].partition("[")[0]
    cls, variable = type(owner).__name__, getattr(owner, name, None)
    layer = "" if isinstance(owner, keras.Layer) else f"make {cls} a keras.layers.Layer, and "
    frozen = ', initializer="zeros", trainable=False' * (not getattr(variable, "trainable", False))
    made = f'self.add_weight(shape={np.shape(first.before)}, name="{name.strip("_")}"{frozen})'
    made = f"self.{name} = {f'[{made}, ...]' if isinstance(variable, list) else made}"
    shown = names(differences)
    return cause("state_outside_the_file", names=shown, layer=layer, cls=cls, made=made)
