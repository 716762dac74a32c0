"""Why weights that are in the file do not come back: Keras rebuilds the layers wrong, or not."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from remedies.checking.cures import REBUILT, NoCopyError, Retrace, casting, holds, rebuilding_cure
from remedies.checking.findings import Cause, place, selves, tried
from remedies.checking.outside import holders_of, in_file, not_in_file
from remedies.feed import needs_training
from remedies.libraries import definer, of_framework
from remedies.state.difference import Difference
from remedies.state.inventory import is_functional, objects, owned_classes
from remedies.state.rebuild import Swallowed
from remedies.state.trip import Subject, Trip


def causes(subject: Subject, first: Trip, second: Trip) -> Iterator[Cause]:
    """Yield why weights are lost on the first load, or on the second."""
    lost = first.of("weight", lost=True)
    absent = [difference for difference in lost if not in_file(first, difference)]
    if absent:
        yield not_in_file(absent)
    rest = [difference for difference in lost if difference not in absent]
    if rest:
        yield _lost(subject, first, rest)
    elif not lost and second is not first and not is_functional(subject.model):
        overridden = not of_framework(definer(type(subject.model), "build_from_config"))
        records_nothing = overridden and not second.records_inputs
        if second.failure or second.of("weight", lost=True) or records_nothing:
            yield _second_generation(subject, second)


def _lost(subject: Subject, trip: Trip, lost: list[Difference]) -> Cause:
    """Return the cause, with methods that build the model on load where they hold."""
    if is_functional(subject.model):
        cause = _children(subject, lost)
    elif subject.model.get_build_config() is None:
        return _second_generation(subject, trip)
    else:
        cause = _raised(subject, trip.swallowed[0]) if trip.swallowed else _children(subject, lost)
    cure = rebuilding_cure(subject)
    # A change of one line comes before methods to paste.
    simple = cause.do[:1] if cause.do[0].startswith(("cast ", "give ")) else ()
    steps = (*simple, *cure.steps, *cause.do[len(simple) :])
    return replace(cause, do=(steps[0], *(f"or {step}" for step in steps[1:])), cure=cure)


def _raised(subject: Subject, swallowed: Swallowed) -> Cause:
    classes = owned_classes(subject.model)
    named = (cls for cls in classes if cls.__name__ == swallowed.owner)
    owner = next(named, type(subject.model))
    if needs_training(owner) and "training" in swallowed.error:
        return _training(subject, owner, swallowed)
    try:
        retrace: Retrace | None = Retrace(subject)
    except NoCopyError:
        retrace = None
    if not swallowed.entered or _lacks_arguments(subject, swallowed, retrace):
        return Cause(
            "arguments",
            f"{swallowed.owner}.call takes several arguments and the file records the shape of the "
            "first, so on load Keras calls it with that alone.",
            do=(
                f"pass {swallowed.owner} one dict or tuple: def call(self, inputs)",
                "write it with keras.Model(inputs, outputs) and a keras.Input for each argument",
            ),
        )
    needed = retrace.needed() if retrace else {}
    if needed:
        return _dtype(subject, owner, swallowed, needed)
    on_true = retrace.on_true if retrace else ""
    return Cause(
        "code",
        f"{swallowed.owner}.{swallowed.method} raises while Keras rebuilds the model from shapes "
        f"alone, and Keras swallows that. The line {place(swallowed)} needs real values, or "
        "something that is set later.",
        f"call raises with the true dtypes too: {on_true}" * bool(on_true),
        (f"mend the line at {place(swallowed)}: on load there are only shapes, and no values",),
    )


def _training(subject: Subject, owner: type, swallowed: Swallowed) -> Cause:
    original = owner.call  # type: ignore[attr-defined]

    def call(self: Any, *args: Any, training: bool = False, **kwargs: Any) -> Any:
        return original(self, *args, training=training, **kwargs)

    asked = dict(inspect.signature(original).parameters)
    asked["training"] = asked["training"].replace(
        default=False, kind=inspect.Parameter.KEYWORD_ONLY
    )
    signature = inspect.Signature(sorted(asked.values(), key=lambda each: each.kind))
    call.__signature__ = signature  # type: ignore[attr-defined]
    held = holds(subject, owner, {"call": call}, REBUILT)
    return Cause(
        "training_argument",
        f"{owner.__name__}.call requires `training`, which Keras does not pass when it rebuilds "
        "the model on load, so the layers are not built and their weights are dropped.",
        do=(f"give it a default: def call(self, ..., training=False){tried(held)}",),
    )


def _lacks_arguments(subject: Subject, swallowed: Swallowed, retrace: Retrace | None) -> bool:
    """Whether `call` raised because Keras passes the first argument alone."""
    args, kwargs = subject.feed.call or ((), {})
    data = [key for key, value in kwargs.items() if key != "training" and value is not None]
    if len(args) + len(data) < 2 or swallowed.owner != type(subject.model).__name__:
        return False
    differs = retrace is not None and retrace.on_floats != swallowed.error
    return differs or "required" in swallowed.error


def _dtype(
    subject: Subject, owner: type, swallowed: Swallowed, needed: dict[str, tuple[int, str]]
) -> Cause:
    words = ", ".join(f"{path} is {dtype}" for path, (_, dtype) in needed.items())
    casts = [f'tf.cast({path}, "{dtype}")' for path, (_, dtype) in needed.items()]
    dtypes, kinds = dict(needed.values()), {dtype for _, dtype in needed.values()}
    do = []
    if kinds != {"string"}:
        held = None
        if owner is not type(subject.model) and len(kinds) == 1:
            # What reaches an inner layer is numbered anew: all that is no float is meant.
            dtypes = dict.fromkeys(range(8), *kinds)
        if owner is type(subject.model) or len(kinds) == 1:
            held = holds(subject, owner, casting(owner, dtypes), REBUILT)
        before = f"cast just before the operation at {place(swallowed)}"
        do.append(f"{before}: {' and '.join(casts)}{tried(held or None)}")
    if "tf.where" in swallowed.source:
        do.append("write keras.ops.where for tf.where in that line: it casts by itself")
    first = next(iter(needed.values()))[1]
    do.append(
        f"write the model with keras.Model(inputs, outputs), where keras.Input(..., "
        f'dtype="{first}") states the dtype'
    )
    return Cause(
        "dtype",
        f"The file records the shapes of {type(subject.model).__name__}'s inputs and no dtypes, so "
        f"on load Keras calls it on float32; that line needs the true dtype ({words}) and raises, "
        "and the layers are never built.",
        f"call raises on stand-ins of float32 as on load, and not where {words}.",
        tuple(do),
    )


def _children(subject: Subject, lost: list[Difference]) -> Cause:
    unbuilt = selves(holders_of(lost), 1_000)
    builder = _own_builder(subject, holders_of(lost))
    why = (
        f"On load Keras builds what call reaches when it is not training; {unbuilt} is used "
        "elsewhere only (in training, in train_step, behind a condition), so its saved weights "
        "are dropped."
    )
    do = (
        f"run {unbuilt} on every call, in training or not (a build() that builds only these would "
        "take the place of Keras' own, which builds the others)"
    )
    if builder:
        why = (
            f"{builder} is the user's own, so Keras does not trace call on load, and it builds "
            f"nothing of {unbuilt}: their saved weights are dropped."
        )
        do = f"build every layer in {builder}(): {unbuilt}"
    return Cause("children_not_built", why, "on load call raised nothing.", (do,))


def _own_builder(subject: Subject, unbuilt: list[str]) -> str:
    """Return the innermost ``Class.build`` of the user's that should have built these layers."""
    things = objects(subject.model)
    outer = [path for path in things if any(p.startswith(f"{path}.") or not path for p in unbuilt)]
    for path in sorted(outer, key=len, reverse=True):
        for method in ("build_from_config", "build"):
            cls = type(things[path])
            if not of_framework(definer(cls, method)):
                return f"{cls.__name__}.{method}"
    return ""


def _second_generation(subject: Subject, trip: Trip) -> Cause:
    if trip.failure:
        return Cause(
            "second_generation",
            f"The first load comes back, but the loaded model cannot be saved and loaded again: "
            f"{trip.failure}.",
            do=("keep the first file, and save again only from a model made by your own code",),
        )
    cure = rebuilding_cure(subject)
    lost = bool(trip.of("weight", lost=True))
    return Cause(
        "second_generation",
        f"{type(subject.model).__name__}'s build_from_config builds the layers but keeps no record "
        "of the inputs (get_build_config() is None after loading), so the next save and load "
        + ("loses them." if lost else "has nothing to build from."),
        do=(*cure.steps, "or write build() in place of build_from_config"),
        cure=cure,
    )
