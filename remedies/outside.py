"""Why values differ though their layers were built: they are in no file, or were altered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from remedies.archive import digest_of
from remedies.compile_settings import set_by_compile
from remedies.cures import config_code, constructor, holds
from remedies.difference import Difference
from remedies.findings import Advice, Cause, names
from remedies.inventory import is_variable, layers, objects
from remedies.libraries import definer, of_framework, of_user
from remedies.rebuilding import in_file, not_in_file
from remedies.trip import Subject, Trip


def causes(subject: Subject, trip: Trip) -> Iterator[Advice]:
    """Yield why variables, attributes or outputs differ on `trip`, without being lost."""
    plain = trip.of("plain")
    changed = trip.of("weight", lost=False)
    recurrent = [d for d in [*plain, *changed] if _is_recurrent(d)]
    own = [difference for difference in changed if _saves_itself(difference.owner)]
    if own:
        yield _own_variables(own)
    if recurrent:
        yield _recurrent(recurrent)
    plain = [difference for difference in plain if difference not in recurrent]
    if plain:
        yield _plain(plain)
    yield from _arguments(subject, trip, plain)
    rest = [d for d in changed if d not in own and d not in recurrent]
    if rest and not trip.of("policy"):
        yield _changed(subject, trip, rest)


def converted(subject: Subject, first: Trip, second: Trip) -> Iterator[Advice]:
    """Yield the cause where LoRA or quantization make layers that a file does not give back."""
    lora = _lora(subject, first)
    if lora is not None:
        yield lora
    quantized = [
        path
        for path, layer in layers(subject.model).items()
        if getattr(layer, "quantization_mode", None)
    ]
    if quantized and (first.differences or second.failure or second.differences):
        yield _quantized(quantized, second)


def _lora(subject: Subject, trip: Trip) -> Advice | None:
    adapted = [
        path
        for path, layer in layers(subject.model).items()
        if getattr(layer, "lora_enabled", False)
    ]
    if not adapted or not trip.differences:
        return None
    shown = ", ".join(f"self.{path}" for path in adapted[:6])
    lost = [d for d in trip.of("weight", lost=True) if "lora" in d.path]
    after = (
        "the loaded model has no LoRA, so training goes on with all weights"
        if lost
        else "the loaded model starts LoRA anew, on the merged kernels, so it trains otherwise"
    )
    serve = "to serve the model, load it as it is: the merged kernels predict the same"
    if trip.outputs_changed:
        serve = "to serve the model, keep the float model's file: merging rounds the kernels anew"
    return Advice(
        Cause.LORA,
        f"LoRA is on in {shown}: saving merges its weights into the kernels, and {after}, "
        "without LoRA's optimizer state.",
        f"lora_enabled is True in the model, and {len(lost)} of its LoRA variables are lost, "
        f"{len([d for d in trip.of('weight', lost=False) if 'lora' in d.path])} changed.",
        (
            serve,
            "to go on training, make the model by your code, call enable_lora(rank), build the "
            "optimizer and restore a tf.train.Checkpoint of model and optimizer",
        ),
        ("get_config, casts: LoRA is merged whatever they do",),
    )


def _quantized(paths: list[str], second: Trip) -> Advice:
    return Advice(
        Cause.QUANTIZED,
        f"Quantized layers ({', '.join(f'self.{path}' for path in paths[:6])}) do not come back "
        "as they were: "
        + (
            f"the loaded model cannot be saved a second time ({second.failure})."
            if second.failure
            else "other values, variables or policies."
        ),
        do=("keep the float model's file, and quantize after each load",),
    )


def _saves_itself(owner: Any) -> bool:
    cls = type(owner)
    methods = ("save_own_variables", "load_own_variables")
    return any(
        definer(cls, name) is not object and not of_framework(definer(cls, name))
        for name in methods
    )


def _own_variables(differences: list[Difference]) -> Advice:
    classes = ", ".join(dict.fromkeys(type(d.owner).__name__ for d in differences))
    library = not all(of_user(type(d.owner)) for d in differences)
    do = f"let save_own_variables and load_own_variables of {classes} keep every value as it is"
    if library:
        do = (
            f"{classes} is a library's: after loading, set the values from a copy that you keep "
            "yourself, model.get_weights() before and model.set_weights() after"
        )
    return Advice(
        Cause.OWN_VARIABLES,
        f"{classes} has a save_own_variables or load_own_variables of its own, which gives back "
        f"other values (it resizes or converts them): {names(differences)}.",
        "the values differ from those that were saved, with no warning.",
        (do,),
    )


def _is_recurrent(difference: Difference) -> bool:
    return bool(getattr(difference.owner, "stateful", False)) and "state" in difference.path


def _recurrent(differences: list[Difference]) -> Advice:
    return Advice(
        Cause.RECURRENT,
        f"The recurrent state of a stateful layer ({names(differences)}) is in no file: the loaded "
        "model starts from zeros.",
        do=(
            "save the states beside the model (layer.states) and assign them after loading, or "
            "call reset_state() before saving if a fresh start is right",
        ),
    )


def _plain(differences: list[Difference]) -> Advice:
    owners = ", ".join(dict.fromkeys(type(d.owner).__name__ for d in differences))
    first = differences[0]
    name = first.path.rpartition(".")[2].partition("[")[0]
    shape = tuple(np.shape(first.before))
    trainable = "" if _trains(first) else ", trainable=False"
    import keras

    cls = type(first.owner).__name__
    layer = "" if isinstance(first.owner, keras.Layer) else f"make {cls} a keras.layers.Layer, and "
    return Advice(
        Cause.OUTSIDE,
        f"{names(differences)} in {owners}: variables that Keras does not track (a tf.Variable or "
        "one in an object that is no layer) are in no file, and the loaded model makes new ones.",
        "the values differ after loading, and the file does not hold them.",
        (
            f"{layer}make it with self.{name} = self.add_weight(shape={shape}, "
            f'name="{name.strip("_")}"{trainable}) in '
            f"{type(first.owner).__name__}.__init__ or build()",
        ),
        ("get_config: it carries settings, and no values that training moves",),
    )


def _trains(difference: Difference) -> bool:
    owner, name = difference.owner, difference.path.rpartition(".")[2].partition("[")[0]
    value = getattr(owner, name, None)
    return bool(is_variable(value) and getattr(value, "trainable", False))


def _arguments(subject: Subject, trip: Trip, plain: list[Difference]) -> Iterator[Advice]:
    """Name the classes whose constructor's arguments came back as defaults, then other values."""
    values = [*trip.of("attribute"), *trip.hints]
    if trip.whole:
        return
    explained: list[Difference] = []
    things = objects(subject.model)
    for path, thing in things.items():
        cls = type(thing)
        if of_framework(cls) or not hasattr(thing, "get_config"):
            continue
        given = [d for d in values if d.owner is thing and _bare(d.path) in constructor(cls)]
        if given:
            explained += [
                d
                for d in values
                if d.path not in [e.path for e in explained]
                and (d in given or d.path.startswith(f"{path}.") or not path)
            ]
            yield _automatic(subject, thing, path, given)
    explained += [d for d in values if set_by_compile(subject.model, d)]
    left = [d for d in trip.of("attribute") if d not in explained]
    if left and not plain:
        yield _python_values(left)
    elif not explained and not left and _only_results(trip):
        yield from _hidden_arguments(subject)


