"""Load a `.keras` file that Keras loads wrong, so that everything it holds comes back."""

from __future__ import annotations

import contextlib
import inspect
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from remedies.archive import DEFAULT_LIMITS, Archive, Entry, Limits, digest_of, read
from remedies.arguments import spread, spreading, tensors
from remedies.inventory import is_functional, layers, take
from remedies.patching import patched
from remedies.problem import BadInputError, reason
from remedies.stand_ins import discover, for_arguments, inputs_for, load_sample, shapes_of
from remedies.trust import require_known

_GUESS = (
    "{}: its weights do not fit a model that is called on inputs guessed from the file, which may "
    "record the first argument's shape only; give a batch of real inputs: --sample FILE.npz"
)


class LoadError(BadInputError):
    """Keras cannot make the model; the message is Keras' own, on one line."""


@dataclass(frozen=True)
class Settings:
    """How files are loaded.

    Attributes
    ----------
    custom_objects : mapping
        The user's classes and functions by registered name.
    freeze : sequence of str
        Layers, by attribute or name, to set ``trainable=False`` before the optimizer is built.
    unfreeze : sequence of str
        Layers to set ``trainable=True``.
    limits : Limits
        How much a file may unpack to.
    run_code_in_file : bool
        Let Keras run code that the file brings along (``safe_mode=False``).
    """

    custom_objects: Mapping[str, Any]
    freeze: Sequence[str] = ()
    unfreeze: Sequence[str] = ()
    limits: Limits = DEFAULT_LIMITS
    run_code_in_file: bool = False


@dataclass(frozen=True)
class Revived:
    """A live model, and how the file compares with it.

    Attributes
    ----------
    model : keras.Model
        The model, with all that could be brought back.
    inputs : structure of arrays or None
        What it was called on; None where it did not have to be.
    archive : Archive
        What the file holds.
    dropped : tuple of str
        Arrays that Keras' own `load_model` leaves out or changes.
    missing : tuple of str
        Arrays that `model` lacks or holds with other values: not recovered.
    """

    model: Any
    inputs: Any
    archive: Archive
    dropped: tuple[str, ...]
    missing: tuple[str, ...]


def revive(path: str | Path, sample: Any, settings: Settings, *, as_saved: bool = False) -> Revived:
    """Load the file at `path` whole, whatever Keras makes of it; the file is only read.

    Parameters
    ----------
    path : str or pathlib.Path
        The `.keras` file.
    sample : structure of arrays, str, pathlib.Path or None
        A batch that the model can be called on, or an ``.npz`` file of one; None to find one.
    settings : Settings
        Custom objects and limits.
    as_saved : bool
        Rebuild the model by a call even where Keras loads it whole, so that it also records how it
        was built, as the model that was saved did.

    Raises
    ------
    BadInputError
        For a file that cannot be used, classes that are not registered or an unusable sample.
    """
    import keras

    archive = read(path, settings.limits)
    current, run = settings.custom_objects, settings.run_code_in_file
    require_known(archive.config, archive.path, current, run_code_in_file=run)
    with keras.saving.custom_object_scope(dict(settings.custom_objects)), silent():
        plain = _plain(archive, settings)
        dropped = differences(plain, archive) if plain is not None else tuple(archive.entries)
        functional = plain is not None and is_functional(plain)
        if not dropped and (functional or not as_saved):
            return Revived(plain, None, archive, (), ())
        inputs = inputs_of(archive, sample, settings)
        try:
            model = _whole(archive, inputs, settings)
        except LoadError as error:
            raise (error if sample is not None else BadInputError(_GUESS.format(path))) from error
        return Revived(model, inputs, archive, dropped, differences(model, archive))


