"""From what trips through a file showed to each cause, and to what helps, tried on this model."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from remedies.arguments import needs_training
from remedies.checking import configs, cures
from remedies.checking.catalogue import REGISTER, cause
from remedies.checking.findings import Cause, Cure, names, outermost, selves, tried
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
    first, causes = trips[0], []
    if first.failure:
        trips = trips[1:]
        causes.append(next(_ending(subject, first, first.failure, loads=bool(trips))))
    if not all(trip.whole for trip in trips):
        causes += _losses(subject, trips)
    distinct: dict[tuple[str, str], Cause] = {}
    for each in causes:
        # Layers of one class are mended by one text.
        distinct.setdefault((each.name, each.cure.place or each.why), each)
    return tuple(distinct.values())


def _losses(subject: Subject, trips: tuple[Trip, ...]) -> Iterator[Cause]:
    first = trips[0]
    second = next((trip for trip in trips if trip.name == "second generation"), first)
    if layers_changed := list(_lora_or_quantized(subject, first, second)):
        # What else differs then is theirs, but for what an overridden compile sets.
        yield from layers_changed
        yield from configs.overridden_compile(subject, first)
        return
    causes = [
        *_variables(subject, first, second),
        *configs.lost_values(subject, first),
        *configs.lost_settings(subject, trips),
    ]
    yield from causes
    if not causes:
        yield cause("unknown", what=names(first.differences) or "what the loaded model does")


def _ending(subject: Subject, first: Trip, failure: Failure, *, loads: bool) -> Iterator[Cause]:
    """Yield what may be behind `failure`; whether it `loads` with its classes given."""
    functions = {path: getattr(each, "function", 0) for path, each in layers(subject.model).items()}
    lambdas = [p for p, each in functions.items() if getattr(each, "__name__", "") == "<lambda>"]
    if lambdas and "safe_mode" in str(failure.error):
        yield cause("python_lambda", layers=selves(lambdas))
    yield from _unregistered(subject, failure, loads)
    yield from _lora_or_quantized(subject, first, first)
    if first.unbuilt and "was never built" in str(failure.error):
        (cls, _), paths = next(iter(first.unbuilt.items()))
        shown = {"layers": selves(outermost(paths)), "child": selves(paths[:1])}
        yield cause(
            "children_not_built.raises", cls=cls, own=cls if of_user(cls) else None, **shown
        )
    yield from _shared_layer(subject, failure)
    yield from configs.config_at_fault(subject, failure)
    yield cause("error", stage=failure.stage.capitalize(), error=shorten(failure.text, 240))


def _unregistered(subject: Subject, failure: Failure, loads: bool) -> Iterator[Cause]:
    unknown = _UNREGISTERED.search(f"{failure.text} {failure.error}")
    if failure.stage == "saving" or not (loads or unknown):
        return
    every = ", ".join(cls.__name__ for cls in owned_classes(subject.model))
    kind, what = unknown.groups() if unknown else ("class", every)
    keyword = "def" if kind == "function" else "class"
    cure = Cure(f"{REGISTER}\n{keyword} {what}(...):", f"above {keyword} {what}", loads or None)
    how = " (tried: with it, the model loads)" * loads
    yield cause("not_registered", cure, what=what, loads=how)


def _shared_layer(subject: Subject, failure: Failure) -> Iterator[Cause]:
    outer: dict[int, str] = {}
    things = {"": subject.model, **layers(subject.model)} if "variables" in failure.text else {}
    for path, thing in things.items():
        # A Sequential has a functional model of the same layers.
        graph = is_functional(thing) and not path.endswith("_functional")
        for layer in thing.layers if graph else ():
            if layer.weights and outer.setdefault(id(layer), path) != path:
                yield cause("shared_layer", layer=layer.name, inner=thing.name)


def _lora_or_quantized(subject: Subject, first: Trip, second: Trip) -> Iterator[Cause]:
    marks, below = ("lora_enabled", "quantization_mode"), layers(subject.model).items()
    adapted, quantized = ([p for p, each in below if getattr(each, m, None)] for m in marks)
    if adapted and first.differences:
        yield cause("lora", layers=selves(adapted))
    failure = first.failure or second.failure
    if quantized and (failure or first.differences or second.differences):
        yield cause("quantized", layers=selves(quantized), what=f": {failure}" if failure else "")


def _variables(subject: Subject, first: Trip, second: Trip) -> Iterator[Cause]:
    """Yield why variables are lost or changed on the first load, or lost on the second."""
    lost, plain = first.of("weight", lost=True), first.of("plain")
    changed = first.of("weight", lost=False)
    own = [d for d in changed if any(overrides(type(d.owner), m) for m in _SAVES_ITSELF)]
    recurrent = [*filter(configs.is_recurrent, [*plain, *changed])]
    rest = [d for d in changed if d not in [*own, *recurrent] and not first.of("policy")]
    held = {*first.archive.entries.values()} if first.archive else set()
    absent = [d for d in [*lost, *rest] if digest_of(d.before) not in held]
    if absent:
        yield _not_in_file(absent)
    if unbuilt := [d for d in lost if d not in absent]:
        yield _unbuilt(subject, first, unbuilt)
    elif not lost and second is not first and not is_functional(subject.model):
        forgets = overrides(type(subject.model), "build_from_config") and not second.records_inputs
        if second.failure or second.of("weight", lost=True) or forgets:
            yield _second_generation(subject, second)
    if own:
        cls = type(own[0].owner)
        shown = {"own": cls if of_user(cls) else None, "names": names(own)}
        yield cause("own_save_and_load", cls=cls, **shown)
    if recurrent:
        yield cause("recurrent_state", names=names(recurrent))
    if plain := [d for d in plain if d not in recurrent]:
        yield _outside(plain)
    if unread := [d for d in rest if d not in absent]:
        yield cause("not_loaded", names=names(unread))


def _unbuilt(subject: Subject, trip: Trip, lost: list[Difference]) -> Cause:
    cls, recorded = type(subject.model), records_inputs(subject.model)
    if not recorded and overrides(cls, "build_from_config"):
        return _second_generation(subject, trip)
    cure = cures.rebuilding_cure(subject)
    if not recorded:
        return cause("children_not_built.no_record", cure, cls=cls)
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
        default = cures.calling(owner, lambda given: (given[0], {"training": False, **given[1]}))
        held = cures.holds(subject, owner, default, cures.REBUILT)
        return cause("training_argument", cure, cls=name, tried=tried(held))
    on_floats = cures.raised_on(subject, range(len(leaves((args, kwargs)))))
    on_true = cures.raised_on(subject, ())
    data = [key for key, value in kwargs.items() if key != "training" and value is not None]
    several = len(args) + len(data) > 1 and name == cls.__name__
    lacking = on_floats != swallowed.error or "required" in swallowed.error
    if not swallowed.entered or (several and lacking):
        return cause("arguments", cure, cls=name)
    needed = cures.needed_dtypes(subject) if on_floats and not on_true else {}
    if not needed:
        error = f"; it raises with the true dtypes too: {on_true}" * bool(on_true)
        return cause("code", cure, cls=name, method=swallowed.method, place=place, error=error)
    dtypes, casts = dict(needed.values()), None
    if {*dtypes.values()} != {"string"}:
        held = cures.holds(subject, cls, cures.casting(cls, dtypes), cures.REBUILT)
        casts = " and ".join(f'tf.cast({path}, "{dtype}")' for path, (_, dtype) in needed.items())
        casts += tried(held or None)
    shown = ", ".join(f"{path} is {dtype}" for path, (_, dtype) in needed.items())
    where = "tf.where" if "tf.where" in swallowed.source else None
    fields = {"dtypes": shown, "place": place, "casts": casts, "where": where}
    return cause("dtype", cure, cls=cls, first=next(iter(dtypes.values())), **fields)


def _second_generation(subject: Subject, trip: Trip) -> Cause:
    if trip.failure:
        return cause("second_generation.raises", failure=trip.failure)
    return cause("second_generation", cures.rebuilding_cure(subject), cls=type(subject.model))


def _holders_of(differences: list[Difference]) -> list[str]:
    return list(dict.fromkeys(d.path.rpartition(".")[0] or d.path for d in differences))


def _not_in_file(absent: list[Difference]) -> Cause:
    holders = _holders_of(absent)
    parts = (part.partition("[")[0] for part in holders[0].split("."))
    hidden = next((part for part in parts if part.startswith("_")), None)
    return cause("not_in_file", count=len(absent), layers=selves(holders), name=hidden)


def _outside(differences: list[Difference]) -> Cause:
    import keras

    first, shown = differences[0], names(differences)
    owner, name = first.owner, first.path.rpartition(".")[2].partition("[")[0]
    cls, trains = type(owner).__name__, getattr(getattr(owner, name, None), "trainable", False)
    layer = "" if isinstance(owner, keras.Layer) else f"make {cls} a keras.layers.Layer, and "
    frozen = ', initializer="zeros", trainable=False' * (not trains)
    given = f'shape={np.shape(first.before)}, name="{name.strip("_")}"{frozen}'
    fields = {"names": shown, "layer": layer, "cls": cls, "name": name, "given": given}
    return cause("state_outside_the_file", **fields)