def _bare(path: str) -> str:
    return path.rpartition(".")[2].partition("[")[0].lstrip("_")


def _only_results(trip: Trip) -> bool:
    return bool(trip.outputs_changed or trip.step) and not trip.differences and not trip.settings


def _automatic(subject: Subject, thing: Any, path: str, given: list[Difference]) -> Advice:
    import keras

    cls = type(thing)
    code, missing = config_code(thing)
    own = definer(cls, "get_config")
    automatic = of_framework(own)
    kinds = ("weight", "optimizer", "attribute")
    cured = None if missing else holds(subject, cls, code, kinds)
    values = ", ".join(f"{_bare(d.path)}={d.before!r} loads as {d.after!r}" for d in given[:4])
    model = isinstance(thing, keras.Model)
    why = (
        f"{cls.__name__} has no get_config, and the automatic one of a keras.Model subclass keeps "
        f"no arguments: {values}."
        if automatic and model
        else f"get_config of {cls.__name__} leaves out arguments of __init__: {values}."
    )
    if automatic and not model:
        why = (
            f"{cls.__name__} has no get_config, and the values that it was made with or given "
            f"later do not come back: {values}."
        )
    do = [f"write get_config for {cls.__name__}, as below"]
    if missing:
        do.append(
            f"and keep its other arguments in __init__: "
            f"{', '.join(f'self.{name} = {name}' for name in missing)}"
        )
    if not of_user(cls):
        do = [
            f"{cls.__name__} is a library's: subclass it with the get_config below, or make the "
            "model by your own code and call load_weights on the file"
        ]
    where = f" (self.{path})" if path else ""
    return Advice(
        Cause.GET_CONFIG,
        why,
        f"these attributes of {cls.__name__}{where} differ after loading.",
        tuple(do),
        code=code,
        place=f"class {cls.__name__}",
        cured=cured,
    )


