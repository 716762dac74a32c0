"""What a scenario does: a small model is made, trained, saved and loaded, and compared."""

import contextlib
import inspect
import io
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np

from remedies import problem
from remedies.registry import REMEDIES
from remedies.scenarios import NOT_APPLICABLE, Cell, bodies
from remedies.state.roundtrip import Defects, RoundTrip, round_trip
from remedies.state.trip import Outcome

STEPS = 3
OVERRIDES = ("build_from_config", "build_from_config_pair")
WEIGHTS = ("weights_lost", "weights_changed", "outputs_changed")
# Tracing takes most of a cell's time, and what files keep does not depend on how steps run: the
# scenarios `run_eagerly` and `jit_...` show it. Rows that are many of a kind run so.
EAGERLY = {"run_eagerly": True}
# What differs from run to run: folders, addresses, counters.
_UNSTABLE = re.compile(r"(/[^\s'\"]*/tmp\w*)|( at)? 0x[0-9a-f]+|(?<=[a-z])_\d+\b|, value=[^>]*")
_WIDTH = 240


# Not an Exception: a round trip catches those, and reports them as the format's own failures.
class UseError(BaseException):
    """The model could not be made, trained, saved, loaded or used again; the message says why."""


class Trained(NamedTuple):
    """A compiled and trained model on its way through a format."""

    model: Any
    fresh: Callable[[], Any]  # makes it again: compiled, never called, with other weights
    inputs: Any  # the batch it was trained on
    targets: Any
    folder: Path  # where to save


Route = Callable[[Trained], Any]


def keras_files(count: int, **settings: Any) -> Route:
    """Return the route through `count` ``.keras`` files; `settings` go to `load_model`."""

    def route(trained: Trained) -> Any:
        path = trained.folder / "model.keras"
        model = trained.model
        for _ in range(count):
            model.save(path)
            model = keras.saving.load_model(path, **settings)
        return model

    return route


keras_file = keras_files(1)


def adam() -> Any:
    """Return Adam under a fixed name: Keras numbers the names of a process's optimizers."""
    return keras.optimizers.Adam(name="adam")


def sgd() -> Any:
    """Return plain SGD, which has no variables of its own per weight."""
    return keras.optimizers.SGD(0.01)


@dataclass(frozen=True)
class Scenario:
    """One situation that every remedy is put into; `check` does it."""

    group: str  # the heading it stands under
    name: str  # in results and commands
    description: str  # what is done, in one line
    route: Route = keras_file  # saves and loads as a user of that format would
    body: type[bodies.Body] = bodies.Body  # what the model is
    operation: str = "where"  # of `OPERATIONS`
    make: Callable[[str], Any] | None = None  # `make(remedy)`, where it takes more than a body
    optimizer: Callable[[], Any] = adam
    compiling: Mapping[str, Any] = field(default_factory=dict)  # what else `compile` is given
    shapes: Mapping[str, Any] = field(default_factory=lambda: bodies.SHAPES)  # of image and mask
    fed: str = ""  # the dtype that the mask is fed as, where it is not the operation's
    pack: Callable[[dict[str, Any]], Any] = dict  # makes the input structure of a dict of arrays
    policy: str = "float32"  # that the model is made under, and not loaded; see `set_policy`
    prepare: Callable[[], object] = lambda: None  # called before a run starts TensorFlow
    scope: Callable[[], AbstractContextManager[Any]] = nullcontext  # that it is made and loaded in
    keeps: tuple[str, ...] = ()  # the defects that count, where the format promises no more
    excuses: Mapping[str, str] = field(default_factory=dict)  # why a remedy does not apply

    def check(self, remedy: str) -> RoundTrip:
        """Return the round trip of this scenario's model; `UseError` where there is none."""
        inputs, targets = self.data()
        set_policy(self.policy)
        with failing("when made: "):
            model = self.compiled(remedy)
        with failing("in fit: "):
            for _ in range(STEPS):
                model.train_on_batch(inputs, targets)

        def route(_: Any, folder: Path) -> Any:
            set_policy("float32")
            fresh = partial(self.compiled, remedy)
            with failing(), self.scope():
                return self.route(Trained(model, fresh, inputs, targets, folder))

        with failing("when used again: "):
            return round_trip(model, inputs, targets, route=route)

    def data(self) -> tuple[Any, np.ndarray]:
        """Return one batch of 16, masks half set, packed as the model takes them."""
        rng = np.random.default_rng(0)
        image = rng.random((16, *self.shapes["image"]), np.float32)
        fed = self.fed or bodies.OPERATIONS[self.operation].dtype
        mask = (rng.random((16, *self.shapes["mask"])) < 0.5).astype(fed)
        return self.pack({"image": image, "mask": mask}), rng.random((16, 2), np.float32)

    def compiled(self, remedy: str) -> Any:
        """Return a new model, compiled and never called."""
        inputs = {"shapes": self.shapes, "pack": self.pack}
        with self.scope():
            if self.make:
                model = self.make(remedy)
            else:
                model = bodies.make(remedy, self.body, self.operation, **inputs)
            settings = {"loss": "mse", "jit_compile": False, **self.compiling}
            model.compile(optimizer=self.optimizer(), **settings)
        return model


