"""Save a model, load it again, and count everything that is no longer as it was."""

from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import Any

from remedies.feed import Feed
from remedies.state.difference import ROUNDING, STATE, Arrays, apart, share_apart
from remedies.state.methods import leaf_dtypes
from remedies.state.preserve import preserved
from remedies.state.trip import Route, Subject, Trip, travel


@dataclass(frozen=True)
class Defects:
    """What a round trip lost or changed; every field is 0 when the model came back whole."""

    weights_lost: int = 0  # variables that the saved model had and the loaded one lacks
    weights_changed: int = 0  # variables that both have, with other values
    optimizer_variables_lost: int = 0
    optimizer_variables_changed: int = 0
    iterations_lost: int = 0  # training steps that the loaded optimizer has forgotten
    outputs_changed: float = 0.0  # share (0 to 1) of the output values that differ
    next_step_changed: int = 0  # 1 where the next training steps raise or differ
    compile_changed: int = 0  # compile settings that differ
    silent_defects: int = 0  # kinds of state (weights, optimizer, settings) lost with no warning

    def __bool__(self) -> bool:
        return any(astuple(self))


@dataclass
class RoundTrip(Trip):
    """The findings of one round trip: those of a trip, counted."""

    defects: Defects = field(default_factory=Defects)  # what was lost or changed
    rebuilt_as_float: bool = False  # whether Keras traced `call` with floats for a bool input
    remark: str = ""  # what else a scenario has to say of it

    @property
    def whole(self) -> bool:
        return not (self.failure or self.defects)


class OneBatch(Feed):
    """Feeds a model as the suite's own are trained, in the way that they are compiled."""

    def fit(self, model: Any, steps: int = 1) -> list[dict[str, float]]:
        logs = []
        for _ in range(steps):
            model.reset_metrics()
            logs.append(model.train_on_batch(self.x, self.y, return_dict=True))
        return logs

    def prediction(self, model: Any) -> Any:
        return model.predict_on_batch(self.x)


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
        Compiled and built. It is left as it was found.
    inputs, targets : structure of arrays
        One batch, leading dimension the batch size; outputs and the next steps are compared on it.
    route : callable
        ``route(model, folder)`` saves into the empty `folder` and returns the loaded model.
    train : bool
        Whether to compare the next training steps too, which takes longer than all the rest.
    """
    fed = OneBatch(inputs, targets, predicts=True, trains=train and model.compiled)
    with preserved(model) as snapshot:
        subject = Subject(model, fed, snapshot)
        (trip,) = travel(subject, twice=False, route=route)
        # What the model itself does not repeat (threads, a GPU) is no defect.
        before, limits = subject.behaviour, (0.0, ROUNDING, ROUNDING)
        steps = apart(before, trip.behaviour, limits).keys() - {"predictions"}
        steps -= apart(before, subject.again, limits).keys() if steps else set()
    given = leaf_dtypes(inputs)
    calls = (leaf_dtypes(call.given) for call in trip.calls if call.method == "call")
    # An inner layer that is given fewer tensors than the model may rightly see no bool.
    floats = (each.count("bool") < given.count("bool") for each in calls if len(each) == len(given))
    defects = _defects(trip, before.outputs or (), bool(steps or trip.failure))
    return RoundTrip(**vars(trip), defects=defects, rebuilt_as_float=any(floats))


def _defects(trip: Trip, outputs: Arrays, next_step_changed: bool) -> Defects:
    lost = trip.saved if trip.failure else {kind: len(trip.of(kind, lost=True)) for kind in STATE}
    changed = {kind: len(trip.of(kind, lost=False)) for kind in STATE}
    # Of the optimizers that wrap one another, such as for loss scaling, one counts the steps.
    counters = [each for each in trip.of("optimizer") if "iterations" in each.path]
    weights, optimizer = (lost[kind] + changed[kind] for kind in ("weight", "optimizer"))
    state = {"weights": weights, "optimizer": optimizer, "compile": len(trip.settings)}
    words = " ".join(trip.warnings).lower()
    silent = [kind for kind, count in state.items() if count and kind not in words]
    return Defects(
        weights_lost=lost["weight"],
        weights_changed=changed["weight"],
        optimizer_variables_lost=lost["optimizer"],
        optimizer_variables_changed=changed["optimizer"],
        iterations_lost=max((int(c.before) - int(c.after or 0) for c in counters), default=0),
        outputs_changed=share_apart(outputs, trip.behaviour.outputs or ()),
        next_step_changed=int(next_step_changed),
        compile_changed=len(trip.settings),
        silent_defects=0 if trip.failure else len(silent),
    )
