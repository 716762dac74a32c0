"""Load a `.keras` file that Keras loads wrong, so that everything it holds comes back."""

import contextlib
import inspect
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from remedies.feed import asked, called, feed, inputs_for, load_sample
from remedies.problem import BadInputError, reason
from remedies.state.archive import Archive, missing, read, require_known
from remedies.state.inventory import is_functional, layers
from remedies.state.methods import patched
from remedies.state.preserve import Snapshot, randomness


class LoadError(BadInputError):
    """Keras cannot make the model; the message is Keras' own, on one line."""


def load(path: Path, *, compile: bool = True) -> Any:  # noqa: A002
    """Load as the user does; `LoadError` where Keras cannot make the model."""
    import keras

    try:
        return keras.saving.load_model(path, compile=compile)
    except (OSError, BadInputError):
        raise
    except Exception as error:
        raise LoadError(f"{path}: Keras cannot make the model in it: {reason(error)}") from error


@dataclass(frozen=True)
class Revived:
    """A live model with all that could be brought back of a file."""

    model: Any
    archive: Archive  # what the file holds
    inputs: Any = None  # what the model was called on; None where it did not have to be
    dropped: tuple[str, ...] = ()  # arrays that Keras' own `load_model` leaves out or changes


def revive(
    path: str | Path,
    sample: Any,
    custom_objects: Mapping[str, Any],
    made: Sequence[Any] = (),
    trainable: Mapping[str, bool] = MappingProxyType({}),
    *,
    as_saved: bool = False,
) -> Revived:
    """Load the file at `path` whole, whatever Keras makes of it; arguments as `rescue` has them.

    `trainable` are layers by attribute or name, and whether they trained. With `as_saved` the model
    is called even where Keras loads it whole, so that it also records how it was built, as the
    model that was saved did.
    """
    import keras

    archive = read(path)
    with keras.saving.custom_object_scope(dict(custom_objects)):
        if not made:
            require_known(archive.config, archive.path, custom_objects)
        plain, dropped = None, tuple(archive.entries)
        # A loader that at least complains about lost weights leaves them in the file as well.
        with contextlib.suppress(BadInputError):
            plain = load(archive.path)
            dropped = missing(plain, archive.entries)
        if not (dropped or as_saved):
            return Revived(plain, archive)
        if made:
            return Revived(*_refilled(archive, made), dropped)
        # A trial that fails half way leaves layers built on wrong shapes: this one is thrown away.
        trial = load(archive.path, compile=False)
        inputs = _inputs(trial, archive, sample)
        if not dropped and is_functional(plain):
            return Revived(plain, archive, inputs)
        try:
            with _built_on(type(trial), inputs, trainable):
                return Revived(load(archive.path), archive, inputs, dropped)
        except LoadError as error:
            if sample is not None:
                raise
            raise BadInputError(
                f"{path}: its weights do not fit a model that is called on inputs guessed from the "
                "file, which may record the first argument's shape only; give a batch of real "
                "inputs: --sample FILE.npz"
            ) from error


def _refilled(archive: Archive, made: Sequence[Any]) -> tuple[Any, Archive, Any]:
    """Put a file into a model that the user's own code made and compiled."""
    model, x, y, weights = (*made, None, None, None)[:4]
    with randomness():
        fed = feed(model, x, y, weights, type(model).__name__, Snapshot(model))
        if not fed.trains:
            why = f"the model made for it does not train: {fed.problem}"
            raise BadInputError(f"{archive.path}: {why}")
        fed.fit(model)  # a step builds all that the file has values for, every optimizer too
        try:
            model.load_weights(archive.path)
        except Exception as error:
            why = f"does not fit the model made for it: {reason(error)}"
            raise BadInputError(f"{archive.path}: {why}") from error
    return model, archive, fed.x


def _inputs(trial: Any, archive: Archive, sample: Any) -> Any:
    """Return the sample, or other inputs that the file's model can be called on, by trying."""
    if sample is None:
        return inputs_for(trial, archive.config.get("build_config"))
    sample = load_sample(sample) if isinstance(sample, (str, Path)) else sample
    names, _ = asked(type(trial))
    if isinstance(sample, (tuple, list)) and 1 < len(sample) <= len(names):
        try:
            called(trial, sample)
        except Exception:  # then its parts are several arguments, of which some are optional
            return dict(zip(names, sample, strict=False))
    return sample


def _built_on(
    cls: type, inputs: Any, trainable: Mapping[str, bool]
) -> AbstractContextManager[None]:
    """Let the outermost model of class `cls` be called on `inputs` as soon as it is made.

    Then Keras finds it built: it makes the optimizer over all weights, and every value its place.
    """
    original = cls.from_config.__func__  # type: ignore[attr-defined]

    def from_config(klass: type, *args: Any, **kwargs: Any) -> Any:
        # A model of this class inside of it is not the outermost.
        with patched(cls, {"from_config": classmethod(original)}):
            model = original(klass, *args, **kwargs)
        _call(model, inputs)
        _set_trainable(model, trainable)
        return model

    return patched(cls, {"from_config": classmethod(from_config)})


def _call(model: Any, inputs: Any) -> None:
    try:
        called(model, inputs)
    except Exception as error:
        raise BadInputError(f"the model cannot be called on the sample: {reason(error)}") from error
    if "training" in inspect.signature(type(model).call).parameters:
        # Layers that only training uses have their weights in the file too.
        with contextlib.suppress(Exception):
            called(model, inputs, training=True)


def _set_trainable(model: Any, trainable: Mapping[str, bool]) -> None:
    current = layers(model)
    by_name = {layer.name: layer for layer in current.values()} | current
    for name, trains in trainable.items():
        if name not in by_name:
            raise BadInputError(f"no layer {name!r}; there are: {', '.join(current)}")
        by_name[name].trainable = trains
