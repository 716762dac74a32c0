"""Get back what a `.keras` file holds when Keras loads it wrong."""

import contextlib
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from remedies.arguments import called
from remedies.feed import feed, inputs_for, load_sample
from remedies.libraries import parameters
from remedies.problem import BadInputError, refusing
from remedies.state.archive import Archive, absent, missing, read, require_known
from remedies.state.inventory import layers, records_inputs
from remedies.state.methods import patched
from remedies.state.preserve import Snapshot, randomness, scratch

_NEXT_SAVE = (
    "this file loads whole, but a save of the loaded model would not: its class keeps no record of "
    "the inputs (get_build_config() is None); see remedies check"
)
_FROZEN = (
    "the optimizer's variables do not fit the weights that train: a layer may have been frozen "
    "when this was saved, or not, which the file does not tell; name it with --freeze or --unfreeze"
)
_OWN_COMPILE = (
    "the class has its own compile(), which Keras does not call on load: name what makes the "
    "model, compiled, and a batch to train it on: --factory train.py:make"
)
_UNMADE = "Keras cannot make the model in it"
_GUESSED = (
    "its weights do not fit a model that is called on inputs guessed from the file, which may "
    "record the first argument's shape only; give a batch of real inputs: --sample FILE.npz"
)


@dataclass(frozen=True)
class Rescue:
    """What `rescue` did; if `whole`, its `model` trains on as the saved one, bit for bit."""

    path: Path  # the original, untouched
    held: int  # how many arrays it holds
    model: Any  # live, with all that could be brought back
    dropped: tuple[str, ...] = ()  # arrays that Keras' own `load_model` leaves out or changes
    missing: tuple[str, ...] = ()  # arrays that `model` lacks too, or holds with other values
    absent: tuple[str, ...] = ()  # weights of `model`, by attribute, that the file does not hold
    out: Path | None = None  # the new file; None where there was nothing to rescue
    loads_whole: bool = True  # whether `load_model` of it, with today's class, brings all back
    notes: tuple[str, ...] = ()  # what else to know

    @property
    def whole(self) -> bool:
        """Whether all that the file holds is in `model`, bit for bit, and that is all of it."""
        return not (self.missing or self.absent)

    def to_dict(self) -> dict[str, Any]:
        """Return the findings as plain values for JSON."""
        return vars(self) | {"model": type(self.model).__name__, "whole": self.whole}


@scratch()
def rescue(
    path: str | Path,
    sample: Any = None,
    *,
    out: str | Path | None = None,
    custom_objects: Mapping[str, Any] | None = None,
    made: Sequence[Any] = (),
    freeze: Sequence[str] = (),
    unfreeze: Sequence[str] = (),
) -> Rescue:
    """Bring back weights and optimizer from a `.keras` file that `load_model` loads wrong.

    The new file is of the same class: where that drops its state on loading, it drops the new
    file's too, until the class is mended (`check` says how). The live ``model`` is whole already.

    Parameters
    ----------
    path : str or pathlib.Path
        The `.keras` file; it is only read.
    sample : structure of arrays, str or pathlib.Path, optional
        A batch that the model takes, or an ``.npz`` file of one; made up by default.
    out : str or pathlib.Path, optional
        The new file; ``NAME.rescued.keras`` beside the original by default. Never overwritten.
    custom_objects : mapping, optional
        Classes and functions that are not registered.
    made : tuple, optional
        ``(model, x, y)`` as your own code makes and compiles it, where the file cannot say that: a
        class with its own ``compile()``, several optimizers. It is trained for a step first.
    freeze, unfreeze : sequence of str
        Layers that were frozen, or that the class freezes and that trained, when it was saved.

    Raises
    ------
    BadInputError
        For a file, sample or place that cannot be used; then nothing was written.

    Examples
    --------
    >>> rescued = remedies.rescue("model.keras", {"image": image, "mask": mask})  # doctest: +SKIP
    >>> rescued.model.fit(x, y)  # goes on where the saved model stopped  # doctest: +SKIP
    """
    import keras

    path, custom = Path(path), dict(custom_objects or {})
    target = Path(out) if out else path.with_name(f"{path.stem}.rescued.keras")
    _require_free(target)
    trainable = dict.fromkeys(freeze, False) | dict.fromkeys(unfreeze, True)
    archive = read(path)
    entries = archive.entries
    with keras.saving.custom_object_scope(custom):
        if not made:
            require_known(archive.config, path, custom)
        model, dropped = _loaded(archive)
        if dropped and made:
            model = _refilled(archive, made)
        elif dropped:
            model, _ = _rebuilt(archive, sample, trainable)
        outside = tuple(item.path for item in absent(model, entries, ("weight", "plain")))
        if not dropped:
            notes = [] if records_inputs(model) else [_NEXT_SAVE]
            return Rescue(path, len(entries), model, absent=outside, notes=tuple(notes))
        # The new file gets its name only once it is verified, and leaves nothing when it fails.
        with tempfile.TemporaryDirectory(prefix=".", dir=target.parent) as folder:
            draft = Path(folder, target.name)
            model.save(draft)
            written = read(draft)
            lost = tuple(n for n, digest in entries.items() if written.entries.get(n) != digest)
            whole = not _loaded(written)[1]
            draft.replace(target)
    notes = [] if made else _notes(archive, model, lost)
    return Rescue(path, len(entries), model, dropped, lost, outside, target, whole, tuple(notes))