@contextlib.contextmanager
def failing(stage: str = "") -> Iterator[None]:
    """Raise what fails in the block as a `UseError` that names the stage."""
    try:
        yield
    except Exception as error:
        raise UseError(f"{stage}{problem.reason(error)}") from error


def only(*remedies: str, because: str) -> dict[str, str]:
    """Return the excuses of all but these remedies."""
    return {name: because for name in REMEDIES if name not in remedies}


def set_policy(name: str) -> None:
    """Make `name` the default dtype policy; ``floatx_...`` sets the default float type too."""
    policy = name.removeprefix("floatx_")
    keras.config.set_floatx("float32" if policy == name else policy)
    keras.mixed_precision.set_dtype_policy(policy)  # also where Keras 3.0 has it


def measure(remedy: str, scenario: Scenario) -> Cell:
    """Put `remedy` into `scenario`, from a clean start, and return the outcome.

    A cell is plain data without what is 0 or empty: the names of `remedy` and `scenario`; the
    `outcome`, an `Outcome`'s value or `NOT_APPLICABLE`; `defects` by name, none where the model
    could not even be made, trained or loaded; `warnings`, how many the user was given while saving
    and loading; `note`, the reason, the error, or what Keras swallowed, in one line.
    """
    cell = {"remedy": remedy, "scenario": scenario.name}
    if remedy in scenario.excuses:
        return cell | {"outcome": NOT_APPLICABLE, "note": scenario.excuses[remedy]}
    with _clean():
        try:
            trip = promised(scenario.check(remedy), scenario.keeps)
        except UseError as error:
            return cell | {"outcome": Outcome.LOUD.value, "note": _stable(str(error))}
    defects = {name: value for name, value in asdict(trip.defects).items() if value}
    rest = {"defects": defects, "warnings": len(trip.warnings), "note": _stable(_note(trip))}
    cell["outcome"] = trip.outcome.value
    return cell | {name: value for name, value in rest.items() if value}


def promised(trip: RoundTrip, keeps: tuple[str, ...]) -> RoundTrip:
    """Return `trip` without the defects that are outside what the format promises to keep."""
    if not keeps:
        return trip
    kept = {name: getattr(trip.defects, name) for name in keeps}
    silent = any(kept.values()) and not any("weights" in text for text in trip.warnings)
    return replace(trip, defects=Defects(**kept, silent_defects=int(silent)))


def _note(trip: RoundTrip) -> str:
    if not trip.defects:
        return ""
    swallowed = dict.fromkeys(each.error for each in trip.swallowed)
    kept = (f"Keras swallowed {text}" for text in swallowed)
    parts = [trip.remark, *kept, trip.behaviour.problem]
    if trip.defects.compile_changed:
        parts.append(f"compile settings changed: {', '.join(trip.settings)}")
    return "; ".join(filter(None, parts))


def _stable(note: str) -> str:
    note = _UNSTABLE.sub("", note)
    return note if len(note) <= _WIDTH else note[: _WIDTH - 1] + "…"


@contextlib.contextmanager
def _clean() -> Iterator[None]:
    """Start from Keras' defaults and fixed seeds, in silence, and leave nothing behind."""
    clear = keras.backend.clear_session
    cheap = {"free_memory": False}  # collecting garbage takes longer than most cells
    clear(**(cheap if "free_memory" in inspect.signature(clear).parameters else {}))
    keras.utils.set_random_seed(0)
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            set_policy("float32")
