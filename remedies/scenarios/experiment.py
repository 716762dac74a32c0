"""What a scenario does: a small model is made, trained, saved and loaded, and compared."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from remedies.roundtrip import Defects, RoundTrip, round_trip
from remedies.scenarios.bodies import Make, plain
from remedies.scenarios.making import Route, Trained, adam, keras_file, set_policy

STEPS = 3


# Not an Exception: a round trip catches those, and reports them as the format's own failures.
class NotApplicableError(BaseException):
    """The remedy has nothing to show in this scenario; the message says why."""


class UseError(Exception):
    """The model could not be made or trained, or not used again; the message says which and why."""


@dataclass(frozen=True)
class Scenario:
    """One situation that every remedy is put into."""

    group: str  # the heading it stands under
    name: str  # in results and commands
    description: str  # what is done, in one line
    # `check(remedy)` does it and returns the round trip, or raises NotApplicableError or UseError.
    check: Callable[[str], RoundTrip]
    prepare: Callable[[], object] = lambda: None  # called before a run starts TensorFlow


@dataclass(frozen=True)
class Experiment:
    """What a scenario does; called with a remedy's name it does it and returns the round trip."""

    route: Route = keras_file  # saves and loads as a user of that format would
    make: Make = plain  # `make(remedy, shapes)` returns the uncompiled model
    optimizer: Callable[[], Any] = adam
    loss: Callable[[], Any] = lambda: "mse"
    compiling: Mapping[str, Any] = field(default_factory=dict)  # what else `compile` is given
    image: tuple[int, ...] = (8, 8, 3)  # shape of one example
    mask: tuple[int, ...] = (8, 8, 3)
    fed: str = "bool"  # the dtype that the mask is fed as
    pack: Callable[[dict[str, Any]], Any] = dict  # makes the input structure of a dict of arrays
    # For `fit`, given a folder; without it the model is trained batch by batch.
    callbacks: Callable[[Path], list[Any]] | None = None
    policy: str = "float32"  # that the model is made under, as `set_policy` takes it
    scope: Callable[[], AbstractContextManager[Any]] = nullcontext  # that it is made in
    keeps: tuple[str, ...] = ()  # the defects that count, where the format promises no more
    excuses: Mapping[str, str] = field(default_factory=dict)  # why a remedy does not apply

    def __call__(self, remedy: str) -> RoundTrip:
        if remedy in self.excuses:
            raise NotApplicableError(self.excuses[remedy])
        batch = self.data()
        with tempfile.TemporaryDirectory() as name:
            model = self._trained(remedy, *batch, Path(name))
            trained = Trained(model, lambda: self.compiled(remedy), *batch, Path(name))
            return promised(self._round_trip(trained), self.keeps)

    def _round_trip(self, trained: Trained) -> RoundTrip:
        loaded: list[Any] = []
        failures: list[str] = []

        def route(model: Any, folder: Path) -> Any:
            try:
                loaded.append(self.route(trained))
            except Exception as error:
                failures.append(one_line(error))
                raise
            return loaded[0]

        try:
            trip = round_trip(trained.model, trained.inputs, trained.targets, route=route)
        except Exception as error:
            if not loaded:  # then it is this suite that failed, not the remedy
                raise
            raise UseError(f"when used again: {one_line(error)}") from error
        return replace(trip, load_error="".join(failures))

    def data(self) -> tuple[Any, np.ndarray]:
        """Return one batch of 16, masks half set, packed as the model takes them."""
        rng = np.random.default_rng(0)
        image = rng.random((16, *self.image), np.float32)
        mask = (rng.random((16, *self.mask)) < 0.5).astype(self.fed)
        return self.pack({"image": image, "mask": mask}), rng.random((16, 2), np.float32)

    def compiled(self, remedy: str) -> Any:
        """Return a new model, compiled and never called."""
        with self.scope():
            model = self.make(remedy, {"image": self.image, "mask": self.mask})
            settings = {"loss": self.loss(), "jit_compile": False} | dict(self.compiling)
            model.compile(optimizer=self.optimizer(), **settings)
        return model

    def _trained(self, remedy: str, inputs: Any, targets: Any, folder: Path) -> Any:
        set_policy(self.policy)
        stage = "when made"
        try:
            model = self.compiled(remedy)
            stage = "in fit"
            self._fit(model, inputs, targets, folder)
        except Exception as error:
            raise UseError(f"{stage}: {one_line(error)}") from error
        return model

    def _fit(self, model: Any, inputs: Any, targets: Any, folder: Path) -> None:
        if self.callbacks is None:
            for _ in range(STEPS):
                model.train_on_batch(inputs, targets)
        else:
            model.predict_on_batch(inputs)
            callbacks = self.callbacks(folder)
            model.fit(inputs, targets, 16, epochs=STEPS, verbose=0, callbacks=callbacks)


def scenario(
    group: str, name: str, description: str, route: Route = keras_file, **settings: Any
) -> Scenario:
    """Return the scenario that does the `Experiment` of this route and these settings."""
    return Scenario(group, name, description, Experiment(route, **settings))


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
