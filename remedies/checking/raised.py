"""Why a model cannot be saved or loaded at all."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from remedies.checking import configs, outside
from remedies.checking.findings import Cause, Cure, selves, tried
from remedies.libraries import definer, of_framework, of_user
from remedies.problem import shorten
from remedies.state.inventory import layers, owned_classes
from remedies.state.trip import Failure, Subject, Trip, travel

_UNREGISTERED = re.compile(r"Could not locate (class|function) '([^']+)'")
_REGISTER = "@keras.saving.register_keras_serializable()"


def causes(subject: Subject, failure: Failure, others: tuple[Trip, ...]) -> Iterator[Cause]:
    """Yield the cause of `failure`; `others` are trips that went well with the classes given."""
    readers: tuple[Callable[[Subject, Failure, tuple[Trip, ...]], Iterator[Cause]], ...]
    readers = (_lambda, _unregistered, outside.unsaved, _own_build, configs.raised, _other)
    yield next(cause for reader in readers for cause in reader(subject, failure, others))


def _lambda(subject: Subject, failure: Failure, _: object) -> Iterator[Cause]:
    """Name the `Lambda` layers whose function is a Python lambda."""
    import keras

    lambdas = {
        path: layer.function
        for path, layer in layers(subject.model).items()
        if isinstance(layer, keras.layers.Lambda)
        and getattr(layer.function, "__name__", "") == "<lambda>"
    }
    if lambdas and failure.stage == "loading" and "safe_mode" in str(failure.error):
        held = _named(subject, [*lambdas.values()])
        yield Cause(
            "python_lambda",
            f"Loading raises, because a Lambda layer ({selves([*lambdas])}) has a Python lambda, "
            "which has no name: the file holds it as code, and load_model in its safe mode runs no "
            "code from a file.",
            do=(
                f"write the lambda as a function, def scale(x): ..., with {_REGISTER} above it, "
                f"and hand that to Lambda{tried(held)}",
                "or write a keras.layers.Layer of your own, registered the same way",
                "or, for the file as it is and if you trust it: load_model(path, safe_mode=False)",
            ),
        )


def _named(subject: Subject, lambdas: list[Any]) -> bool:
    """Whether the model comes back whole when the lambdas have names that Keras knows."""
    functions = {f"function_{number}": function for number, function in enumerate(lambdas)}
    try:
        for name, function in functions.items():
            function.__name__ = name
        return all(trip.whole for trip in travel(subject, scope=functions, train=False))
    finally:
        for function in lambdas:
            function.__name__ = "<lambda>"


def _unregistered(subject: Subject, failure: Failure, others: tuple[Trip, ...]) -> Iterator[Cause]:
    unknown = _UNREGISTERED.search(f"{failure.text} {failure.error}")
    if failure.stage == "saving" or not (others or unknown):
        return
    classes = {cls.__name__: cls for cls in owned_classes(subject.model)}
    kind, what = unknown.groups() if unknown else ("class", ", ".join(classes))
    base = classes[what].__bases__[0].__name__ if what in classes else "..."
    keyword = "def" if kind == "function" else "class"
    loads, held = " (tried: with it, the model loads)" * bool(others), bool(others) or None
    yield Cause(
        "not_registered",
        f"Loading raises: {what} is not registered, so keras.saving.load_model does not know it.",
        do=(
            f"write {_REGISTER} above {what}, and import that module before loading",
            f'or load with load_model(path, custom_objects={{"{what}": {what}}}){loads}',
        ),
        cure=Cure(f"{_REGISTER}\n{keyword} {what}({base}):", f"above {keyword} {what}", held),
    )


def _own_build(subject: Subject, failure: Failure, _: object) -> Iterator[Cause]:
    """Name the layers inside whose own `build` leaves children unbuilt."""
    asked = layers(subject.model) if "was never built" in str(failure.error) else {}
    unbuilt = {path: left for path, layer in asked.items() if (left := _left_by(layer))}
    if not unbuilt:
        return
    cls = {path: type(asked[path]) for path in unbuilt}
    named = "; ".join(
        f"{cls[path].__name__} (self.{path}): {selves(children)}"
        for path, children in [*unbuilt.items()][:3]
    )
    anew = (
        "make the model by your code, call it on a batch, compile(...), "
        "optimizer.build(model.trainable_variables), then load_weights(path)"
    )
    first, (child, *_) = next(iter(unbuilt.items()))
    build = f"build each of these layers in {cls[first].__name__}.build(): self.{child}.build(...)"
    own = all(map(of_user, cls.values()))
    yield Cause(
        "children_not_built",
        f"Loading raises, because a build() of its own switches Keras' trace of call off, and it "
        f"does not build these layers: {named}. A real call had built them.",
        "build() of each, tried on a copy as loading does it, left them unbuilt.",
        (build, f"or, for the file as it is: {anew}") if own else (anew,),
    )


def _left_by(layer: Any) -> list[str]:
    """Return the children that a layer's own `build`, tried on a copy, leaves unbuilt."""
    if of_framework(definer(type(layer), "build")):
        return []
    try:
        copy = type(layer).from_config(layer.get_config())
        copy.build_from_config(layer.get_build_config())
    except Exception:  # what cannot be tried is no evidence
        return []
    built = [path for path, child in layers(copy).items() if child.built]
    idle = [p for p, child in layers(layer).items() if p not in built and child.weights]
    return [path for path in idle if not any(path.startswith(f"{other}.") for other in idle)]


def _other(_: Subject, failure: Failure, __: object) -> Iterator[Cause]:
    who = f", in {type(failure.owner).__name__}" if failure.owner is not None else ""
    yield Cause(
        "save_error" if failure.stage == "saving" else "load_error",
        f"{failure.stage.capitalize()} raises{who}, so nothing comes back.",
        do=(f"mend what this says: {shorten(failure.text, 240)}",),
    )
