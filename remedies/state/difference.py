"""What of a model's state and settings differs in the model that a file gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from remedies.libraries import of_user
from remedies.state.arrays import equal
from remedies.state.inventory import Inventory, Item, layers

STATE = ("weight", "optimizer", "plain")
ALL_SETTINGS = "all of compile()"


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
        value = None if other is None else other.value
        if item.kind in ("metric", "seed") or (other is not None and equal(item.value, value)):
            continue
        entry = Difference(item.path, item.kind, other is None, item.value, value, item.owner)
        if item.kind in STATE or item.kind == "setting":
            if _counts(item, value):
                differences.append(entry)
        elif item.kind == "attribute":
            if not _only_numbered(item.value, value):
                kept = of_user(type(item.owner)) or isinstance(item.owner, keras.losses.Loss)
                (differences if kept else hints).append(entry)
        elif other is None:
            continue
        elif item.kind == "trainable":
            # The flag of what only holds layers is nothing by itself: theirs decide.
            alone = not layers(item.owner) and bool(item.owner.weights)
            if alone or _trained(item.owner, paths) != _trained(other.owner, others):
                differences.append(entry)
        elif _computes(item.owner):
            differences.append(entry)
    return tuple(differences), tuple(hints)


def _counts(item: Item, after: Any) -> bool:
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


def settings_of(model: Any) -> Mapping[str, Any]:
    """Return the compile settings of `model`, serialised; nothing where it has none."""
    return (model.get_compile_config() if model.compiled else None) or {}


def differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the compile settings that differ, names of objects left out."""
    names = sorted(before.keys() | after.keys())
    return tuple(
        name for name in names if _nameless(before.get(name)) != _nameless(after.get(name))
    )


def unequal_settings(model: Any, loaded: Any) -> tuple[str, ...]:
    """Return the names of the compile settings of `model` that `loaded` lacks or has otherwise."""
    if not model.compiled:
        return ()
    before = settings_of(model)
    try:
        after = settings_of(loaded)
    except Exception:
        return (ALL_SETTINGS,)
    lost = not loaded.compiled or (before and not after)
    return (ALL_SETTINGS,) if lost else differing(before, after)


def _nameless(config: Any) -> Any:
    """Return a config without the names that Keras counts up."""
    if isinstance(config, dict):
        return {key: _nameless(part) for key, part in config.items() if key != "name"}
    if isinstance(config, (list, tuple)):
        return [_nameless(part) for part in config]
    return config
