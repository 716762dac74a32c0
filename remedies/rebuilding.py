"""Why weights that are in the file do not come back: Keras rebuilds the layers wrong, or not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from remedies.archive import digest_of
from remedies.arguments import needs_training
from remedies.cures import Cure, casting, holds, rebuilding_cure
from remedies.difference import Difference
from remedies.findings import Advice, Cause, place
from remedies.inventory import is_functional, objects, owned_classes
from remedies.libraries import definer, of_framework
from remedies.retrace import Retrace
from remedies.swallowed import Swallowed
from remedies.trip import Subject, Trip


def causes(subject: Subject, first: Trip, second: Trip) -> Iterator[Advice]:
    """Yield why weights are lost on the first load, or on the second."""
    lost = first.of("weight", lost=True)
    absent = [difference for difference in lost if not in_file(first, difference)]
    if absent:
        yield not_in_file(absent)
    rest = [difference for difference in lost if difference not in absent]
    if rest:
        yield from _lost(subject, first, rest)
    elif not lost and second is not first and not is_functional(subject.model):
        if second.failure:
            yield _fails_again(second)
        elif _records_nothing(subject, second):
            yield _second_generation(subject, second)


def in_file(trip: Trip, difference: Difference) -> bool:
    """Whether the file of `trip` holds the values of a variable, wherever it does."""
    held = trip.archive.entries.values() if trip.archive else ()
    return digest_of(difference.before) in held


def _records_nothing(subject: Subject, second: Trip) -> bool:
    overridden = not of_framework(definer(type(subject.model), "build_from_config"))
    return bool(second.of("weight", lost=True)) or (overridden and not second.records_inputs)


def not_in_file(absent: list[Difference]) -> Advice:
    """Say that the file does not hold some weights at all, and what to rename, if anything."""
    holders = list(dict.fromkeys(_holder(difference.path) for difference in absent))
    where = ", ".join(f"self.{path}" for path in holders[:6])
    do = "keep each layer in a public attribute of its own, or in a list or dict of layers"
    hidden = [part for part in holders[0].split(".") if part.startswith("_")]
    if hidden:
        name = hidden[0].partition("[")[0]
        do = (
            f"rename the attribute {name}, to {name.strip('_')}_list or the like: Keras uses that "
            "name itself, and skips it when it saves"
        )
    return Advice(
        Cause.NOT_IN_FILE,
        f"The file does not hold {len(absent)} weights at all, those of {where}: Keras does not "
        "reach them when it saves, and the loaded model makes new ones.",
        "the file's arrays were compared with the model's variables.",
        (do,),
        ("remedies rescue: what is in no file cannot be brought back",),
    )


def _holder(path: str) -> str:
    return path.rpartition(".")[0] or path


def _lost(subject: Subject, trip: Trip, lost: list[Difference]) -> Iterator[Advice]:
    cure = rebuilding_cure(subject)
    if is_functional(subject.model):
        yield _children(subject, lost, cure)
        return
    if subject.model.get_build_config() is None:
        yield _second_generation(subject, trip)
        return
    if not trip.swallowed:
        yield _children(subject, lost, cure)
        return
    swallowed = trip.swallowed[0]
    owner = _class_named(subject, swallowed.owner)
    if needs_training(owner) and "training" in swallowed.error:
        yield _training(subject, owner, swallowed, cure)
    elif not swallowed.entered or _lacks_arguments(subject, swallowed):
        yield _arguments(subject, swallowed, cure)
    else:
        retrace = Retrace(subject)
        needed = retrace.needed() if retrace.possible else {}
        if needed:
            yield _dtype(subject, owner, swallowed, needed, cure)
        else:
            yield _code(subject, swallowed, retrace.on_true, cure)


def _class_named(subject: Subject, name: str) -> type:
    classes = owned_classes(subject.model)
    return next((cls for cls in classes if cls.__name__ == name), type(subject.model))


def _pasted(cure: Cure, subject: Subject) -> tuple[str, ...]:
    """Say how to paste the cure, if it held."""
    if not (cure.code and cure.cured):
        return ()
    name = type(subject.model).__name__
    how = "a call on zeros of the true dtypes" if "zeros" in cure.code else "its layers' own build"
    return (f"paste the methods below into {name}: on load they build it by {how} ({cure.words})",)


def _advice(
    subject: Subject,
    cause: Cause,
    cure: Cure,
    why: str,
    evidence: str,
    do: tuple[str, ...],
    not_this: tuple[str, ...] = (),
) -> Advice:
    held = cure.code if cure.cured else ""
    place_ = f"class {type(subject.model).__name__}" if held else ""
    return Advice(cause, why, evidence, do, not_this, held, place_, cure.cured)


def _training(subject: Subject, owner: type, swallowed: Swallowed, cure: Cure) -> Advice:
    def call(self: Any, *args: Any, training: bool = False, **kwargs: Any) -> Any:
        return original(self, *args, training=training, **kwargs)

    original = owner.call  # type: ignore[attr-defined]
    call.__signature__ = _with_default(original)  # type: ignore[attr-defined]
    held = holds(subject, owner, {"call": call}, ("weight", "optimizer"))
    tried = "tried: the model comes back whole" if held else "tried: not enough by itself"
    return _advice(
        subject,
        Cause.TRAINING,
        cure,
        f"{owner.__name__}.call requires `training`, which Keras does not pass when it rebuilds "
        "the model on load, so the layers are not built and their weights are dropped.",
        f"Keras swallowed: {swallowed.error}",
        (
            f"give it a default: def call(self, ..., training=False) ({tried})",
            *_pasted(cure, subject),
        ),
        ("casts and dtypes: call is never entered",),
    )


def _with_default(function: Any) -> Any:
    import inspect

    signature = inspect.signature(function)
    parameters = [
        p.replace(default=False, kind=p.KEYWORD_ONLY) if p.name == "training" else p
        for p in signature.parameters.values()
    ]
    parameters.sort(key=lambda parameter: parameter.kind)
    return signature.replace(parameters=parameters)


def _lacks_arguments(subject: Subject, swallowed: Swallowed) -> bool:
    """Whether `call` raised because Keras passes the first argument alone."""
    args, kwargs = subject.feed.call or ((), {})
    data = [key for key, value in kwargs.items() if key != "training" and value is not None]
    if len(args) + len(data) < 2 or swallowed.owner != type(subject.model).__name__:
        return False
    retrace = Retrace(subject)
    differs = retrace.possible and retrace.on_floats != swallowed.error
    return differs or "required" in swallowed.error


def _arguments(subject: Subject, swallowed: Swallowed, cure: Cure) -> Advice:
    name = swallowed.owner
    return _advice(
        subject,
        Cause.ARGUMENTS,
        cure,
        f"{name}.call takes several arguments and the file records the shape of the first, so on "
        "load Keras calls it with that alone.",
        f"Keras swallowed: {swallowed.error}",
        (
            *_pasted(cure, subject),
            f"or pass {name} one dict or tuple: def call(self, inputs)",
            "or write it with keras.Model(inputs, outputs) and a keras.Input for each argument",
        ),
        ("casts: call lacks arguments, so what it does with dtypes is no matter",),
    )


def _dtype(
    subject: Subject,
    owner: type,
    swallowed: Swallowed,
    needed: dict[str, tuple[int, str]],
    cure: Cure,
) -> Advice:
    texts = {path: dtype for path, (_, dtype) in needed.items()}
    words = ", ".join(f"{path} is {dtype}" for path, dtype in texts.items())
    do = list(_pasted(cure, subject))
    castable = {path: dtype for path, dtype in texts.items() if dtype != "string"}
    if castable:
        do.insert(0, _cast(subject, owner, swallowed, needed))
    if "tf.where" in swallowed.source:
        do.append("or write keras.ops.where for tf.where in that line: it casts by itself")
    path, dtype = next(iter(texts.items()))
    do.append(
        f"or write the model with keras.Model(inputs, outputs), where keras.Input(..., "
        f'dtype="{dtype}") states the dtype'
    )
    return _advice(
        subject,
        Cause.DTYPE,
        cure,
        f"The file records the shapes of {type(subject.model).__name__}'s inputs and no dtypes, so "
        f"on load Keras calls it on float32; that line needs the true dtype ({words}) and raises, "
        "and Keras swallows that.",
        f"call raises where {path} is float32 and not where it is {dtype}.",
        tuple(do),
        () if castable else ("tf.cast: TensorFlow casts nothing to string",),
    )


def _cast(
    subject: Subject, owner: type, swallowed: Swallowed, needed: dict[str, tuple[int, str]]
) -> str:
    dtypes = dict(needed.values())
    casts = [f'tf.cast({path}, "{dtype}")' for path, (_, dtype) in needed.items()]
    held = False
    if owner is type(subject.model):
        held = holds(subject, owner, casting(owner, dtypes), ("weight", "optimizer"))
    elif len(set(dtypes.values())) == 1:
        # What reaches an inner layer is numbered anew: its tensors that are no floats are meant.
        number = dict.fromkeys(range(8), next(iter(dtypes.values())))
        held = holds(subject, owner, casting(owner, number), ("weight", "optimizer"))
    tried = "tried: the model comes back whole, twice over" if held else "not tried by itself"
    return f"cast just before the operation at {place(swallowed)}: {' and '.join(casts)} ({tried})"


def _code(subject: Subject, swallowed: Swallowed, on_true: str, cure: Cure) -> Advice:
    seen = (
        f"call raises with the true dtypes too: {on_true}"
        if on_true
        else (f"Keras swallowed: {swallowed.error}")
    )
    return _advice(
        subject,
        Cause.CODE,
        cure,
        f"{swallowed.owner}.{swallowed.method} raises while Keras rebuilds the model from shapes "
        f"alone, and Keras swallows that. The line {place(swallowed)} needs real values, or "
        "something that is set later.",
        seen,
        (
            *_pasted(cure, subject),
            f"or mend the line at {place(swallowed)}: on load there are only shapes, and no values",
        ),
        ("casts: no dtype makes this line work on shapes alone",),
    )


def _children(subject: Subject, lost: list[Difference], cure: Cure) -> Advice:
    unbuilt = list(dict.fromkeys(_holder(difference.path) for difference in lost))
    names = ", ".join(f"self.{path}" for path in unbuilt)
    builder = _own_builder(subject, unbuilt)
    if builder:
        why = (
            f"{builder} is the user's own, so Keras does not trace call on load, and it builds "
            f"nothing of {names}: their saved weights are dropped."
        )
        do = f"build every layer in {builder}(): {names}"
    else:
        why = (
            f"On load Keras builds what call reaches when it is not training; {names} "
            f"{'is' if len(unbuilt) == 1 else 'are'} used elsewhere only (in training, in "
            "train_step, behind a condition), so the saved weights are dropped."
        )
        do = f"run {names} on every call, in training or not"
    warning = (
        "a build() that builds only these: it takes the place of Keras' own, which builds "
        "the others"
    )
    return _advice(
        subject,
        Cause.CHILDREN,
        cure,
        why,
        f"after loading, {names} had no weights, and call raised nothing.",
        (*_pasted(cure, subject), f"{'or ' if cure.cured else ''}{do}"),
        () if builder else (warning,),
    )


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


def _second_generation(subject: Subject, trip: Trip) -> Advice:
    cure = rebuilding_cure(subject)
    name = type(subject.model).__name__
    return _advice(
        subject,
        Cause.SECOND_GENERATION,
        cure,
        f"{name}'s build_from_config builds the layers but keeps no record of the inputs "
        "(get_build_config() is None after loading), so the next save and load "
        + ("loses them." if trip.of("weight", lost=True) else "has nothing to build from."),
        "the model that was saved records nothing."
        if subject.model.get_build_config() is None
        else "the first load came back whole, the second did not.",
        (*_pasted(cure, subject), "or write build() in place of build_from_config"),
    )


def _fails_again(trip: Trip) -> Advice:
    return Advice(
        Cause.SECOND_GENERATION,
        f"The first load comes back, but the loaded model cannot be saved and loaded again: "
        f"{trip.failure}.",
        do=("keep the first file, and save again only from a model made by your own code",),
    )
