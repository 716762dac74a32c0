"""From what trips through a file showed to each cause, and to what helps, tried on this model."""

import re
from collections.abc import Iterator

from remedies.checking import compile_settings, configs, variables
from remedies.checking.catalogue import REGISTER, cause
from remedies.checking.findings import Cause, Cure, names, outermost, selves
from remedies.libraries import of_user
from remedies.problem import shorten
from remedies.state.inventory import is_functional, layers, owned_classes
from remedies.state.trip import Failure, Subject, Trip

_UNREGISTERED = re.compile(r"Could not locate (class|function) '([^']+)'")


def diagnose(subject: Subject, trips: tuple[Trip, ...]) -> tuple[Cause, ...]:
    """Return every cause that the trips show, what ends or loses most first."""
    first, *others = trips
    failure, loads = first.failure, bool(others)
    causes = [next(_ending(subject, first, failure, loads))] if failure else []
    if loads or not failure:
        causes += _losses(subject, trips[1:] if failure else trips)
    distinct: dict[tuple[str, str], Cause] = {}
    for each in causes:
        # Layers of one class are mended by one text.
        distinct.setdefault((each.name, each.cure.place or each.why), each)
    return tuple(distinct.values())


def _losses(subject: Subject, trips: tuple[Trip, ...]) -> Iterator[Cause]:
    first = trips[0]
    second = next((trip for trip in trips if trip.name == "second generation"), first)
    if layers_changed := list(variables.converted(subject, first, second)):
        # What else differs then is theirs, but for what an overridden compile sets.
        yield from layers_changed
        yield from compile_settings.compiled(subject, first)
        return
    causes = [
        *variables.causes(subject, first, second),
        *configs.causes(subject, first),
        *compile_settings.causes(subject, trips),
    ]
    yield from causes
    if not causes and not all(trip.whole for trip in trips):
        what = "Every variable and setting came back, and the loaded model still acts otherwise"
        if first.differences:
            what = f"These differ, and no cause known here fits: {names(list(first.differences))}"
        yield cause("unknown", what=what)


def _ending(subject: Subject, first: Trip, failure: Failure, loads: bool) -> Iterator[Cause]:
    """Yield what may be behind `failure`; whether it `loads` with its classes given."""
    yield from _lambda(subject, failure)
    yield from _unregistered(subject, failure, loads)
    yield from variables.converted(subject, first, first)
    yield from _own_build(first, failure)
    yield from _shared(subject, failure)
    yield from configs.raised(subject, failure)
    who = f", in {failure.owner.__name__}" if failure.owner else ""
    stage, error = failure.stage.capitalize(), shorten(failure.text, 240)
    yield cause("error", stage=stage, who=who, error=error)


def _lambda(subject: Subject, failure: Failure) -> Iterator[Cause]:
    """Name the `Lambda` layers whose function is a Python lambda."""
    functions = {path: getattr(each, "function", 0) for path, each in layers(subject.model).items()}
    lambdas = [p for p, each in functions.items() if getattr(each, "__name__", "") == "<lambda>"]
    if lambdas and "safe_mode" in str(failure.error):
        yield cause("python_lambda", layers=selves(lambdas))


def _unregistered(subject: Subject, failure: Failure, loads: bool) -> Iterator[Cause]:
    unknown = _UNREGISTERED.search(f"{failure.text} {failure.error}")
    if failure.stage == "saving" or not (loads or unknown):
        return
    classes = {cls.__name__: cls for cls in owned_classes(subject.model)}
    kind, what = unknown.groups() if unknown else ("class", ", ".join(classes))
    base = classes[what].__bases__[0].__name__ if what in classes else "..."
    keyword = "def" if kind == "function" else "class"
    yield cause(
        "not_registered",
        Cure(f"{REGISTER}\n{keyword} {what}({base}):", f"above {keyword} {what}", loads or None),
        what=what,
        loads=" (tried: with it, the model loads)" * loads,
    )


def _own_build(first: Trip, failure: Failure) -> Iterator[Cause]:
    """Name the layers inside whose own `build` leaves children unbuilt."""
    if first.unbuilt and "was never built" in str(failure.error):
        left = {cls: selves(outermost(paths)) for (cls, _), paths in first.unbuilt.items()}
        named = "; ".join(f"{cls.__name__}: {paths}" for cls, paths in [*left.items()][:3])
        cls, children = next(iter(left.items()))
        name = cls.__name__ if of_user(cls) else None
        child = children.partition(",")[0]
        yield cause("children_not_built.raises", layers=named, cls=name, child=child)


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
