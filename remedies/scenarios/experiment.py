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

from remedies import registry
from remedies.roundtrip import Defects, RoundTrip, round_trip

REMEDIES = tuple(registry.REMEDIES)
FUNCTIONAL = "functional_bool_input"
OVERRIDES = ("build_from_config", "build_from_config_pair")
STEPS = 3
WEIGHTS = ("weights_lost", "weights_changed", "outputs_changed")
# Tracing takes most of a cell's time, and what files keep does not depend on how steps run: the
# scenarios `run_eagerly` and `jit_...` show it. Rows that are many of a kind run so.
EAGERLY = {"run_eagerly": True}

Shapes = Mapping[str, tuple[int, ...]]
Make = Callable[[str, Shapes], Any]


# Not an Exception: a round trip catches those, and reports them as the format's own failures.
class NotApplicableError(BaseException):
    """The remedy has nothing to show in this scenario; the message says why."""


class UseError(Exception):
    """The model could not be made or trained, or not used again; the message says which and why."""


@dataclass(frozen=True)
class Scenario:
    """One situation that every remedy is put into.

    Attributes
    ----------
    group, name : str
        The heading it stands under, and its name in results and commands.
    description : str
        What is done, in one line.
    check : callable
        ``check(remedy)`` does it and returns the round trip. It raises `NotApplicableError` where
        the remedy has nothing to show.
    core : bool
        Whether it is one of the few that are run over many versions of Keras.
    prepare : callable, optional
        Called at the start of a run, before anything starts TensorFlow.
    """

    group: str
    name: str
    description: str
    check: Callable[[str], RoundTrip]
    core: bool = False
    prepare: Callable[[], object] = lambda: None


@dataclass(frozen=True)
class Trained:
    """A compiled and trained model on its way through a format.

    Attributes
    ----------
    model : keras.Model
        The model.
    fresh : callable
        Returns the same model made again: compiled, never called, with other weights.
    inputs, targets : structure of arrays
        The batch it was trained on.
    folder : Path
        Where to save.
    """

    model: Any
    fresh: Callable[[], Any]
    inputs: Any
    targets: Any
    folder: Path


Route = Callable[[Trained], Any]


def keras_files(count: int, **settings: Any) -> Route:
    """Return the route through `count` ``.keras`` files; `settings` go to `load_model`."""

    def route(trained: Trained) -> Any:
        import keras

        path = trained.folder / "model.keras"
        model = trained.model
        for _ in range(count):
            model.save(path)
            model = keras.saving.load_model(path, **settings)
        return model

    return route


keras_file = keras_files(1)


def plain(remedy: str, shapes: Shapes) -> Any:
    """Return the plain model: a dict of image and mask to two numbers."""
    return body("Body")(remedy, shapes)


def body(name: str, pack: Any = dict, widths: tuple[int, ...] = (2,)) -> Make:
    """Return the maker of the body of this name; `pack` and `widths` are the functional form's."""

    def make(remedy: str, shapes: Shapes) -> Any:
        from remedies.scenarios import bodies, masking, overrides

        if remedy == FUNCTIONAL:
            return masking.functional(shapes, pack, widths)
        return masking.written(remedy, getattr(bodies, name, None) or getattr(overrides, name))()

    return make


def adam() -> Any:
    """Return Adam under a fixed name: Keras numbers the names of a process's optimizers."""
    import keras

    return keras.optimizers.Adam(name="adam")


def sgd() -> Any:
    """Return plain SGD, which has no variables of its own per weight."""
    import keras

    return keras.optimizers.SGD(0.01)


def only(*remedies: str, because: str) -> dict[str, str]:
    """Return the excuses of all but these remedies."""
    return {name: because for name in REMEDIES if name not in remedies}


@dataclass(frozen=True)
class Experiment:
    """What a scenario does; called with a remedy's name it does it and returns the round trip.

    Attributes
    ----------
    route : callable
        Saves and loads as a user of that format would.
    make : callable
        ``make(remedy, shapes)`` returns the uncompiled model.
    optimizer, loss : callable
        Return a new one.
    compiling : mapping
        Whatever else `compile` is given.
    image, mask : tuple of int
        Shape of one example.
    fed : str
        The dtype that the mask is fed as.
    pack : callable
        Makes the input structure of a dict of arrays.
    callbacks : callable, optional
        ``callbacks(folder)`` for `fit`; without it the model is trained batch by batch.
    policy : str
        Dtype policy that the model is made under, as `set_policy` takes it.
    scope : callable
        Returns the context that the model is made in, such as a distribution strategy's.
    keeps : tuple of str
        The defects that count, where the format does not promise the rest.
    excuses : mapping
        Why a remedy does not apply, by its name.
    """

    route: Route = keras_file
    make: Make = plain
    optimizer: Callable[[], Any] = adam
    loss: Callable[[], Any] = lambda: "mse"
    compiling: Mapping[str, Any] = field(default_factory=dict)
    image: tuple[int, ...] = (8, 8, 3)
    mask: tuple[int, ...] = (8, 8, 3)
    fed: str = "bool"
    pack: Callable[[dict[str, Any]], Any] = dict
    callbacks: Callable[[Path], list[Any]] | None = None
    policy: str = "float32"
    scope: Callable[[], AbstractContextManager[Any]] = nullcontext
    keeps: tuple[str, ...] = ()
    excuses: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, remedy: str) -> RoundTrip:
        if remedy in self.excuses:
            raise NotApplicableError(self.excuses[remedy])
        batch = self.data()
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            model = self._trained(remedy, *batch, folder)
            trained = Trained(model, lambda: self.compiled(remedy), *batch, folder)
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
        try:
            model = self.compiled(remedy)
        except Exception as error:
            raise UseError(f"when made: {one_line(error)}") from error
        try:
            self._fit(model, inputs, targets, folder)
        except Exception as error:
            raise UseError(f"in fit: {one_line(error)}") from error
        return model

    def _fit(self, model: Any, inputs: Any, targets: Any, folder: Path) -> None:
        if self.callbacks is None:
            for _ in range(STEPS):
                model.train_on_batch(inputs, targets)
        else:
            model.predict_on_batch(inputs)
            callbacks = self.callbacks(folder)
            model.fit(inputs, targets, 16, epochs=STEPS, verbose=0, callbacks=callbacks)


def set_policy(name: str) -> None:
    """Make `name` the default dtype policy; ``floatx_...`` sets the default float type instead."""
    import keras

    floatx = name.removeprefix("floatx_") if name.startswith("floatx_") else "float32"
    keras.config.set_floatx(floatx)
    if floatx != "float32":
        return
    # Keras 3.0 has the setter elsewhere.
    setter = getattr(keras.config, "set_dtype_policy", None)
    (setter or keras.mixed_precision.set_dtype_policy)(name)


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
