"""What a scenario does: a small model is made, trained, saved and loaded, and compared."""

from __future__ import annotations

import contextlib
import inspect
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np

from remedies.registry import REMEDIES
from remedies.scenarios import bodies
from remedies.state.roundtrip import Defects, RoundTrip, round_trip

STEPS = 3
OVERRIDES = ("build_from_config", "build_from_config_pair")
WEIGHTS = ("weights_lost", "weights_changed", "outputs_changed")
# Tracing takes most of a cell's time, and what files keep does not depend on how steps run: the
# scenarios `run_eagerly` and `jit_...` show it. Rows that are many of a kind run so.
EAGERLY = {"run_eagerly": True}


# Not Exceptions: a round trip catches those, and reports them as the format's own failures.
class NotApplicableError(BaseException):
    """The remedy has nothing to show in this scenario; the message says why."""


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
    image: tuple[int, ...] = bodies.SHAPES["image"]  # shape of one example
    mask: tuple[int, ...] = bodies.SHAPES["mask"]
    fed: str = "bool"  # the dtype that the mask is fed as
    pack: Callable[[dict[str, Any]], Any] = dict  # makes the input structure of a dict of arrays
    # For `fit`, given a folder; without it the model is trained batch by batch.
    callbacks: Callable[[Path], list[Any]] | None = None
    policy: str = "float32"  # that the model is made under, as `set_policy` takes it
    prepare: Callable[[], object] = lambda: None  # called before a run starts TensorFlow
    scope: Callable[[], AbstractContextManager[Any]] = nullcontext  # that it is made in
    keeps: tuple[str, ...] = ()  # the defects that count, where the format promises no more
    excuses: Mapping[str, str] = field(default_factory=dict)  # why a remedy does not apply

    def check(self, remedy: str) -> RoundTrip:
        """Return the round trip of this scenario's model, written with `remedy`.

        Raises
        ------
        NotApplicableError, UseError
            Where there is no round trip to return.
        """
        if remedy in self.excuses:
            raise NotApplicableError(self.excuses[remedy])
        inputs, targets = self.data()
        set_policy(self.policy)
        with tempfile.TemporaryDirectory() as name:
            with failing("when made: "):
                model = self.compiled(remedy)
            with failing("in fit: "):
                self._fit(model, inputs, targets, Path(name))
            trained = Trained(model, lambda: self.compiled(remedy), inputs, targets, Path(name))

            def route(*_: Any) -> Any:
                with failing():
                    return self.route(trained)

            with failing("when used again: "):
                trip = round_trip(model, inputs, targets, route=route)
        return promised(trip, self.keeps)

    def data(self) -> tuple[Any, np.ndarray]:
        """Return one batch of 16, masks half set, packed as the model takes them."""
        rng = np.random.default_rng(0)
        image = rng.random((16, *self.image), np.float32)
        mask = (rng.random((16, *self.mask)) < 0.5).astype(self.fed)
        return self.pack({"image": image, "mask": mask}), rng.random((16, 2), np.float32)

    def compiled(self, remedy: str) -> Any:
        """Return a new model, compiled and never called."""
        shapes = {"image": self.image, "mask": self.mask}
        with self.scope():
            if self.make:
                model = self.make(remedy)
            else:
                model = bodies.make(remedy, self.body, self.operation, shapes, self.pack)
            settings = {"loss": "mse", "jit_compile": False, **self.compiling}
            model.compile(optimizer=self.optimizer(), **settings)
        return model

    def _fit(self, model: Any, inputs: Any, targets: Any, folder: Path) -> None:
        if self.callbacks is None:
            for _ in range(STEPS):
                model.train_on_batch(inputs, targets)
        else:
            model.predict_on_batch(inputs)
            callbacks = self.callbacks(folder)
            model.fit(inputs, targets, 16, epochs=STEPS, verbose=0, callbacks=callbacks)


@contextlib.contextmanager
def failing(stage: str = "") -> Iterator[None]:
    """Raise what fails in the block as a `UseError` that names the stage."""
    try:
        yield
    except Exception as error:
        raise UseError(f"{stage}{one_line(error)}") from error


def promised(trip: RoundTrip, keeps: tuple[str, ...]) -> RoundTrip:
    """Return `trip` without the defects that are outside what the format promises to keep."""
    if not keeps:
        return trip
    kept = {name: getattr(trip.defects, name) for name in keeps}
    silent = any(kept.values()) and not any("weights" in text for text in trip.warnings)
    return replace(trip, defects=Defects(**kept, silent_defects=int(silent)))


def one_line(error: BaseException) -> str:
    """Return an error's kind and message in one line, without colours."""
    text = re.sub(r"\x1b\[\d*m", "", str(error)).partition("Arguments received by")[0]
    return f"{type(error).__name__}: {' '.join(text.split())}"


def only(*remedies: str, because: str) -> dict[str, str]:
    """Return the excuses of all but these remedies."""
    return {name: because for name in REMEDIES if name not in remedies}


def needs(function: Any, parameter: str) -> None:
    """Raise `NotApplicableError` where the installed Keras lacks a parameter."""
    if parameter not in inspect.signature(function).parameters:
        raise NotApplicableError(f"this Keras has no `{parameter}` in `{function.__name__}`")


def set_policy(name: str) -> None:
    """Make `name` the default dtype policy; ``floatx_...`` sets the default float type too."""
    policy = name.removeprefix("floatx_")
    keras.config.set_floatx("float32" if policy == name else policy)
    keras.mixed_precision.set_dtype_policy(policy)  # also where Keras 3.0 has it
