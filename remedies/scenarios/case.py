"""One cell's experiment: how a small model is written, trained, saved and loaded."""

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

FUNCTIONAL = "functional_bool_input"
REMEDIES = (
    "control",
    "build_from_config",
    "build_from_config_pair",
    "tf_cast",
    FUNCTIONAL,
    "ops_where",
)
STEPS = 3
WEIGHTS = ("weights_lost", "weights_changed", "outputs_changed")
OUTPUTS = ("outputs_changed",)
# Tracing is what a cell takes its time for, and what files keep does not depend on how steps run:
# `run_eagerly` and `jit_...` show it. Rows that are many of a kind are run so.
EAGERLY = {"run_eagerly": True}


# Not an Exception: a round trip catches those, and reports them as the format's own failures.
class NotApplicableError(BaseException):
    """The remedy has nothing to show in this scenario; the message says why."""


class UseError(Exception):
    """The model could not be made or trained, or not used again; the message says which and why."""


@dataclass(frozen=True)
class Trained:
    """A trained model on its way through a format.

    Attributes
    ----------
    model : keras.Model
        Compiled and trained.
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


def keras_file(trained: Trained) -> Any:
    """Take a model through a ``.keras`` file."""
    import keras

    trained.model.save(trained.folder / "model.keras")
    return keras.saving.load_model(trained.folder / "model.keras")


def plain(remedy: str, shapes: Mapping[str, tuple[int, ...]]) -> Any:
    """Return the family's plain model: a dict of image and mask to two numbers."""
    from remedies.scenarios import family

    return family.functional(shapes) if remedy == FUNCTIONAL else family.written(remedy)()


def adam() -> Any:
    """Return Adam under a fixed name: Keras numbers the names of a process's optimizers."""
    import keras

    return keras.optimizers.Adam(name="adam")


@dataclass(frozen=True)
class Case:
    """What a scenario does; called with a remedy's name it does it and returns the findings.

    Attributes
    ----------
    route : callable
        Saves and loads as a user of that format would.
    make : callable
        ``make(remedy, shapes)`` returns the uncompiled model.
    optimizer : callable
        Returns a new optimizer.
    loss : callable
        Returns the loss.
    jit : bool or str
        The model's ``jit_compile``.
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
        Dtype policy that the model is made under.
    scope : callable
        Returns the context that the model is made in, such as a distribution strategy's.
    keeps : tuple of str
        The defects that count, where the format does not promise the rest.
    excuses : mapping
        Why a remedy does not apply, by its name.
    """

    route: Callable[[Trained], Any] = keras_file
    make: Callable[[str, Mapping[str, tuple[int, ...]]], Any] = plain
    optimizer: Callable[[], Any] = adam
    loss: Callable[[], Any] = lambda: "mse"
    jit: bool | str = False
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
        inputs, targets = self.data()
        with tempfile.TemporaryDirectory() as folder:
            model = self.train(remedy, inputs, targets, Path(folder))
            trained = Trained(model, lambda: self.compiled(remedy), inputs, targets, Path(folder))
            found = self._round_trip(trained)
        return promised(found, self.keeps)

    def _round_trip(self, trained: Trained) -> RoundTrip:
        loaded: list[Any] = []
        failed: list[str] = []

        def route(model: Any, folder: Path) -> Any:
            try:
                loaded.append(self.route(trained))
            except Exception as error:
                failed.append(line(error))
                raise
            return loaded[0]

        try:
            found = round_trip(trained.model, trained.inputs, trained.targets, route=route)
        except Exception as error:
            if not loaded:  # then it is this suite that failed, and no finding
                raise
            raise UseError(f"when used again: {line(error)}") from error
        return replace(found, load_error="".join(failed))

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
            given = {"loss": self.loss(), "jit_compile": self.jit} | dict(self.compiling)
            model.compile(optimizer=self.optimizer(), **given)
        return model

    def train(self, remedy: str, inputs: Any, targets: Any, folder: Path) -> Any:
        """Return the model after `STEPS` training steps."""
        set_policy(self.policy)
        try:
            model = self.compiled(remedy)
        except Exception as error:
            raise UseError(f"when made: {line(error)}") from error
        try:
            self._fit(model, inputs, targets, folder)
        except Exception as error:
            raise UseError(f"in fit: {line(error)}") from error
        return model

    def _fit(self, model: Any, inputs: Any, targets: Any, folder: Path) -> None:
        if self.callbacks is None:
            for _ in range(STEPS):
                model.train_on_batch(inputs, targets)
        else:
            model.predict_on_batch(inputs)
            given = self.callbacks(folder)
            model.fit(inputs, targets, 16, epochs=STEPS, verbose=0, callbacks=given)


def set_policy(name: str) -> None:
    """Make `name` the default dtype policy; `floatx_...` sets the default float type instead."""
    import keras

    # The second of each for Keras' own commits before 3.4, as in `cell._clean`.
    config = getattr(keras, "config", None) or keras.backend.config
    policies = getattr(keras, "mixed_precision", None) or keras.dtype_policies.dtype_policy
    config.set_floatx(name.removeprefix("floatx_") if "floatx_" in name else "float32")
    if "floatx_" in name:
        return
    getattr(config, "set_dtype_policy", policies.set_dtype_policy)(name)


def promised(found: RoundTrip, keeps: tuple[str, ...]) -> RoundTrip:
    """Return `found` without the defects that are outside what the format promises to keep."""
    if not keeps:
        return found
    kept = {name: getattr(found.defects, name) for name in keeps}
    unsaid = any(kept.values()) and not any("weights" in text for text in found.warnings)
    return replace(found, defects=Defects(**kept, silent_defects=int(unsaid)))


def line(error: BaseException) -> str:
    """Return an error's kind and what it says, in one line and without colours."""
    said = re.sub(r"\x1b\[\d*m", "", str(error)).partition("Arguments received by")[0]
    return f"{type(error).__name__}: {' '.join(said.split())}"
