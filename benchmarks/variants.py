"""The variants of a cell: one model being measured each, from some folder, fed one mask dtype."""

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.session import Session
from remedies import REFERENCE, REMEDIES, WORKLOADS, build, registry
from remedies.problem import reason
from remedies.registry import PLACEBO

NAME = "model"  # of every model: Grappler orders operations by the names of nodes


class Variant(NamedTuple):
    """A recipe, where it comes from, and the dtype of the masks that it is fed."""

    source: str
    remedy: str
    mask_dtype: str

    @property
    def axes(self) -> dict[str, str | int]:
        """Return its axes in the frame."""
        return {name: value for name, value in self._asdict().items() if value}


def placebo(variant: Variant) -> Variant:
    """Return the placebo that is a copy of `variant`; of two sources it stands for head's."""
    return Variant("head" if variant.source else "", PLACEBO, variant.mask_dtype)


def variants(session: Session, workload: str = "") -> list[Variant]:
    """Return the variants of a session's cells.

    Of two sources those that both have; which are left out is for whoever compares recipes. Of a
    user's workload those that run, and `raising` says of the others why they do not.
    """
    recipes = [
        Variant(source, remedy.name, mask_dtype)
        for source in dict(session.sources) or ("",)
        for remedy in REMEDIES.values()
        for mask_dtype in remedy.mask_dtypes
    ]
    name = workload or session.workload
    folders = [Path(folder, name) for _, folder in session.sources] or [WORKLOADS[name].folder]
    there = [v for v in recipes if all((f / f"{v.remedy}.py").exists() for f in folders)]
    if session.sources or name in registry.SHIPPED:
        return there
    return [v for v in there if v.remedy in registry.NEEDED or not raising(name, v.remedy)]


@functools.cache
def raising(workload: str, remedy: str) -> str:
    """Return why a recipe cannot be made and called, in a line; empty where it can."""
    try:
        inputs, _ = WORKLOADS[workload].data(2)
        build(workload, remedy)(inputs)
    except Exception as error:  # it is a user's code: it may raise anything
        return reason(error, 160)
    return ""


def reference(variant: Variant) -> Variant:
    """Return what `variant` is compared with: base's own recipe, or the reference step's."""
    if variant.source:
        return variant._replace(source="base")
    return Variant("", REFERENCE, "bool")


def folder(session: Session, variant: Variant) -> Path | None:
    """Return the folder that the recipe of `variant` is in; None for the shipped ones."""
    source = dict(session.sources).get(variant.source)
    return Path(source, session.workload) if source else None


@contextmanager
def own_classes(session: Session, variant: Variant) -> Iterator[None]:
    """Have Keras load the classes of the source of `variant`, whatever was imported last."""
    import keras

    place = folder(session, variant)
    classes = registry.own_classes(place) if place else {}
    with keras.saving.custom_object_scope(classes):
        yield


def make(session: Session, variant: Variant, jit: str) -> Any:
    """Return a fresh, compiled model of `variant`, named and numbered like every other."""
    import keras

    keras.utils.clear_session()
    model = build(
        session.workload, variant.remedy, jit=jit == "xla", folder=folder(session, variant)
    )
    model.name = NAME
    return model


def tensors(session: Session, mask_dtype: str) -> tuple[Any, Any]:
    """Return the session's inputs and targets, on the device beforehand.

    What is measured is the step, not the copy of a NumPy array to the device.
    """
    import keras

    data = WORKLOADS[session.workload].data(session.batch, mask_dtype)
    return keras.tree.map_structure(keras.ops.convert_to_tensor, data)  # type: ignore[no-any-return]


def make_variables(model: Any, inputs: Any) -> None:
    """Make the variables of `model` and of its optimizer: a first step would be traced twice."""
    model(inputs)
    model.optimizer.build(model.trainable_variables)
