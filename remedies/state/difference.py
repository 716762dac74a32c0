"""What of a model's state and settings differs in the model that a file gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from remedies.libraries import of_user
from remedies.state.arrays import equal
from remedies.state.inventory import Inventory, Item, layers

STATE = ("weight", "optimizer", "plain")


@dataclass(frozen=True)
class Difference:
    """One thing of the model that a trip lost or changed; path and kind as an `Item` has them."""

    path: str
    kind: str
    lost: bool  # whether the loaded model lacks it; else its value differs
    before: Any = None
    after: Any = None
    owner: Any = field(default=None, repr=False)  # what holds it in the model


def unequal(
    before: Inventory, after: Inventory
) -> tuple[tuple[Difference, ...], tuple[Difference, ...]]:
    """Return what differs, and the Python values of library classes that do: no loss by itself."""
    import keras

    differences: list[Difference] = []
    hints: list[Difference] = []
    paths, others = _weight_paths(before), _weight_paths(after)
    for path, item in before.items():
        other = after.get(path)
        if item.variable is not None and other is not None and other.variable is None:
            other = None  # what a layer is not built of is None in it
        value = None if other is None else other.value
        if item.kind in ("metric", "seed") or (other is not None and equal(item.value, value)):
            continue
        entry = Difference(item.path, item.kind, other is None, item.value, value, item.owner)
        if item.kind == "attribute":
            counts = not _only_numbered(item.value, value)
        elif item.kind in STATE or item.kind == "setting":
            counts = _in_use(item, value)
        elif other is None:
            counts = False
        elif item.kind == "trainable":
            # The flag of what only holds layers is nothing by itself: theirs decide.
            alone = not layers(item.owner) and bool(item.owner.weights)
            counts = alone or _trained(item.owner, paths) != _trained(other.owner, others)
        else:
            counts = _computes(item.owner)
        if counts:
            # A loss that is lost is a compile setting; what a loss was given is none.
            loss = other is not None and isinstance(item.owner, keras.losses.Loss)
            own = loss or item.kind != "attribute" or of_user(type(item.owner))
            (differences if own else hints).append(entry)
    return tuple(differences), tuple(hints)


def _in_use(item: Item, after: Any) -> bool:
    """Whether a variable or an optimizer's setting was in use, and can be compared."""
    if item.kind in ("optimizer", "setting") and not getattr(item.owner, "built", True):
        return False
    return item.kind != "setting" or after is None or len(item.value) == len(after)


def _weight_paths(inventory: Inventory) -> dict[int, str]:
    return {id(item.variable): path for path, item in inventory.items() if item.kind == "weight"}


def _trained(layer: Any, paths: Mapping[int, str]) -> list[str]:
    return [paths.get(id(variable), "") for variable in layer.trainable_variables]


def _computes(layer: Any) -> bool:
    import keras

    # A model's own policy computes nothing: its layers' policies do.
    return bool(layer.weights) and not isinstance(layer, keras.Model)


def _only_numbered(before: Any, after: Any) -> bool:
    """Whether two texts differ in their number alone: names, which Keras counts up."""
    if not (isinstance(before, str) and isinstance(after, str)):
        return False
    return before.rstrip("0123456789_") == after.rstrip("0123456789_")


def unequal_settings(model: Any, loaded: Any) -> tuple[tuple[str, ...], bool]:
    """Return the names of the compile settings that `loaded` lacks or has otherwise.

    Also whether it lacks all of them. Names of objects are left out: Keras counts them up.
    """
    if not model.compiled:
        return (), False
    before = model.get_compile_config() or {}
    try:
        after = (loaded.get_compile_config() if loaded.compiled else None) or {}
    except Exception:
        after = {}
    lost = not loaded.compiled or bool(before and not after)
    names = sorted(before.keys() | after.keys())
    differ = [name for name in names if _nameless(before.get(name)) != _nameless(after.get(name))]
    return tuple(differ) or ("all",) * lost, lost


def _nameless(config: Any) -> Any:
    """Return a config without the names that Keras counts up."""
    if isinstance(config, dict):
        return {key: _nameless(part) for key, part in config.items() if key != "name"}
    if isinstance(config, (list, tuple)):
        return [_nameless(part) for part in config]
    return config
