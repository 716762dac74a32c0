"""The variants of a cell: one model being measured each, from some folder, fed one mask dtype."""

import functools
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.session import Session
from remedies import REFERENCE, REMEDIES, WORKLOADS, build, registry
from remedies.problem import reason
from remedies.registry import PLACEBO

Data = dict[str, tuple[Any, Any]]  # mask dtype -> inputs and targets


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


def variants(session: Session) -> list[Variant]:
    """Return the variants of a session's cells: of two sources those that both have."""
    name = session.workload
    folders = [Path(folder, name) for _, folder in session.sources] or [WORKLOADS[name].folder]
    there = [r for r in REMEDIES.values() if all((f / f"{r.name}.py").exists() for f in folders)]
    if not session.sources:
        there = [remedy for remedy in there if remedy.name not in left_out(name)]
    return [
        Variant(source, remedy.name, mask_dtype)
        for source in dict(session.sources) or ("",)
        for remedy in there
        for mask_dtype in remedy.mask_dtypes
    ]


@functools.cache
def left_out(workload: str) -> dict[str, str]:
    """Return which recipes of a user's workload cannot be made and called, and a text of each."""
    problems = {}
    if workload and workload not in registry.SHIPPED:
        inputs, _ = WORKLOADS[workload].data(2)
        names = {file.stem for file in WORKLOADS[workload].folder.glob("*.py")} & REMEDIES.keys()
        for name in sorted(names.difference(registry.NEEDED)):
            try:
                build(workload, name)(inputs)
            except Exception as error:  # it is a user's code: it may raise anything
                problems[name] = f"{workload}/{name}.py, which raises {reason(error, 160)}"
    return problems


def reference(variant: Variant) -> Variant:
    """Return what `variant` is compared with: base's own recipe, or the reference step's."""
    if variant.source:
        return variant._replace(source="base")
    return Variant("", REFERENCE, "bool")


def folder(session: Session, variant: Variant) -> Path | None:
    """Return the folder that the recipe of `variant` is in; None for the shipped ones."""
    source = dict(session.sources).get(variant.source)
    return Path(source, session.workload) if source else None


def own_classes(session: Session, variant: Variant) -> AbstractContextManager[None]:
    """Have Keras load the classes of the source of `variant`, whatever was imported last."""
    import keras

    place = folder(session, variant)
    classes = registry.own_classes(place) if place else {}
    return keras.saving.custom_object_scope(classes)  # type: ignore[no-any-return]


def make(session: Session, variant: Variant, jit: str) -> Any:
    """Return a fresh, compiled model of `variant`.

    It is named and numbered like every other: Grappler orders operations by the names of nodes.
    """
    import keras

    keras.utils.clear_session()
    place = folder(session, variant)
    model = build(session.workload, variant.remedy, jit=jit == "xla", folder=place)
    model.name = "model"
    return model


def tensors(session: Session) -> Data:
    """Return the session's inputs and targets, on the device beforehand.

    What is measured is the step, not the copy of a NumPy array to the device.
    """
    import keras

    draw, to_tensor = WORKLOADS[session.workload].data, keras.ops.convert_to_tensor
    data = {dtype: draw(session.batch, dtype) for dtype in ("bool", "float32")}
    return keras.tree.map_structure(to_tensor, data)  # type: ignore[no-any-return]


def make_variables(model: Any, inputs: Any) -> None:
    """Make the variables of `model` and of its optimizer: a first step would be traced twice."""
    model(inputs)
    model.optimizer.build(model.trainable_variables)
