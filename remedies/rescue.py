"""Get back what a `.keras` file holds when Keras loads it wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from remedies.archive import DEFAULT_LIMITS, Archive, Limits, sha256
from remedies.arguments import spread
from remedies.check import check
from remedies.cures import zeros_code
from remedies.draft import require_free, written
from remedies.findings import Report
from remedies.inventory import is_functional
from remedies.patching import methods_of, patched
from remedies.problem import BadInputError
from remedies.rebuild import leaf_dtypes
from remedies.revival import Revived, Settings, absent, differences, load, revive, silent
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
    absent : tuple of str
        Weights of the model that the file does not hold at all, so that nothing brings them back.
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
    absent: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether all that the file holds is in `model`, bit for bit, and that is all of it."""
        return not (self.missing or self.absent)

    @property
    def code(self) -> str:
        """Methods to put into the class before the file is loaded again; empty if none needed."""
        if not self.mended_loads_whole:
            return ""
        cls = type(self.model)
        return zeros_code(cls, spread(cls, self.inputs))

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
            "not_in_file": list(self.absent),
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
    unfreeze: Sequence[str] = (),
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
    unfreeze : sequence of str
        Layers that the class freezes, and that trained when the model was saved.
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
    settings = Settings(custom_objects or {}, freeze, unfreeze, limits, run_code_in_file)
    path = Path(path)
    target = Path(out) if out else path.with_name(f"{path.stem}.rescued.keras")
    require_free(target)
    result = revive(path, sample, settings)
    if not result.dropped:
        return _nothing_to_do(result)
    with written(result, target):
        loads_whole = _loads_whole(target, settings, result.archive)
        mended = None if loads_whole else _mended_loads_whole(result, target, settings)
    if sha256(path) != result.archive.sha256:
        raise BadInputError(f"{path}: another program changed it meanwhile; run again")
    return Rescue(
        model=result.model,
        path=path,
        out=target,
        held=len(result.archive.entries),
        dropped=result.dropped,
        missing=result.missing,
        loads_whole=loads_whole,
        inputs=result.inputs,
        absent=absent(result.model, result.archive),
        mended_loads_whole=mended,
        report=None if loads_whole else _why(result, settings),
        notes=_notes(result, guessed=sample is None),
    )


def _nothing_to_do(result: Revived) -> Rescue:
    notes: tuple[str, ...] = ()
    model = result.model
    if not is_functional(model) and model.get_build_config() is None:
        notes = (
            "this file loads whole, but a save of the loaded model would not: its class keeps no "
            "record of the inputs (get_build_config() is None); see remedies check",
        )
    lacking = absent(model, result.archive)
    count = len(result.archive.entries)
    return Rescue(model, result.archive.path, None, count, absent=lacking, notes=notes)


def _loads_whole(target: Path, settings: Settings, original: Archive) -> bool:
    import keras

    with keras.saving.custom_object_scope(dict(settings.custom_objects)), silent():
        try:
            plain = load(target, settings)
        except BadInputError:
            return False
        # The new file itself may hold less than the original.
        return not differences(plain, original)


def _mended_loads_whole(result: Revived, target: Path, settings: Settings) -> bool | None:
    if is_functional(result.model):
        return None
    cls = type(result.model)
    code = zeros_code(cls, spread(cls, result.inputs))
    if not code:
        return None
    with patched(cls, methods_of(code, cls)):
        return _loads_whole(target, settings, result.archive)


def _why(result: Revived, settings: Settings) -> Report | None:
    import keras

    if not result.model.compiled or getattr(result.model, "optimizer", None) is None:
        return None
    with keras.saving.custom_object_scope(dict(settings.custom_objects)):
        try:
            return check(result.model, result.inputs)
        except BadInputError:
            # No targets fit the loss: the state is back all the same, only the cause stays unknown.
            return None


def _notes(result: Revived, *, guessed: bool) -> tuple[str, ...]:
    notes = []
    if guessed:
        dtypes = ", ".join(leaf_dtypes(result.inputs))
        notes.append(
            f"the input dtypes ({dtypes}, in order of their names) were found by trying; "
            "where yours differ, give a batch: --sample FILE.npz"
        )
    if any(name.startswith("optimizer/") for name in result.missing):
        notes.append(
            "the optimizer's variables do not fit the weights that train: a layer may have been "
            "frozen when this was saved, or not, which the file does not tell; name it with "
            "--freeze or --unfreeze"
        )
    if not result.archive.config.get("compile_config"):
        notes.append("the file holds no compile settings: call model.compile(...) yourself")
    elif "compile" in vars(type(result.model)) and result.missing:
        notes.append(
            "the class has its own compile(), which Keras does not call on load: make the model by "
            "your own code, compile it, build each optimizer on the weights it trains and call "
            f'load_weights("{result.archive.path}"), which brings these back'
        )
    return tuple(notes)
