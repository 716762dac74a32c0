"""From what was found on a model to its cause, and to the remedy that applies to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from remedies.drift import drifted, remaining
from remedies.evidence import Retrace
from remedies.findings import Advice, Cause, Trip, place
from remedies.roundtrip import Defects
from remedies.swallowed import Swallowed, wanted_dtype

_BUILDERS = ("build_from_config", "build")
PAIR, FUNCTIONAL, CAST = "build_from_config_pair", "functional_bool_input", "tf_cast"


@dataclass(frozen=True)
class Facts:
    """All that a diagnosis rests on.

    Attributes
    ----------
    owner : str
        The model's class.
    functional : bool
        Whether it is made of `keras.Input`s.
    methods : frozenset of str
        Which of ``build``, ``build_from_config``, ``get_build_config`` the user's class defines.
    nested_with_build_from_config : frozenset of str
        Classes of inner layers that define ``build_from_config``.
    trips : tuple of Trip
        First load, second generation, and others.
    retrace : Retrace or None
        The experiment with the true dtypes; None where it could not be made.
    pair_holds : bool or None
        Whether the model came back whole with `build_from_config_pair`; None where not tried.
    several_arguments : bool
        Whether `call` takes more than one argument of data.
    records_inputs : bool
        Whether the model, when saved, records what it is built from.
    """

    owner: str
    functional: bool
    methods: frozenset[str]
    nested_with_build_from_config: frozenset[str]
    trips: tuple[Trip, ...]
    retrace: Retrace | None = None
    pair_holds: bool | None = None
    several_arguments: bool = False
    records_inputs: bool = True


def advise(facts: Facts) -> tuple[Advice, ...]:
    """Return every cause found, the one that loses most first."""
    found = [*_rebuilding(facts), *drifted(facts.owner, facts.trips)]
    if not found and any(trip.result.defects for trip in facts.trips):
        found = [remaining(facts.trips)]
    return tuple(found)


def _rebuilding(facts: Facts) -> Iterator[Advice]:
    first = facts.trips[0]
    second = facts.trips[1] if len(facts.trips) > 1 else first
    lossy = next((trip for trip in (first, second) if trip.result.load_error), None)
    if lossy:
        yield _load_error(lossy)
    elif _weights(first.result.defects) and first.result.defects.weights_lost:
        yield from _lost(facts, first)
    elif second.result.defects.weights_lost or not second.loaded.remembers_inputs:
        if not facts.functional:
            yield _second_generation(facts, second)
    elif first.result.defects.weights_changed and not first.loaded.policies:
        yield _order(facts)


def _weights(defects: Defects) -> int:
    return defects.weights_lost + defects.weights_changed


def _lost(facts: Facts, trip: Trip) -> Iterator[Advice]:
    if not facts.records_inputs:
        yield _second_generation(facts, trip)
        return
    if not trip.swallowed:
        yield _children(facts, trip)
        return
    one = trip.swallowed[0]
    if not one.entered or _lacks_arguments(facts, one):
        yield _arguments(facts, one)
    elif facts.retrace and facts.retrace.on_floats and not facts.retrace.on_true:
        yield _dtype(facts, one, trip)
    else:
        yield _code(facts, one)
    if one.owner in facts.nested_with_build_from_config:
        yield _nested(facts, one)


def _lacks_arguments(facts: Facts, one: Swallowed) -> bool:
    """Whether `call` raised because Keras passes the first argument alone."""
    if not facts.several_arguments:
        return False
    # An argument with a default is not missed before it is used: then all together raise otherwise.
    differs = facts.retrace is not None and facts.retrace.on_floats != one.error
    return differs or "required positional" in one.error


def _pair(facts: Facts) -> str:
    tried = {
        True: "tried on this model: both generations came back whole",
        False: "tried on this model: by itself it does not bring everything back",
        None: "not tried here",
    }[facts.pair_holds]
    return f"{PAIR}: build {facts.owner} by a call on zeros of the true dtypes ({tried})"


def _ordered(facts: Facts, *others: str) -> tuple[str, ...]:
    """Put what was seen to hold first, and leave out what was seen to fail."""
    return others if facts.pair_holds is False else (*others, _pair(facts))


def _dtype(facts: Facts, one: Swallowed, trip: Trip) -> Advice:
    dtype = wanted_dtype(one)
    cast = f'{CAST}: cast just before the strict operation at {place(one)}, tf.cast(..., "{dtype}")'
    do = [cast]
    if "tf.where" in one.source:
        do.append("ops_where: write keras.ops.where for tf.where in that line; it casts by itself")
    do.append(f'{FUNCTIONAL}: state the dtype, keras.Input(..., dtype="{dtype}")')
    not_this = ["build_from_config as the article writes it: lost again in the second generation"]
    if dtype != "bool" and "tf.where" not in one.source:
        not_this.append("ops_where: there is no tf.where here, and keras.ops.take is as strict")
    return Advice(
        Cause.DTYPE,
        f"The file records the shapes of {facts.owner}'s inputs and no dtypes, so on load Keras "
        f"traces call on float32; that line refuses, and Keras swallows the refusal.",
        "call raises on float32 stand-ins and succeeds on stand-ins with the true dtypes "
        f"({', '.join(trip.result.fed)}).",
        _ordered(facts, *do),
        tuple(not_this),
    )


def _arguments(facts: Facts, one: Swallowed) -> Advice:
    traced = facts.retrace
    strict = bool(traced and traced.on_floats and not traced.on_true)
    seen = "Keras called it with the first argument only."
    if traced and not traced.on_true:
        seen += " With every argument given, it succeeds on stand-ins with the true dtypes"
        seen += ", and on float32 it would fail next." if strict else "."
    return Advice(
        Cause.ARGUMENTS,
        f"{one.owner}.call takes several arguments and the file records the shape of the first, "
        "so on load Keras cannot call it.",
        seen,
        _ordered(
            facts,
            "pass one dict or tuple: call(self, inputs)"
            + ("; then also cast before the strict operation" if strict else ""),
            f"{FUNCTIONAL}: a functional model with one keras.Input per argument",
            f"build: write {one.owner}.build(), which builds each child layer",
        ),
        (f"{CAST}, ops_where: call lacks arguments, so what it does with dtypes is no matter",),
    )


def _code(facts: Facts, one: Swallowed) -> Advice:
    seen = "the trace could not be repeated here."
    if facts.retrace and facts.retrace.on_true:
        seen = f"call raises with the true dtypes too: {shorten(facts.retrace.on_true)}"
    elif facts.retrace:
        seen = "call succeeds on stand-ins of float32, so dtypes are not to blame."
    mend = f"mend the line at {place(one)}: on load there are only shapes, and no values"
    build = f"build: write {facts.owner}.build(), which builds each child layer without call"
    return Advice(
        Cause.CODE,
        f"{one.owner}.{one.method} raises while Keras rebuilds the model, and Keras swallows it. "
        "It is not a dtype's fault: the code needs real values, or something that is set later.",
        seen,
        _ordered(facts, *((build, mend) if one.method == "call" else (mend,))),
        (f"{CAST}, ops_where: no cast makes this line traceable",),
    )


def _nested(facts: Facts, one: Swallowed) -> Advice:
    return Advice(
        Cause.NESTED,
        f"{one.owner} has a build_from_config, but Keras calls it only on the outermost model: "
        f"inside {facts.owner} it never runs.",
        f"{one.owner}.call was traced while {facts.owner} was rebuilt.",
        _ordered(facts, f"{CAST} or ops_where inside {one.owner}: they hold at any depth"),
        (f"build_from_config on {one.owner}: never called here",),
    )


def _children(facts: Facts, trip: Trip) -> Advice:
    own = [f"{facts.owner}.{name}" for name in _BUILDERS if name in facts.methods]
    culprit = own[0] if own else f"Keras' own rebuild of {facts.owner}"
    names = ", ".join(trip.loaded.unbuilt) or "its layers"
    return Advice(
        Cause.CHILDREN,
        f"{culprit} runs without an error and does not build {names}; Keras marks the model built "
        "all the same, and drops their saved weights.",
        f"after loading, {names} had no weights; call was never tried.",
        _ordered(facts, f"build: build {names} in {own[0] if own else facts.owner + '.build'}()"),
        (f"{CAST}, ops_where, dtypes: call plays no part here",),
    )


def _second_generation(facts: Facts, trip: Trip) -> Advice:
    again = trip.result.defects.weights_lost
    return Advice(
        Cause.SECOND_GENERATION,
        f"{facts.owner}.build_from_config builds the layers but keeps no record of the inputs: the "
        "loaded model's get_build_config() is None, so the next save and load "
        + ("loses everything." if again else "has nothing to build from."),
        "the first load came back whole, the second did not."
        if facts.records_inputs
        else "get_build_config() of the model that was saved is None.",
        _ordered(facts, f"build: write {facts.owner}.build() in place of build_from_config"),
    )


def _order(facts: Facts) -> Advice:
    return Advice(
        Cause.ORDER,
        "Every weight is there, with values that belong elsewhere: on load the variables are made "
        "in another order than in training.",
        "weights differ though none is lost.",
        _ordered(facts, f"make all layers in {facts.owner}.__init__, in one order"),
    )


def _load_error(trip: Trip) -> Advice:
    return Advice(
        Cause.LOAD_ERROR,
        "Loading raises, so nothing comes back.",
        shorten(trip.result.load_error),
        (
            "read the message: register the classes it names, and let get_config() give all that "
            "__init__ needs",
        ),
    )


def shorten(text: str, limit: int = 200) -> str:
    """Return `text` cut at `limit` characters."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
