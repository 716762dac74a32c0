"""Why values differ though their layers were built: no file holds them, or they were altered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from remedies.checking.findings import Cause, names, selves
from remedies.libraries import definer, of_framework, of_user
from remedies.state.archive import digest_of
from remedies.state.difference import Difference
from remedies.state.inventory import is_variable, layers
from remedies.state.trip import Failure, Subject, Trip


def causes(trip: Trip) -> Iterator[Cause]:
    """Yield why variables differ on `trip`, without being lost."""
    changed, plain = trip.of("weight", lost=False), trip.of("plain")
    recurrent = [d for d in [*plain, *changed] if is_recurrent(d)]
    own = [d for d in changed if _saves_itself(type(d.owner))]
    if own:
        yield _own_variables(own)
    if recurrent:
        yield Cause(
            "recurrent_state",
            f"The recurrent state of a stateful layer ({names(recurrent)}) is in no file: the "
            "loaded model starts from zeros.",
            do=(
                "save the states beside the model (layer.states) and assign them after loading, or "
                "call reset_state() before saving if a fresh start is right",
            ),
        )
    plain = [d for d in plain if not is_recurrent(d)]
    if plain:
        yield _plain(plain)
    rest = [d for d in changed if d not in own and d not in recurrent]
    if rest and not trip.of("policy"):
        yield _changed(trip, rest)


def is_recurrent(difference: Difference) -> bool:
    """Whether it is a stateful layer's state that differs."""
    return bool(getattr(difference.owner, "stateful", False)) and "state" in difference.path


def in_file(trip: Trip, difference: Difference) -> bool:
    """Whether the file of `trip` holds the values of a variable, wherever it does."""
    held = trip.archive.entries.values() if trip.archive else ()
    return digest_of(difference.before) in held


def holders_of(differences: list[Difference]) -> list[str]:
    """Return the layers that differences are in, each once."""
    return list(dict.fromkeys(d.path.rpartition(".")[0] or d.path for d in differences))


def not_in_file(absent: list[Difference]) -> Cause:
    """Say that the file does not hold some weights at all, and what to rename, if anything."""
    holders = holders_of(absent)
    do = "keep each layer in a public attribute of its own, or in a list or dict of layers"
    hidden = [part for part in holders[0].split(".") if part.startswith("_")]
    if hidden:
        name = hidden[0].partition("[")[0]
        do = (
            f"rename the attribute {name}, to {name.strip('_')}_list or the like: Keras uses that "
            "name itself, and skips it when it saves"
        )
    return Cause(
        "not_in_file",
        f"The file does not hold {len(absent)} weights at all, those of {selves(holders)}: Keras "
        "does not reach them when it saves, so nothing brings them back.",
        "the file's arrays were compared with the model's variables.",
        (do,),
    )


def _saves_itself(cls: type) -> bool:
    methods = ("save_own_variables", "load_own_variables")
    return any(hasattr(cls, name) and not of_framework(definer(cls, name)) for name in methods)


def _own_variables(differences: list[Difference]) -> Cause:
    classes = ", ".join(dict.fromkeys(type(d.owner).__name__ for d in differences))
    do = f"let save_own_variables and load_own_variables of {classes} keep every value as it is"
    if not all(of_user(type(d.owner)) for d in differences):
        do = (
            f"{classes} is a library's: after loading, set the values from a copy that you keep "
            "yourself, model.get_weights() before and model.set_weights() after"
        )
    return Cause(
        "own_save_and_load",
        f"{classes} has a save_own_variables or load_own_variables of its own, which gives back "
        f"other values (it resizes or converts them), with no warning: {names(differences)}.",
        do=(do,),
    )


