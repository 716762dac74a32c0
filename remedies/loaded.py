"""What a freshly loaded model shows before anything calls it, beside the one that was saved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Loaded:
    """Differences that explain a loss, or announce one.

    Attributes
    ----------
    unbuilt : tuple of str
        Layers that have weights in the saved model and none in the loaded one.
    unfrozen : tuple of str
        Layers whose `trainable` flag is not what it was.
    policies : tuple of str
        Layers whose dtype policy is not what it was: ``"dense: mixed_float16 -> float32"``.
    remembers_inputs : bool
        Whether the next save of the loaded model would record how to build it.
    """

    unbuilt: tuple[str, ...] = ()
    unfrozen: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    remembers_inputs: bool = True


def compare(model: Any, loaded: Any) -> Loaded:
    """Compare the layers of two models of one architecture, place by place; calls neither."""
    names = attribute_names(model)
    both = zip(_layers(model), _layers(loaded), strict=False)
    pairs = [(names.get(id(a), a.name), a, b) for a, b in both]
    return Loaded(
        unbuilt=tuple(name for name, a, b in pairs if _own(a) and not b.weights),
        unfrozen=tuple(name for name, a, b in pairs if _own(a) and a.trainable != b.trainable),
        policies=tuple(
            f"{name}: {a.dtype_policy.name} -> {b.dtype_policy.name}"
            for name, a, b in pairs
            if a.dtype_policy.name != b.dtype_policy.name
        ),
        remembers_inputs=is_functional(loaded) or loaded.get_build_config() is not None,
    )


def attribute_names(model: Any) -> dict[int, str]:
    """Return what the user calls each layer, ``encoder.blocks[0]``, by the layer's id."""
    names: dict[int, str] = {}
    pending = [("", model)]
    while pending:
        prefix, owner = pending.pop()
        for name, layer in _parts(owner):
            if id(layer) not in names:
                names[id(layer)] = f"{prefix}{name}"
                pending.append((f"{prefix}{name}.", layer))
    return names


def _parts(owner: Any) -> Iterator[tuple[str, Any]]:
    import keras

    if is_functional(owner) or type(owner).__module__.partition(".")[0] == "keras":
        yield from ((layer.name, layer) for layer in getattr(owner, "layers", ()))
        return
    for name, value in vars(owner).items():
        held = {name: value}
        if isinstance(value, (list, tuple)):
            held = {f"{name}[{number}]": one for number, one in enumerate(value)}
        elif isinstance(value, dict):
            held = {f"{name}[{key!r}]": one for key, one in value.items()}
        if not name.startswith("_"):
            yield from ((key, one) for key, one in held.items() if isinstance(one, keras.Layer))


def is_functional(model: Any) -> bool:
    """Whether Keras rebuilds `model` from its own graph of layers, not by tracing `call`."""
    return bool(getattr(model, "inputs", None))


def _layers(model: Any) -> list[Any]:
    import keras

    # A Sequential model has an input layer only once it is built.
    found = model._flatten_layers()
    return [layer for layer in found if not isinstance(layer, keras.layers.InputLayer)]


def _own(layer: Any) -> bool:
    return bool(layer.weights) and not list(layer._flatten_layers(include_self=False))