@scratch()
def saved_model(
    path: str | Path, sample: Any = None, custom_objects: Mapping[str, Any] | None = None
) -> tuple[Any, Any]:
    """Bring back all of the model in a file, and inputs for it: a check starts from those."""
    import keras

    archive, custom = read(path), dict(custom_objects or {})
    with keras.saving.custom_object_scope(custom):
        require_known(archive.config, archive.path, custom)
        # Once it is called it also records how it was built, as the model that was saved did.
        model, inputs = _rebuilt(archive, sample, {})
        if lost := missing(model, archive.entries):
            raise BadInputError(
                f"{path}: {len(lost)} of its arrays cannot be brought back, {lost[0]} first; "
                f"run: remedies rescue {path}"
            )
    return model, inputs


def _require_free(target: Path) -> None:
    if target.suffix != ".keras":
        raise BadInputError(f"{target}: the new file's name must end in .keras")
    if target.exists():
        raise BadInputError(f"{target}: exists already; move it away or name another with --out")
    if not target.parent.is_dir():
        raise BadInputError(f"{target.parent}: no such folder to write to")


def _load(archive: Archive, problem: str = _UNMADE, **options: bool) -> Any:
    import keras

    with refusing(f"{archive.path}: {problem}"):
        return keras.saving.load_model(archive.path, **options)


def _loaded(archive: Archive) -> tuple[Any, tuple[str, ...]]:
    """Return what Keras itself makes of a file, and the arrays that it leaves out or changes."""
    # A loader that at least complains about lost weights leaves them in the file as well.
    try:
        model = _load(archive)
        return model, missing(model, archive.entries)
    except BadInputError:
        return None, tuple(archive.entries)


def _refilled(archive: Archive, made: Sequence[Any]) -> Any:
    """Put a file into a model that the user's own code made and compiled."""
    model, x, y, weights = (*made, None, None, None)[:4]
    with randomness():
        fed = feed(model, x, y, weights, type(model).__name__, Snapshot(model))
        with refusing(f"{archive.path}: does not fit the model made for it"):
            fed.fit(model)  # a step builds all that the file has values for, every optimizer too
            model.load_weights(archive.path)
    return model


def _inputs(trial: Any, archive: Archive, sample: Any) -> Any:
    """Return the sample, or other inputs that the file's model can be called on, by trying."""
    if sample is None:
        return inputs_for(trial, archive.config.get("build_config"))
    sample = load_sample(sample) if isinstance(sample, (str, Path)) else sample
    with refusing(f"{archive.path}: the model cannot be called on the sample"):
        called(trial, sample)
    return sample


def _rebuilt(archive: Archive, sample: Any, trainable: Mapping[str, bool]) -> tuple[Any, Any]:
    """Load a file into a model that is called as soon as it is made; return it and its inputs.

    Then Keras finds it built: it makes the optimizer over all weights, and every value its place.
    `trainable` says of layers, by attribute or name, whether they trained.
    """
    # A trial that fails half way leaves layers built on wrong shapes: this model is thrown away.
    trial = _load(archive, compile=False)
    inputs, cls = _inputs(trial, archive, sample), type(trial)
    original = cls.from_config.__func__

    def from_config(klass: type, *args: Any, **kwargs: Any) -> Any:
        # A model of this class inside of it is not the outermost.
        with patched(cls, {"from_config": classmethod(original)}):
            model = original(klass, *args, **kwargs)
        called(model, inputs)
        if "training" in parameters(cls.call):
            # Layers that only training uses have their weights in the file too.
            with contextlib.suppress(Exception):
                called(model, inputs, training=True)
        _set_trainable(model, trainable)
        return model

    with patched(cls, {"from_config": classmethod(from_config)}):
        return _load(archive, _GUESSED if sample is None else _UNMADE), inputs


def _set_trainable(model: Any, trainable: Mapping[str, bool]) -> None:
    current = layers(model)
    by_name = {layer.name: layer for layer in current.values()} | current
    for name, trains in trainable.items():
        if name not in by_name:
            raise BadInputError(f"no layer {name!r}; there are: {', '.join(current)}")
        by_name[name].trainable = trains


def _notes(archive: Archive, model: Any, lost: Sequence[str]) -> list[str]:
    notes = []
    if any(name.startswith("optimizer/") for name in lost):
        notes.append(_FROZEN)
    if not archive.config.get("compile_config"):
        notes.append("the file holds no compile settings: call model.compile(...) yourself")
    elif lost and "compile" in vars(type(model)):
        notes.append(_OWN_COMPILE)
    return notes
