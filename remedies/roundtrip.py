"""Save a model, load it again, and name everything that is no longer as it was."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable
from dataclasses import astuple, dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any

from remedies.inventory import owned_classes
from remedies.next_step import next_step_changed
from remedies.rebuild import Call, leaf_dtypes, observe
from remedies.state import (
    State,
    arrays,
    carried,
    differing,
    differing_settings,
    share_changed,
    snapshot,
)

Route = Callable[[Any, Path], Any]


class Outcome(Enum):
    """What a user would notice of a round trip."""

    WHOLE = "whole"
    WARNED = "warned"
    SILENT = "silent"
    LOUD = "loud"


@dataclass(frozen=True)
class Defects:
    """What a round trip lost or changed; every field is 0 when the model came back whole.

    Attributes
    ----------
    weights_lost, optimizer_variables_lost : int
        Variables that the saved model had and the loaded one lacks.
    weights_changed, optimizer_variables_changed : int
        Variables that both have, with other values.
    iterations_lost : int
        Training steps that the loaded optimizer has forgotten.
    outputs_changed : float
        Share of the output values on the given inputs that differ.
    next_step_changed : int
        1 where the next training step raises, or its loss or weights differ (`next_step`).
    compile_changed : int
        Compile settings that differ.
    silent_defects : int
        Kinds of state (weights, optimizer, compile settings) lost without a word about them.
    """

    weights_lost: int = 0
    weights_changed: int = 0
    optimizer_variables_lost: int = 0
    optimizer_variables_changed: int = 0
    iterations_lost: int = 0
    outputs_changed: float = 0.0
    next_step_changed: int = 0
    compile_changed: int = 0
    silent_defects: int = 0

    def __bool__(self) -> bool:
        return any(astuple(self))


@dataclass(frozen=True)
class RoundTrip:
    """The findings of one round trip.

    Attributes
    ----------
    defects : Defects
        What was lost or changed.
    weights_saved, optimizer_variables_saved : int
        How many there were to lose.
    settings_changed : tuple of str
        Names of the compile settings that differ.
    warnings : tuple of str
        The text of each `UserWarning` given while loading.
    calls : tuple of Call
        Every `call` and `build` that Keras made on the model while it loaded, with what it raised.
    fed : tuple of str
        Dtypes of the inputs that the model is really fed, leaf by leaf.
    load_error, next_step_error : str
        What loading, or the loaded model's next training step, raised; empty if nothing.
    remark : str
        What else a scenario has to say of it.
    """

    defects: Defects
    weights_saved: int
    optimizer_variables_saved: int
    settings_changed: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    calls: tuple[Call, ...] = ()
    fed: tuple[str, ...] = ()
    load_error: str = ""
    next_step_error: str = ""
    remark: str = ""

    @property
    def outcome(self) -> Outcome:
        """`LOUD` where loading raised, else `WHOLE`, or `WARNED` or `SILENT` with a loss."""
        if self.load_error:
            return Outcome.LOUD
        if not self.defects:
            return Outcome.WHOLE
        return Outcome.WARNED if self.warnings else Outcome.SILENT

    @property
    def swallowed(self) -> tuple[BaseException, ...]:
        """The exceptions that the model's methods raised while loading, which did not fail."""
        errors = {id(call.error): call.error for call in self.calls if call.error}
        return () if self.load_error else tuple(errors.values())

    @property
    def rebuilt_as_float(self) -> bool:
        """Whether Keras traced `call` with a floating dtype in place of a bool input."""
        # An inner layer that is given fewer tensors than the model may rightly see no bool.
        calls = [call.dtypes for call in self.calls if call.method == "call"]
        whole = (dtypes for dtypes in calls if len(dtypes) == len(self.fed))
        return any(dtypes.count("bool") < self.fed.count("bool") for dtypes in whole)


def keras_file(model: Any, folder: Path) -> Any:
    """Take `model` through a ``.keras`` file in `folder` and return what was loaded."""
    import keras

    path = folder / "model.keras"
    model.save(path)
    return keras.saving.load_model(path)