def _plain(differences: list[Difference]) -> Cause:
    import keras

    first = differences[0]
    owner, name = first.owner, first.path.rpartition(".")[2].partition("[")[0]
    cls, variable = type(owner).__name__, getattr(owner, name, None)
    trains = is_variable(variable) and getattr(variable, "trainable", False)
    layer = "" if isinstance(owner, keras.Layer) else f"make {cls} a keras.layers.Layer, and "
    given = f'shape={np.shape(first.before)}, name="{name.strip("_")}"'
    given += "" if trains else ", trainable=False"
    return Cause(
        "state_outside_the_file",
        f"{names(differences)}: variables that Keras does not track (a tf.Variable, or one in an "
        "object that is no layer) are in no file, and the loaded model makes new ones.",
        do=(
            f"{layer}make it with self.{name} = self.add_weight({given}) in {cls}.__init__ or "
            "build()",
        ),
    )


def _changed(trip: Trip, changed: list[Difference]) -> Cause:
    values: Any = zip(*((digest_of(d.before), digest_of(d.after)) for d in changed), strict=True)
    before, after = map(sorted, values)
    absent = [difference for difference in changed if not in_file(trip, difference)]
    if before == after:
        return Cause(
            "order",
            f"The values of {names(changed)} have changed places: on load the variables are made "
            "in another order than in training.",
            do=("make all layers in __init__, and build them in the order of build()",),
        )
    if absent:
        return not_in_file(absent)
    return Cause(
        "unknown",
        f"The file holds the values of {names(changed)}, and loading does not put them back.",
        "; ".join(trip.warnings[:2]),
        ("load the weights once more after loading: model.load_weights(path)",),
    )


_KEEP_FLOATS = "keep the float model's file, and quantize after each load"


def converted(subject: Subject, first: Trip, second: Trip) -> Iterator[Cause]:
    """Yield the cause where LoRA or quantization make layers that a file does not give back."""
    adapted = _with(subject.model, "lora_enabled")
    if adapted and first.differences:
        yield _lora(adapted, first)
    quantized = _with(subject.model, "quantization_mode")
    if quantized and (first.differences or second.failure or second.differences):
        what = "other values, variables or policies"
        if second.failure:
            what = f"the loaded model cannot be saved a second time ({second.failure})"
        yield Cause(
            "quantized",
            f"Quantized layers ({selves(quantized)}) do not come back as they were: {what}.",
            do=(_KEEP_FLOATS,),
        )


def unsaved(subject: Subject, failure: Failure, _: object = None) -> Iterator[Cause]:
    """Yield the cause where a quantized model cannot be saved or loaded at all."""
    if _with(subject.model, "quantization_mode"):
        yield Cause(
            "quantized",
            f"{failure.stage.capitalize()} a quantized model raises: Keras writes quantized layers "
            "in a form that it does not read back here.",
            do=(_KEEP_FLOATS, "for serving alone, export the quantized model: model.export(path)"),
        )


def _with(model: Any, mark: str) -> list[str]:
    return [path for path, layer in layers(model).items() if getattr(layer, mark, None)]


def _lora(adapted: list[str], trip: Trip) -> Cause:
    lost, changed = (
        [d for d in trip.of("weight", lost=lost) if "lora" in d.path] for lost in (True, False)
    )
    after = "the loaded model starts LoRA anew, on the merged kernels, so it trains otherwise"
    if lost:
        after = "the loaded model has no LoRA, so training goes on with all weights"
    serve = "load it as it is: the merged kernels predict the same"
    if trip.outputs_changed:
        serve = "keep the float model's file: merging rounds the kernels anew"
    return Cause(
        "lora",
        f"LoRA is on in {selves(adapted)}: saving merges its weights into the kernels, and "
        f"{after}, without LoRA's optimizer state.",
        f"lora_enabled is True in the model, and {len(lost)} of its LoRA variables are lost, "
        f"{len(changed)} changed.",
        (
            f"to serve the model, {serve}",
            "to go on training, make the model by your code, call enable_lora(rank), build the "
            "optimizer and restore a tf.train.Checkpoint of model and optimizer",
        ),
    )
