"""Why weights that are in the file do not come back: Keras rebuilds the layers wrong, or not."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from remedies.arguments import needs_training
from remedies.cures import REBUILT, casting, holds, rebuilding_cure
from remedies.difference import Difference
from remedies.findings import Cause, tried
from remedies.inventory import is_functional, objects, owned_classes
from remedies.libraries import definer, of_framework
from remedies.losses import place, selves
from remedies.outside import holders_of, in_file, not_in_file
from remedies.rebuild import Swallowed
from remedies.retrace import NoCopyError, Retrace
from remedies.trip import Subject, Trip


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
        if second.failure:
            yield _fails_again(second)
        elif _records_nothing(subject, second):
            yield _second_generation(subject, second)


def _records_nothing(subject: Subject, second: Trip) -> bool:
    overridden = not of_framework(definer(type(subject.model), "build_from_config"))
    return bool(second.of("weight", lost=True)) or (overridden and not second.records_inputs)


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
        return _arguments(swallowed)
    needed = retrace.needed() if retrace else {}
    if needed:
        return _dtype(subject, owner, swallowed, needed)
    return _code(swallowed, retrace.on_true if retrace else "")


def _training(subject: Subject, owner: type, swallowed: Swallowed) -> Cause:
    original = owner.call  # type: ignore[attr-defined]

    def call(self: Any, *args: Any, training: bool = False, **kwargs: Any) -> Any:
        return original(self, *args, training=training, **kwargs)

    signature = inspect.signature(original)
    optional = signature.parameters["training"].replace(
        default=False, kind=inspect.Parameter.KEYWORD_ONLY
    )
    parameters = signature.parameters | {"training": optional}
    ordered = sorted(parameters.values(), key=lambda parameter: parameter.kind)
    call.__signature__ = signature.replace(parameters=ordered)  # type: ignore[attr-defined]
    held = holds(subject, owner, {"call": call}, REBUILT)
    return Cause(
        "training_argument",
        f"{owner.__name__}.call requires `training`, which Keras does not pass when it rebuilds "
        "the model on load, so the layers are not built and their weights are dropped.",
        f"Keras swallowed: {swallowed.error}",
        (f"give it a default: def call(self, ..., training=False){tried(held)}",),
    )


def _lacks_arguments(subject: Subject, swallowed: Swallowed, retrace: Retrace | None) -> bool:
    """Whether `call` raised because Keras passes the first argument alone."""
    args, kwargs = subject.feed.call or ((), {})
    data = [key for key, value in kwargs.items() if key != "training" and value is not None]
    if len(args) + len(data) < 2 or swallowed.owner != type(subject.model).__name__:
        return False
    differs = retrace is not None and retrace.on_floats != swallowed.error
    return differs or "required" in swallowed.error


def _arguments(swallowed: Swallowed) -> Cause:
    name = swallowed.owner
    return Cause(
        "arguments",
        f"{name}.call takes several arguments and the file records the shape of the first, so on "
        "load Keras calls it with that alone.",
        f"Keras swallowed: {swallowed.error}",
        (
            f"pass {name} one dict or tuple: def call(self, inputs)",
            "write it with keras.Model(inputs, outputs) and a keras.Input for each argument",
        ),
    )


def _dtype(
    subject: Subject, owner: type, swallowed: Swallowed, needed: dict[str, tuple[int, str]]
) -> Cause:
    words = ", ".join(f"{path} is {dtype}" for path, (_, dtype) in needed.items())
    do = []
    if any(dtype != "string" for _, dtype in needed.values()):
        do.append(_cast(subject, owner, swallowed, needed))
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


def _cast(
    subject: Subject, owner: type, swallowed: Swallowed, needed: dict[str, tuple[int, str]]
) -> str:
    dtypes = dict(needed.values())
    casts = " and ".join(f'tf.cast({path}, "{dtype}")' for path, (_, dtype) in needed.items())
    held = None
    if owner is not type(subject.model) and len(set(dtypes.values())) == 1:
        # What reaches an inner layer is numbered anew: its tensors that are no floats are meant.
        dtypes = dict.fromkeys(range(8), next(iter(dtypes.values())))
    if owner is type(subject.model) or len(set(dtypes.values())) == 1:
        held = holds(subject, owner, casting(owner, dtypes), REBUILT)
    return f"cast just before the operation at {place(swallowed)}: {casts}{tried(held or None)}"


def _code(swallowed: Swallowed, on_true: str) -> Cause:
    return Cause(
        "code",
        f"{swallowed.owner}.{swallowed.method} raises while Keras rebuilds the model from shapes "
        f"alone, and Keras swallows that. The line {place(swallowed)} needs real values, or "
        "something that is set later.",
        f"call raises with the true dtypes too: {on_true}"
        if on_true
        else f"Keras swallowed: {swallowed.error}",
        (f"mend the line at {place(swallowed)}: on load there are only shapes, and no values",),
    )


def _children(subject: Subject, lost: list[Difference]) -> Cause:
    unbuilt = selves(holders_of(lost), 1_000)
    builder = _own_builder(subject, holders_of(lost))
    if builder:
        why = (
            f"{builder} is the user's own, so Keras does not trace call on load, and it builds "
            f"nothing of {unbuilt}: their saved weights are dropped."
        )
        do = f"build every layer in {builder}(): {unbuilt}"
    else:
        why = (
            f"On load Keras builds what call reaches when it is not training; {unbuilt} is used "
            "elsewhere only (in training, in train_step, behind a condition), so its saved "
            "weights are dropped."
        )
        do = (
            f"run {unbuilt} on every call, in training or not (a build() that builds only these "
            "would take the place of Keras' own, which builds the others)"
        )
    evidence = f"after loading, {unbuilt} had no weights, and call raised nothing."
    return Cause("children_not_built", why, evidence, (do,))


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
    cure = rebuilding_cure(subject)
    lost = bool(trip.of("weight", lost=True))
    return Cause(
        "second_generation",
        f"{type(subject.model).__name__}'s build_from_config builds the layers but keeps no record "
        "of the inputs (get_build_config() is None after loading), so the next save and load "
        + ("loses them." if lost else "has nothing to build from."),
        "the model that was saved records nothing."
        if subject.model.get_build_config() is None
        else "the first load came back whole, the second did not.",
        (*cure.steps, "or write build() in place of build_from_config"),
        cure,
    )


def _fails_again(trip: Trip) -> Cause:
    return Cause(
        "second_generation",
        f"The first load comes back, but the loaded model cannot be saved and loaded again: "
        f"{trip.failure}.",
        do=("keep the first file, and save again only from a model made by your own code",),
    )