def keras_file_twice(model: Any, folder: Path) -> Any:
    """Take `model` through a ``.keras`` file, and what was loaded through another, unused."""
    return keras_file(keras_file(model, folder), folder)


def round_trip(
    model: Any, inputs: Any, targets: Any, *, route: Route = keras_file, train: bool = True
) -> RoundTrip:
    """Take `model` through `route` and report every defect by name.

    Parameters
    ----------
    model : keras.Model
        Compiled and built. It is left as it was found, except that its metrics are reset.
    inputs, targets : structure of arrays
        One batch, leading dimension the batch size; outputs and the next step are compared on it.
    route : callable
        ``route(model, folder)`` saves into the empty `folder` and returns the loaded model.
    train : bool
        Whether to compare the next training step too, which takes longer than all the rest.

    Returns
    -------
    RoundTrip
        The defects, and the evidence for each.
    """
    before = snapshot(model, inputs)
    result = RoundTrip(
        Defects(), len(before.weights), len(before.optimizer), fed=leaf_dtypes(inputs)
    )
    with (
        tempfile.TemporaryDirectory() as folder,
        warnings.catch_warnings(record=True) as given,
        observe(owned_classes(model)) as calls,
    ):
        warnings.simplefilter("always")
        try:
            loaded = route(model, Path(folder))
        except Exception as error:
            return replace(result, defects=_all_lost(before), load_error=_line(error))
    texts = tuple(str(w.message) for w in given if issubclass(w.category, UserWarning))
    result = replace(result, warnings=texts, calls=tuple(calls))
    result = _compare(result, before, loaded, inputs)
    return _with_next_step(result, model, loaded, inputs, targets) if train else result


def _compare(result: RoundTrip, before: State, loaded: Any, inputs: Any) -> RoundTrip:
    # The loaded weights are counted before anything calls the model: a call makes fresh ones.
    restored = arrays(loaded.weights)
    after = replace(_loaded_state(loaded, inputs), weights=restored)
    settings = differing_settings(before.compiled, after.compiled)
    defects = Defects(
        weights_lost=max(0, len(before.weights) - len(restored)),
        weights_changed=differing(before.weights, restored),
        optimizer_variables_lost=max(0, len(before.optimizer) - len(after.optimizer)),
        optimizer_variables_changed=differing(before.optimizer, after.optimizer),
        iterations_lost=before.iterations - after.iterations,
        outputs_changed=share_changed(before.outputs, after.outputs),
        compile_changed=len(settings),
    )
    defects = replace(defects, silent_defects=_silent(defects, result.warnings))
    return replace(result, defects=defects, settings_changed=settings)


def _loaded_state(loaded: Any, inputs: Any) -> State:
    try:
        return snapshot(loaded, inputs)
    except Exception:  # it cannot be called: all outputs are lost, and the next step says why
        return carried(loaded, ())


def _silent(defects: Defects, given: tuple[str, ...]) -> int:
    """Count the kinds of lost state that no warning names."""
    words = " ".join(given).lower()
    lost = {
        "weights": defects.weights_lost + defects.weights_changed,
        "optimizer": defects.optimizer_variables_lost
        + defects.optimizer_variables_changed
        + defects.iterations_lost,
        "compile": defects.compile_changed,
    }
    return sum(bool(count) and kind not in words for kind, count in lost.items())


def _all_lost(before: State) -> Defects:
    return Defects(
        weights_lost=len(before.weights),
        optimizer_variables_lost=len(before.optimizer),
        iterations_lost=before.iterations,
        outputs_changed=1.0,
        next_step_changed=1,
        compile_changed=len(before.compiled),
    )


def _with_next_step(
    result: RoundTrip, model: Any, loaded: Any, inputs: Any, targets: Any
) -> RoundTrip:
    if not model.compiled:
        return result
    changed, error = 1, ""
    try:
        changed = int(next_step_changed(model, loaded, inputs, targets))
    except Exception as raised:
        error = _line(raised)
    defects = replace(result.defects, next_step_changed=changed)
    return replace(result, defects=defects, next_step_error=error)


def _line(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0]
