"""Save a model, load it again, and name everything that is no longer as it was."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any

from remedies.state.arrays import Arrays, equal, hosts, leaves, share_apart
from remedies.state.difference import differing, settings_of
from remedies.state.next_step import next_step_changed
from remedies.state.rebuild import Call, leaf_dtypes, watching

Route = Callable[[Any, Path], Any]


class Outcome(Enum):
    """What a user would notice of a round trip."""

    WHOLE = "whole"
    WARNED = "warned"
    SILENT = "silent"
    LOUD = "loud"


def outcome(failed: object, lost: object, warned: object) -> Outcome:
    """Return what a user would notice of a load that failed, lost something or warned of it."""
    if failed:
        return Outcome.LOUD
    if not lost:
        return Outcome.WHOLE
    return Outcome.WARNED if warned else Outcome.SILENT


@dataclass(frozen=True)
class Defects:
    """What a round trip lost or changed; every field is 0 when the model came back whole."""

    weights_lost: int = 0  # variables that the saved model had and the loaded one lacks
    weights_changed: int = 0  # variables that both have, with other values
    optimizer_variables_lost: int = 0
    optimizer_variables_changed: int = 0
    iterations_lost: int = 0  # training steps that the loaded optimizer has forgotten
    outputs_changed: float = 0.0  # share (0 to 1) of the output values that differ
    next_step_changed: int = 0  # 1 where the next training step raises or differs (`next_step`)
    compile_changed: int = 0  # compile settings that differ
    silent_defects: int = 0  # kinds of state (weights, optimizer, settings) lost with no warning

    def __bool__(self) -> bool:
        return any(astuple(self))


@dataclass(frozen=True)
class RoundTrip:
    """The findings of one round trip."""

    defects: Defects  # what was lost or changed
    weights_saved: int  # how many there were to lose
    optimizer_variables_saved: int
    settings_changed: tuple[str, ...] = ()  # names of the compile settings that differ
    warnings: tuple[str, ...] = ()  # the text of each `UserWarning` given on the way
    calls: tuple[Call, ...] = ()  # every `call` and `build` that Keras made on the model meanwhile
    fed: tuple[str, ...] = ()  # dtypes of the inputs that the model is really fed, leaf by leaf
    load_error: str = ""  # what loading raised
    next_step_error: str = ""  # what the loaded model's next training step raised
    remark: str = ""  # what else a scenario has to say of it

    @property
    def outcome(self) -> Outcome:
        """`LOUD` where loading raised, else `WHOLE`, or `WARNED` or `SILENT` with a loss."""
        return outcome(self.load_error, self.defects, self.warnings)

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
    before = _carried(model, inputs)
    saved = len(before.weights), len(before.optimizer)
    with tempfile.TemporaryDirectory() as folder, watching(model) as (calls, texts):
        try:
            loaded = route(model, Path(folder))
        except Exception as error:
            lost = replace(_defects(before, _NOTHING), next_step_changed=1)
            return RoundTrip(lost, *saved, fed=leaf_dtypes(inputs), load_error=_line(error))
    # The loaded weights are counted before anything calls the model: a call makes fresh ones.
    weights = hosts(loaded.weights)
    try:
        after = _carried(loaded, inputs)
    except Exception:  # it cannot be called: all outputs are lost, and the next step says why
        after = _carried(loaded, None)
    defects, step_error = _defects(before, replace(after, weights=weights)), ""
    silent = _silent(defects, texts)
    if train and model.compiled:
        try:
            changed = next_step_changed(model, loaded, inputs, targets)
        except Exception as error:
            changed, step_error = True, _line(error)
        defects = replace(defects, next_step_changed=int(changed))
    return RoundTrip(
        replace(defects, silent_defects=silent),
        *saved,
        differing(before.settings, after.settings),
        tuple(texts),
        tuple(calls),
        leaf_dtypes(inputs),
        next_step_error=step_error,
    )


@dataclass(frozen=True)
class _State:
    """What a model carries at one moment, in Keras' own order."""

    weights: Arrays
    optimizer: Arrays
    iterations: int
    outputs: Arrays
    settings: Mapping[str, Any]


_NOTHING = _State((), (), 0, (), {})


def _carried(model: Any, inputs: Any) -> _State:
    """Read all that `model` carries, *after* it predicts on `inputs`; None for no prediction."""
    outputs = () if inputs is None else hosts(leaves(model.predict_on_batch(inputs)))
    optimizer = getattr(model, "optimizer", None)
    variables = hosts(optimizer.variables) if optimizer else ()
    iterations = int(hosts([optimizer.iterations])[0]) if optimizer else 0
    return _State(hosts(model.weights), variables, iterations, outputs, settings_of(model))


def _defects(before: _State, after: _State) -> Defects:
    return Defects(
        weights_lost=max(0, len(before.weights) - len(after.weights)),
        weights_changed=_changed(before.weights, after.weights),
        optimizer_variables_lost=max(0, len(before.optimizer) - len(after.optimizer)),
        optimizer_variables_changed=_changed(before.optimizer, after.optimizer),
        iterations_lost=before.iterations - after.iterations,
        outputs_changed=share_apart(before.outputs, after.outputs),
        compile_changed=len(differing(before.settings, after.settings)),
    )


def _changed(before: Arrays, after: Arrays) -> int:
    """Count the pairs, by position, that differ; what is lost does not count."""
    return sum(not equal(a, b) for a, b in zip(before, after, strict=False))


def _silent(defects: Defects, given: list[str]) -> int:
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


def _line(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0]
