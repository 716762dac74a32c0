"""What of a model's state and settings differs in the model that a file gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from remedies.inventory import Inventory, equal, layers
from remedies.libraries import of_user

STATE = ("weight", "optimizer", "plain")


@dataclass(frozen=True)
class Difference:
    """One thing of the model that a trip lost or changed.

    Attributes
    ----------
    path, kind : str
        As in `inventory.Item`.
    lost : bool
        Whether the loaded model lacks it; else its value differs.
    before, after : object
        Values; None where there is none.
    owner : object
        The layer, optimizer or other object of the model that holds it.
    """

    path: str
    kind: str
    lost: bool
    before: Any = None
    after: Any = None
    owner: Any = field(default=None, repr=False)


def unequal(
    before: Inventory, after: Inventory
) -> tuple[tuple[Difference, ...], tuple[Difference, ...]]:
    """Return what differs, and the Python values of library classes that do: no loss by itself."""
    differences: list[Difference] = []
    hints: list[Difference] = []
    paths, others = _weight_paths(before), _weight_paths(after)
    for path, item in before.items():
        if item.kind in ("metric", "seed") or _unused(item):
            continue
        other = after.get(path)
        if other is not None and equal(item.value, other.value):
            continue
        value = None if other is None else other.value
        entry = Difference(item.path, item.kind, other is None, item.value, value, item.owner)
        if item.kind in STATE or (item.kind == "setting" and _comparable(item.value, value)):
            differences.append(entry)
        elif other is not None and item.kind == "trainable":
            # The flag of what only holds layers is nothing by itself: theirs decide.
            alone = not layers(item.owner) and bool(item.owner.weights)
            if alone or _trained(item.owner, paths) != _trained(other.owner, others):
                differences.append(entry)
        elif other is not None and item.kind == "policy":
            if _computes(item.owner):
                differences.append(entry)
        elif item.kind == "attribute" and _counts_as_state(item, value):
            (differences if of_user(type(item.owner)) else hints).append(entry)
    return tuple(differences), tuple(hints)


def _weight_paths(inventory: Inventory) -> dict[int, str]:
    return {id(item.variable): path for path, item in inventory.items() if item.kind == "weight"}


def _trained(layer: Any, paths: Mapping[int, str]) -> list[str]:
    return [paths.get(id(variable), "") for variable in layer.trainable_variables]


def _computes(layer: Any) -> bool:
    import keras

    # A model's own policy computes nothing: its layers' policies do.
    return bool(layer.weights) and not isinstance(layer, keras.Model)


def _comparable(before: list[Any], after: Any) -> bool:
    return after is None or len(before) == len(after)


def _counts_as_state(item: Any, value: Any) -> bool:
    # A text that differs in its number alone is a name, which Keras counts up in a process.
    if isinstance(item.value, str) and isinstance(value, str):
        return item.value.rstrip("0123456789_") != value.rstrip("0123456789_")
    return True


def _unused(item: Any) -> bool:
    return item.kind in ("optimizer", "setting") and not getattr(item.owner, "built", True)


def unequal_settings(model: Any, loaded: Any) -> tuple[str, ...]:
    """Return the names of the compile settings that differ, names of objects left out."""
    if not model.compiled:
        return ()
    if not loaded.compiled:
        return ("all of compile()",)
    try:
        before, after = model.get_compile_config() or {}, loaded.get_compile_config() or {}
    except Exception:  # it had to be serialised for the file, so this one is the loaded model's
        return ("all of compile()",)
    if before and not after:
        return ("all of compile()",)
    names = sorted(before.keys() | after.keys())
    return tuple(
        name for name in names if _nameless(before.get(name)) != _nameless(after.get(name))
    )


def _nameless(config: Any) -> Any:
    """Return a config without the names that Keras counts up."""
    if isinstance(config, dict):
        return {key: _nameless(part) for key, part in config.items() if key != "name"}
    if isinstance(config, (list, tuple)):
        return [_nameless(part) for part in config]
    return config