def _hidden_arguments(subject: Subject) -> Iterator[Advice]:
    """Name the classes whose arguments no attribute keeps, where only the results differ."""
    for path, thing in objects(subject.model).items():
        cls = type(thing)
        if of_framework(cls) or not hasattr(thing, "get_config") or not constructor(cls):
            continue
        own = definer(cls, "get_config")
        code, missing = config_code(thing)
        if missing or of_framework(own):
            where = f" (self.{path})" if path else ""
            yield Advice(
                Cause.GET_CONFIG,
                f"All variables came back and the results differ: {cls.__name__}{where} takes "
                f"arguments ({', '.join(constructor(cls))}) that its get_config lacks.",
                do=("keep every argument in __init__ and return it from get_config, as below",),
                code=code,
                place=f"class {cls.__name__}",
            )
            return


def _python_values(differences: list[Difference]) -> Advice:
    first = differences[0]
    return Advice(
        Cause.ATTRIBUTE,
        f"{names(differences)}: Python values that were set or moved on after the model was made "
        "are in no file.",
        f"self.{first.path} is {_short(first.before)} in the model and {_short(first.after)} after "
        "loading.",
        (
            f"keep it in a variable, self.add_weight(shape=(), trainable=False), or return it from "
            f"get_config of {type(first.owner).__name__} and take it in __init__",
        ),
    )


def _short(value: Any) -> str:
    text = repr(value).replace("\n", " ")
    return text if len(text) < 50 else text[:47] + "..."


def _changed(subject: Subject, trip: Trip, changed: list[Difference]) -> Advice:
    before = [digest_of(difference.before) for difference in changed]
    after = [digest_of(difference.after) for difference in changed]
    if sorted(before) == sorted(after):
        owner = type(subject.model).__name__
        return Advice(
            Cause.ORDER,
            f"The values of {names(changed)} have changed places: on load the variables are made "
            "in another order than in training.",
            "the same values came back, each in another variable.",
            (f"make all layers in {owner}.__init__, and build them in the order of build()",),
        )
    absent = [difference for difference in changed if not in_file(trip, difference)]
    if absent:
        return not_in_file(absent)
    return Advice(
        Cause.UNKNOWN,
        f"The file holds the values of {names(changed)}, and loading does not put them back.",
        "; ".join(trip.warnings[:2]),
        ("load the weights once more after loading: model.load_weights(path)",),
    )