@contextmanager
def silent() -> Iterator[None]:
    """Keep Keras' warnings back: what they hint at is measured and said."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def load(path: Path, settings: Settings, *, compile: bool = True) -> Any:  # noqa: A002
    """Load as the user does; `safe_mode` stays on unless `settings` says otherwise.

    Raises
    ------
    LoadError
        Where Keras cannot make the model.
    """
    import keras

    try:
        return keras.saving.load_model(
            path, compile=compile, safe_mode=not settings.run_code_in_file
        )
    except (OSError, BadInputError):
        raise
    except Exception as error:
        raise LoadError(f"{path}: Keras cannot make the model in it: {reason(error)}") from error


def _plain(archive: Archive, settings: Settings) -> Any:
    try:
        return load(archive.path, settings)
    except BadInputError:
        # A loader that at least complains about lost weights leaves them in the file as well.
        return None


def differences(model: Any, archive: Archive) -> tuple[str, ...]:
    """Return the names of the file's arrays that `model` would not save bit for bit."""
    held = contents(model)
    return tuple(name for name, entry in archive.entries.items() if held.get(name) != entry)


def absent(model: Any, archive: Archive) -> tuple[str, ...]:
    """Return the weights of `model`, by attribute, whose values no array of the file holds."""
    held = {entry.digest for entry in archive.entries.values()}
    return tuple(
        path
        for path, item in take(model).items()
        if item.kind in ("weight", "plain") and digest_of(item.value) not in held
    )


def contents(model: Any) -> Mapping[str, Entry]:
    """Return every array of `model` as a `.keras` file of its own would hold it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model.save(path)
        return read(path, Limits(total=1 << 62, ratio=1 << 40)).entries


def inputs_of(archive: Archive, sample: Any, settings: Settings) -> Any:
    """Return inputs that the file's model can be called on: the sample, or found by trying.

    Raises
    ------
    BadInputError
        Where the sample does not fit, or nothing fits.
    """
    shapes = shapes_of(archive.config.get("build_config"))
    if isinstance(sample, (str, Path)):
        return load_sample(sample, shapes)
    if sample is not None:
        return sample
    # A trial that fails half way leaves layers built on wrong shapes: this model is thrown away.
    trial = load(archive.path, settings, compile=False)
    with spreading(type(trial)):
        if is_functional(trial):
            return next(inputs_for(trial))
        if shapes is None:
            raise BadInputError(
                f"{archive.path}: records no input shapes (a file saved after a bad load?); "
                "give a batch of real inputs: --sample FILE.npz"
            )
        return discover(trial, for_arguments(type(trial), shapes))


def _whole(archive: Archive, inputs: Any, settings: Settings) -> Any:
    cls = type(load(archive.path, settings, compile=False))
    with built_on(cls, inputs, settings):
        return load(archive.path, settings)


def built_on(cls: type, inputs: Any, settings: Settings) -> AbstractContextManager[None]:
    """Let the outermost model of class `cls` be called on `inputs` as soon as it is made.

    Then Keras finds it built: it makes the optimizer over all weights, once, and every saved value
    finds its place. Calling it after `load_model` would need a second optimizer build, which breaks
    a model that had loaded right.
    """
    original = cls.from_config.__func__  # type: ignore[attr-defined]
    depth = 0

    def from_config(klass: type, *args: Any, **kwargs: Any) -> Any:
        nonlocal depth
        depth += 1
        try:
            model = original(klass, *args, **kwargs)
        finally:
            depth -= 1
        if not depth:
            _call(model, inputs)
            _set_trainable(model, settings)
        return model

    return patched(cls, {"from_config": classmethod(from_config)})


def _call(model: Any, inputs: Any) -> None:
    args, kwargs = spread(type(model), tensors(inputs))
    try:
        model(*args, **kwargs)
    except Exception as error:
        raise BadInputError(f"the model cannot be called on the sample: {reason(error)}") from error
    if "training" in inspect.signature(type(model).call).parameters:
        # Layers that only training uses have their weights in the file too.
        with contextlib.suppress(Exception):
            model(*args, **{**kwargs, "training": True})


def _set_trainable(model: Any, settings: Settings) -> None:
    current = layers(model)
    by_name = {layer.name: layer for layer in current.values()} | current
    for names, value in ((settings.freeze, False), (settings.unfreeze, True)):
        for name in names:
            if name not in by_name:
                raise BadInputError(f"no layer {name!r}; there are: {', '.join(current)}")
            by_name[name].trainable = value
