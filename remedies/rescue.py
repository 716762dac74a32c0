"""Get back what a `.keras` file holds when Keras loads it wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from remedies.archive import DEFAULT_LIMITS, Limits, read, sha256
from remedies.arguments import spread
from remedies.check import check
from remedies.draft import require_free, written
from remedies.evidence import code_for, remembering
from remedies.findings import Report
from remedies.loaded import is_functional
from remedies.problem import BadInputError
from remedies.rebuild import leaf_dtypes
from remedies.revival import Revived, Settings, differences, load, revive, silent
from remedies.scratch import scratch

RECIPE = """\
model = keras.saving.load_model("{path}", compile=False)
model({call})  # one batch with the true dtypes makes the weights
model.compile(...)  # as in training
model.optimizer.build(model.trainable_variables)
model.load_weights("{path}")"""


@dataclass(frozen=True)
class Rescue:
    """What `rescue` did.

    Attributes
    ----------
    model : keras.Model
        The live model. Its next training steps equal the saved one's, bit for bit, if `whole`.
    path : pathlib.Path
        The original, untouched.
    out : pathlib.Path or None
        The new file; None where there was nothing to rescue.
    held : int
        Arrays that the original holds.
    dropped : tuple of str
        Those that Keras' own `load_model` drops or changes.
    missing : tuple of str
        Those that could not be recovered either.
    loads_whole : bool
        Whether a plain `load_model` of the new file, with today's class, brings all back.
    inputs : structure of arrays or None
        What the model was called on.
    mended_loads_whole : bool or None
        Whether it does with the methods in `code` put into the class; None where not tried.
    report : Report or None
        Why it was lost, and the remedy to put into the class first; None where it loads whole.
    notes : tuple of str
        What else to know.
    """

    model: Any
    path: Path
    out: Path | None
    held: int
    dropped: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    loads_whole: bool = True
    inputs: Any = None
    mended_loads_whole: bool | None = None
    report: Report | None = None
    notes: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether every array that the file holds is in `model`, bit for bit."""
        return not self.missing

    @property
    def code(self) -> str:
        """Methods to put into the class before the file is loaded again; empty if none needed."""
        if not self.mended_loads_whole:
            return ""
        return code_for(type(self.model), self.inputs)

    @property
    def recipe(self) -> str:
        """The lines that load the new file with today's class."""
        args, kwargs = spread(type(self.model), self.inputs)
        call = "**sample" if kwargs else "*sample" if len(args) > 1 else "sample"
        return RECIPE.format(path=self.out or self.path, call=call)

    def to_dict(self) -> dict[str, Any]:
        """Return the findings as plain values for JSON."""
        return {
            "path": str(self.path),
            "out": str(self.out) if self.out else None,
            "whole": self.whole,
            "arrays_held": self.held,
            "dropped_by_load_model": list(self.dropped),
            "not_recovered": list(self.missing),
            "new_file_loads_whole": self.loads_whole,
            "mended_class_loads_it_whole": self.mended_loads_whole,
            "advice": self.report.to_dict()["advice"] if self.report is not None else [],
            "code": self.code,
            "notes": list(self.notes),
        }


@scratch()
def rescue(
    path: str | Path,
    sample: Any = None,
    *,
    out: str | Path | None = None,
    custom_objects: Mapping[str, Any] | None = None,
    freeze: Sequence[str] = (),
    limits: Limits = DEFAULT_LIMITS,
    run_code_in_file: bool = False,
) -> Rescue:
    """Bring back weights and optimizer from a `.keras` file that `load_model` loads wrong.

    The original is only read. The new file holds the same arrays, each checked bit for bit, and
    records how the model is built. It is of the same class: where that class drops its state on
    loading, it drops the new file's too, until the remedy in ``report`` is in the class; the result
    says so in `loads_whole`. The live ``model`` is whole already.

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
    freeze : sequence of str
        Layers that were frozen when the model was saved: the file does not say which.
    limits : Limits
        How much the file may unpack to.
    run_code_in_file : bool
        Let Keras run code inside the file. Only for files that you trust.

    Raises
    ------
    BadInputError
        For a file, sample or place that cannot be used; then nothing was written.

    Examples
    --------
    >>> rescued = remedies.rescue("model.keras", {"image": image, "mask": mask})  # doctest: +SKIP
    >>> rescued.model.fit(x, y)  # goes on where the saved model stopped  # doctest: +SKIP
    """
    settings = Settings(custom_objects or {}, freeze, limits, run_code_in_file)
    path = Path(path)
    target = Path(out) if out else path.with_name(f"{path.stem}.rescued.keras")
    require_free(target)
    found = revive(path, sample, settings)
    if not found.dropped:
        return _nothing_to_do(found)
    with written(found, target):
        loads_whole = _loads_whole(target, settings)
        mended = None if loads_whole else _mended_loads_whole(found, target, settings)
    if sha256(path) != found.archive.sha256:
        raise BadInputError(f"{path}: another program changed it meanwhile; run again")
    return Rescue(
        model=found.model,
        path=path,
        out=target,
        held=len(found.archive.entries),
        dropped=found.dropped,
        missing=found.missing,
        loads_whole=loads_whole,
        inputs=found.inputs,
        mended_loads_whole=mended,
        report=None if loads_whole else _why(found, settings),
        notes=_notes(found, guessed=sample is None),
    )


def _nothing_to_do(found: Revived) -> Rescue:
    notes: tuple[str, ...] = ()
    model = found.model
    if not is_functional(model) and model.get_build_config() is None:
        notes = (
            "this file loads whole, but a save of the loaded model would not: its class keeps no "
            "record of the inputs (get_build_config() is None); see remedies check",
        )
    return Rescue(model, found.archive.path, None, len(found.archive.entries), notes=notes)


def _loads_whole(target: Path, settings: Settings) -> bool:
    import keras

    with keras.saving.custom_object_scope(dict(settings.custom_objects)), silent():
        try:
            plain = load(target, settings)
        except BadInputError:
            return False
        return not differences(plain, read(target, settings.limits))


def _mended_loads_whole(found: Revived, target: Path, settings: Settings) -> bool | None:
    if is_functional(found.model):
        return None
    with remembering(type(found.model), found.inputs):
        return _loads_whole(target, settings)


def _why(found: Revived, settings: Settings) -> Report | None:
    import keras

    if not found.model.compiled or found.model.optimizer is None:
        return None
    with keras.saving.custom_object_scope(dict(settings.custom_objects)):
        try:
            return check(found.model, found.inputs)
        except BadInputError:
            # No targets fit the loss: the state is back all the same, only the cause stays unknown.
            return None


def _notes(found: Revived, *, guessed: bool) -> tuple[str, ...]:
    notes = []
    if guessed:
        dtypes = ", ".join(leaf_dtypes(found.inputs))
        notes.append(
            f"the input dtypes ({dtypes}, in order of their names) were found by trying; "
            "where yours differ, give a batch: --sample FILE.npz"
        )
    if any(name.startswith("optimizer/") for name in found.missing):
        notes.append(
            "the optimizer's variables do not fit the weights that train: a layer may have been "
            "frozen when this was saved, which the file does not tell; name it with --freeze"
        )
    if not found.archive.config.get("compile_config"):
        notes.append("the file holds no compile settings: call model.compile(...) yourself")
    elif not found.model.compiled:
        notes.append("the class has its own compile(), which Keras does not call on load")
    return tuple(notes)
