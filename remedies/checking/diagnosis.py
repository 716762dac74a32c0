"""From what trips through a file showed to each cause, and to what helps, tried on this model."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from remedies.checking import (
    compile_settings,
    configs,
    optimizers,
    outside,
    raised,
    rebuilding,
)
from remedies.checking.findings import Cause, names
from remedies.state.trip import Subject, Trip


def diagnose(subject: Subject, trips: tuple[Trip, ...]) -> tuple[Cause, ...]:
    """Return every cause that the trips show, what ends or loses most first."""
    distinct: dict[tuple[str, str], Cause] = {}
    for cause in _causes(subject, trips):
        # Layers of one class are mended by one text.
        distinct.setdefault((cause.name, cause.cure.place or cause.why), cause)
    return tuple(distinct.values())


def _causes(subject: Subject, trips: tuple[Trip, ...]) -> Iterator[Cause]:
    failure = trips[0].failure
    if failure:
        yield from raised.causes(subject, failure, trips[1:])
        trips = trips[1:]
    if trips:
        yield from _losses(subject, trips)


def _losses(subject: Subject, trips: tuple[Trip, ...]) -> Iterator[Cause]:
    first = trips[0]
    second = next((trip for trip in trips if trip.name == "second generation"), first)
    recompiled = compile_settings.recompiled(subject, first)
    layers_changed = list(outside.converted(subject, first, second))
    if layers_changed:
        # What else differs then is theirs, but for what an overridden compile sets.
        yield from layers_changed
        if recompiled:
            yield compile_settings.compiled(subject, first)
        return
    causes = chain(
        rebuilding.causes(subject, first, second),
        outside.causes(first),
        configs.causes(subject, first),
        compile_settings.causes(subject, trips),
        () if recompiled else optimizers.causes(subject, trips),
    )
    some = list(causes)
    yield from some if some or all(trip.whole for trip in trips) else [_unknown(first)]


def _unknown(trip: Trip) -> Cause:
    why = (
        "Every variable and setting came back, and the loaded model still acts otherwise: "
        "something that it computes with lies neither in a variable nor in an attribute."
    )
    if trip.differences:
        what = names(list(trip.differences))
        why = f"These differ after loading, and no cause that this tool knows fits them: {what}."
    do = ("look for values that call or train_step read from elsewhere: globals, closures, files",)
    return Cause("unknown", why, trip.step, do)
