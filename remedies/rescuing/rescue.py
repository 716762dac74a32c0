"""Get back what a `.keras` file holds when Keras loads it wrong."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from remedies.problem import BadInputError
from remedies.rescuing.revival import LoadError, Revived, load, revive
from remedies.state.archive import absent, missing, read
from remedies.state.inventory import records_inputs
from remedies.state.preserve import scratch

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


@dataclass(frozen=True)
class Rescue:
    """What `rescue` did.

    The next training steps of its `model` equal the saved one's, bit for bit, if `whole`.
    """

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

    The original is only read. The new file is of the same class: where that drops its state on
    loading, it drops the new file's too, until the class is mended (`check` says how). The live
    ``model`` is whole already.

    Parameters
    ----------
    path : str or pathlib.Path
        The `.keras` file.
    sample : structure of arrays, str or pathlib.Path, optional
        A batch that the model takes, or an ``.npz`` file of one. Left out, input dtypes are found
        under which the model can be called on the recorded shapes.
    out : str or pathlib.Path, optional
        The new file; ``NAME.rescued.keras`` beside the original by default. Never overwritten.
    custom_objects : mapping, optional
        Classes and functions that are not registered.
    made : tuple, optional
        ``(model, x, y)`` as your own code makes and compiles it, where the file cannot say that: a
        class with its own ``compile()``, several optimizers. The model is trained for a step, so
        that all is built, and then gets every value of the file.
    freeze, unfreeze : sequence of str
        Layers that were frozen, or that the class freezes and that trained, when the model was
        saved: the file does not say which.

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

    path = Path(path)
    target = Path(out) if out else path.with_name(f"{path.stem}.rescued.keras")
    _require_free(target)
    custom, trainable = custom_objects or {}, dict.fromkeys(freeze, False)
    revived = revive(path, sample, custom, made, trainable | dict.fromkeys(unfreeze, True))
    model, entries = revived.model, revived.archive.entries
    outside = tuple(item.path for item in absent(model, entries, ("weight", "plain")))
    if not revived.dropped:
        note = "" if records_inputs(model) else _NEXT_SAVE
        return Rescue(path, len(entries), model, absent=outside, notes=(note,) if note else ())
    # The new file gets its name only once it is verified, and leaves nothing when it fails.
    with (
        tempfile.TemporaryDirectory(prefix=".", dir=target.parent) as folder,
        keras.saving.custom_object_scope(dict(custom)),
    ):
        draft = Path(folder) / target.name
        model.save(draft)
        written = read(draft).entries
        lost = tuple(name for name, digest in entries.items() if written.get(name) != digest)
        whole = False
        with contextlib.suppress(LoadError):
            whole = not missing(load(draft), written)
        draft.replace(target)
    notes = () if made else _notes(revived, lost)
    return Rescue(path, len(entries), model, revived.dropped, lost, outside, target, whole, notes)


@scratch()
def saved_model(
    path: str | Path, sample: Any = None, custom_objects: Mapping[str, Any] | None = None
) -> tuple[Any, Any]:
    """Bring back the model in a file, and inputs for it: a check starts from what was saved.

    Raises `BadInputError` for a file that cannot be used, or from which not everything can be
    brought back.
    """
    revived = revive(path, sample, custom_objects or {}, as_saved=True)
    lost = missing(revived.model, revived.archive.entries) if revived.dropped else ()
    if lost:
        raise BadInputError(
            f"{path}: {len(lost)} of its arrays cannot be brought back, {lost[0]} first; "
            f"run: remedies rescue {path}"
        )
    return revived.model, revived.inputs


def _require_free(target: Path) -> None:
    if target.suffix != ".keras":
        raise BadInputError(f"{target}: the new file's name must end in .keras")
    if target.exists():
        raise BadInputError(f"{target}: exists already; move it away or name another with --out")
    if not target.parent.is_dir():
        raise BadInputError(f"{target.parent}: no such folder to write to")


def _notes(revived: Revived, lost: Sequence[str]) -> tuple[str, ...]:
    notes = []
    if any(name.startswith("optimizer/") for name in lost):
        notes.append(_FROZEN)
    if not revived.archive.config.get("compile_config"):
        notes.append("the file holds no compile settings: call model.compile(...) yourself")
    elif lost and "compile" in vars(type(revived.model)):
        notes.append(_OWN_COMPILE)
    return tuple(notes)
