"""From what trips through a file showed to each cause, and to what helps, tried on this model."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from remedies import compile_settings, outside, raised, rebuilding
from remedies.findings import Advice, Cause, names
from remedies.trip import Subject, Trip


def diagnose(subject: Subject, trips: tuple[Trip, ...]) -> tuple[Advice, ...]:
    """Return every cause that the trips show, what ends or loses most first."""
    first, rest = trips[0], trips[1:]
    advice: list[Advice] = []
    if first.failure:
        advice += raised.causes(subject, first, rest)
        if not rest:
            return tuple(advice)
        first = rest[0]
    second = next((trip for trip in rest if trip.name == "second generation"), first)
    converted = list(outside.converted(subject, first, second))
    if converted:
        return (*advice, *converted, *compile_settings.compiled(subject, first))
    advice += chain(
        rebuilding.causes(subject, first, second),
        outside.causes(subject, first),
        compile_settings.causes(subject, (first, *rest)),
    )
    if not advice and not all(trip.whole for trip in trips):
        advice += _unknown(first)
    return tuple(_distinct(advice))


def _distinct(advice: list[Advice]) -> Iterator[Advice]:
    seen = set()
    for entry in advice:
        if (entry.cause, entry.why) not in seen:
            seen.add((entry.cause, entry.why))
            yield entry


def _unknown(trip: Trip) -> Iterator[Advice]:
    if trip.differences:
        what = names(list(trip.differences))
        why = f"These differ after loading, and no cause that this tool knows fits them: {what}."
    else:
        why = (
            "Every variable and setting came back, and the loaded model still acts otherwise: "
            "something that it computes with lies neither in a variable nor in an attribute."
        )
    do = ("look for values that call or train_step read from elsewhere: globals, closures, files",)
    yield Advice(Cause.UNKNOWN, why, trip.step, do)
