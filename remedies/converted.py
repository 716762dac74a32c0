"""Why layers under LoRA, or quantized ones, do not come back as they were."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from remedies.findings import Cause
from remedies.inventory import layers
from remedies.losses import selves
from remedies.trip import Failure, Subject, Trip

_KEEP_FLOATS = "keep the float model's file, and quantize after each load"


def causes(subject: Subject, first: Trip, second: Trip) -> Iterator[Cause]:
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


def raised(subject: Subject, failure: Failure) -> Iterator[Cause]:
    """Yield the cause where a quantized model cannot be saved or loaded at all."""
    if _with(subject.model, "quantization_mode"):
        yield Cause(
            "quantized",
            f"{failure.stage.capitalize()} a quantized model raises: Keras writes quantized layers "
            "in a form that it does not read back here.",
            f"Keras says: {failure.text}",
            (_KEEP_FLOATS, "for serving alone, export the quantized model: model.export(path)"),
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
