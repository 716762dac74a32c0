"""Save a model, load it again, and count everything that is no longer as it was."""

from collections import Counter
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import Any

from remedies.feed import Feed
from remedies.state.arrays import share_apart
from remedies.state.difference import ROUNDING, apart
from remedies.state.methods import leaf_dtypes
from remedies.state.preserve import preserved
from remedies.state.trip import Route, Subject, Trip, observed, travel


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
    fed: tuple[str, ...] = ()  # dtypes of the inputs that the model is really fed, leaf by leaf
    remark: str = ""  # what else a scenario has to say of it

    @property
    def whole(self) -> bool:
        """Whether it has no defect at all."""
        return not (self.failure or self.defects)

    @property
    def rebuilt_as_float(self) -> bool:
        """Whether Keras traced `call` with a floating dtype in place of a bool input."""
        # An inner layer that is given fewer tensors than the model may rightly see no bool.
        calls = [leaf_dtypes(call.given) for call in self.calls if call.method == "call"]
        whole = (dtypes for dtypes in calls if len(dtypes) == len(self.fed))
        return any(dtypes.count("bool") < self.fed.count("bool") for dtypes in whole)


class OneBatch(Feed):
    """Feeds a model as the suite's own are trained, in the way that they are compiled to run."""

    def fit(self, model: Any, steps: int = 1) -> list[dict[str, float]]:
        """Train `steps` times on the batch and return what each step logged."""
        logs = []
        for _ in range(steps):
            model.reset_metrics()
            logs.append(model.train_on_batch(self.x, self.y, return_dict=True))
        return logs

    def prediction(self, model: Any) -> Any:
        """Return what `model` predicts, unchanged."""
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

    Returns
    -------
    RoundTrip
        The defects, and the evidence for each.
    """
    fed = OneBatch(inputs, targets, predicts=True, trains=train and model.compiled)
    with preserved(model) as snapshot:
        subject = observed(model, fed, snapshot, repeats=ROUNDING)
        (trip,) = travel(subject, twice=False, route=route)
        # What the model itself does not repeat (threads, a GPU) is no defect.
        differ = apart(subject.behaviour, trip.behaviour, 0.0, ROUNDING, ROUNDING)
        steps = differ.keys() - {"predictions"}
        steps -= subject.again() if steps else set()
    defects = _defects(subject, trip, next_step_changed=bool(steps or trip.failure))
    return RoundTrip(**vars(trip), defects=defects, fed=leaf_dtypes(inputs))


def _defects(subject: Subject, trip: Trip, *, next_step_changed: bool) -> Defects:
    lost = Counter((each.kind, each.lost) for each in trip.differences)
    if trip.failure:
        lost = Counter({(kind, True): count for kind, count in trip.saved.items()})
    # Of the optimizers that wrap one another, such as for loss scaling, one counts the steps.
    forgotten = [
        int(each.before) - int(each.after or 0)
        for each in trip.of("optimizer")
        if "iterations" in each.path
    ]
    state = {
        "weights": lost["weight", True] + lost["weight", False],
        "optimizer": lost["optimizer", True] + lost["optimizer", False],
        "compile": len(trip.settings),
    }
    words = " ".join(trip.warnings).lower()
    silent = [kind for kind, count in state.items() if count and kind not in words]
    return Defects(
        weights_lost=lost["weight", True],
        weights_changed=lost["weight", False],
        optimizer_variables_lost=lost["optimizer", True],
        optimizer_variables_changed=lost["optimizer", False],
        iterations_lost=max(forgotten, default=0),
        outputs_changed=share_apart(subject.behaviour.outputs or (), trip.behaviour.outputs or ()),
        next_step_changed=int(next_step_changed),
        compile_changed=state["compile"],
        silent_defects=0 if trip.failure else len(silent),
    )
