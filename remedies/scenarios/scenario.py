"""What a scenario does: a small model is made, trained, saved and loaded, and compared."""

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np
from keras.src.utils import naming

from remedies import problem
from remedies.scenarios import NOT_APPLICABLE, Cell, bodies
from remedies.state.roundtrip import RoundTrip, round_trip
from remedies.state.trip import Outcome

OVERRIDES = ("build_from_config", "build_from_config_pair")
WEIGHTS = ("weights_lost", "weights_changed", "outputs_changed")
# Tracing takes most of a cell's time, and what files keep does not depend on how steps run: the
# scenarios `run_eagerly` and `jit_...` show it. Rows that are many of a kind run so.
EAGERLY = {"run_eagerly": True}
# What differs from run to run: folders, addresses, counters.
_UNSTABLE = re.compile(r"(/[^\s'\"]*/tmp\w*)|( at)? 0x[0-9a-f]+|(?<=[a-z])_\d+\b|, value=[^>]*")


# Not an Exception: a round trip catches those, and reports them as the format's own failures.
class UseError(BaseException):
    """The model could not be made, trained, saved, loaded or used again; the message says why."""


class Trained(NamedTuple):
    """A compiled and trained model on its way through a format."""

    model: Any
    again: Callable[[], Any]  # makes it: compiled, never called, with other weights
    inputs: Any  # the batch it was trained on
    targets: Any
    folder: Path  # where to save

    def fresh(self, called: bool = False, built: bool = False) -> Any:
        model = self.again()
        if called or built:
            model.predict_on_batch(self.inputs)
        if built:
            model.optimizer.build(model.trainable_variables)
        return model


def keras_file(trained: Trained, count: int = 1, **settings: Any) -> Any:
    """Take the model through `count` ``.keras`` files; `settings` go to `load_model`."""
    path, model = trained.folder / "model.keras", trained.model
    for _ in range(count):
        model.save(path)
        model = keras.saving.load_model(path, **settings)
    return model


keras_file_twice = partial(keras_file, count=2)
adam = partial(keras.optimizers.Adam, name="adam")  # else Keras numbers it
sgd = partial(keras.optimizers.SGD, 0.01)  # which has no variables of its own per weight


class Scenario(NamedTuple):
    """One situation that every remedy is put into; `check` does it."""

    group: str  # the heading it stands under
    name: str  # in results and commands
    description: str  # what is done, in one line
    route: Callable[[Trained], Any] = keras_file  # saves and loads as a user of that format would
    body: type[bodies.Body] = bodies.Body  # what the model is
    operation: str = "where"  # of `OPERATIONS`
    make: Callable[..., Any] = bodies.make  # of a remedy, `body`, `operation`, `channels`, `pack`
    optimizer: Callable[[], Any] = adam
    compiling: Mapping[str, Any] = {}  # what else `compile` is given
    channels: tuple[int, int] = (3, 3)  # of image and mask
    fed: str = "bool"  # the dtype of the mask
    pack: Callable[[dict[str, Any]], Any] = dict  # makes the input structure of a dict of arrays
    policy: str = "float32"  # that the model is made under, and not loaded; see `set_policy`
    prepare: Callable[[], object] = lambda: None  # called before a run starts TensorFlow
    scope: Callable[[], Any] = contextlib.nullcontext  # that it is made and loaded in
    keeps: tuple[str, ...] = ()  # the defects that count, where the format promises no more
    excuses: Mapping[str, str] = {}  # why a remedy does not apply

    def check(self, remedy: str) -> RoundTrip:
        """Return the round trip of this scenario's model; `UseError` where there is none."""
        inputs, targets = self.data()
        set_policy(self.policy)
        with failing("when made: "):
            model = self.compiled(remedy)
        with failing("in fit: "):
            for _ in range(3):
                model.train_on_batch(inputs, targets)
        again = partial(self.compiled, remedy)

        def route(_: Any, folder: Path) -> Any:
            set_policy("float32")
            with failing(), self.scope():
                return self.route(Trained(model, again, inputs, targets, folder))

        with failing("when used again: "):
            return round_trip(model, inputs, targets, route=route)

    def data(self) -> tuple[Any, np.ndarray]:
        """Return one batch of 16, masks half set, packed as the model takes them."""
        rng = np.random.default_rng(0)
        image = rng.random((16, 8, 8, self.channels[0]), np.float32)
        mask = (rng.random((16, 8, 8, self.channels[1])) < 0.5).astype(self.fed)
        return self.pack({"image": image, "mask": mask}), rng.random((16, 2), np.float32)

    def compiled(self, remedy: str) -> Any:
        with self.scope():
            model = self.make(remedy, self.body, self.operation, self.channels, self.pack)
            settings = {"loss": "mse", "jit_compile": False, **self.compiling}
            model.compile(self.optimizer(), **settings)
        return model


@contextlib.contextmanager
def failing(stage: str = "") -> Iterator[None]:
    """Raise what fails in the block as a `UseError` that names the stage."""
    try:
        yield
    except Exception as error:
        raise UseError(f"{stage}{problem.reason(error)}") from error


def set_policy(name: str) -> None:
    """Make `name` the default dtype policy; ``floatx_...`` sets the default float type too."""
    policy = name.removeprefix("floatx_")
    keras.config.set_floatx("float32" if policy == name else policy)
    keras.mixed_precision.set_dtype_policy(policy)  # also where Keras 3.0 has it


def measure(remedy: str, scenario: Scenario) -> Cell:
    """Put `remedy` into `scenario` and return the cell, without what is 0 or empty.

    `outcome` is an `Outcome`'s value or `NOT_APPLICABLE`; what does not load has no `defects`.
    """
    cell = {"remedy": remedy, "scenario": scenario.name}
    if remedy in scenario.excuses:
        return cell | {"outcome": NOT_APPLICABLE, "note": scenario.excuses[remedy]}
    naming.reset_uids()
    keras.utils.set_random_seed(0)
    try:
        trip = scenario.check(remedy)
    except UseError as error:
        return cell | {"outcome": Outcome.LOUD.value, "note": _stable(str(error))}
    finally:
        set_policy("float32")
    defects = {name: value for name, value in asdict(trip.defects).items() if value}
    if scenario.keeps:
        defects = {name: value for name, value in defects.items() if name in scenario.keeps}
        if defects and "weights" not in " ".join(trip.warnings):
            defects["silent_defects"] = 1
    lossy = Outcome.WARNED if trip.warnings else Outcome.SILENT
    cell["outcome"] = (lossy if defects else Outcome.WHOLE).value
    parts = [trip.remark, *dict.fromkeys(f"Keras swallowed {e.error}" for e in trip.swallowed)]
    parts.append(trip.behaviour.problem)
    if "compile_changed" in defects:
        parts.append(f"compile settings changed: {', '.join(trip.settings)}")
    note = _stable("; ".join(filter(None, parts))) if defects else ""
    rest = {"defects": defects, "warnings": len(trip.warnings), "note": note}
    return cell | {name: value for name, value in rest.items() if value}


def _stable(note: str) -> str:
    note = _UNSTABLE.sub("", note)
    return note if len(note) <= 240 else f"{note[:239]}…"
