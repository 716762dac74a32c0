"""Get back what a `.keras` file holds when Keras loads it wrong."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from remedies.checking.check import try_model
from remedies.checking.findings import Report
from remedies.feed import spread
from remedies.problem import BadInputError, one_line
from remedies.rescuing.revival import Loader, Revived, revive
from remedies.scratch import scratch
from remedies.state.archive import MOST, NO_LIMIT, absent, missing, read, saved, sha256
from remedies.state.inventory import is_functional
from remedies.state.rebuild import leaf_dtypes

OWN_COMPILE = """\
model, x, y = make()  # your own code: made and compiled
model.fit(x, y)  # a step builds all, every optimizer among it
model.load_weights("{path}")"""
RECIPE = """\
model = keras.saving.load_model("{path}", compile=False)
model({call})  # one batch with the true dtypes makes the weights
model.compile(...)  # as in training
model.optimizer.build(model.trainable_variables)
model.load_weights("{path}")"""


@dataclass(frozen=True)
class Rescue(Revived):
    """What `rescue` did.

    The next training steps of its `model` equal the saved one's, bit for bit, if `whole`.
    """

    absent: tuple[str, ...] = ()  # weights of `model`, by attribute, that the file does not hold
    out: Path | None = None  # the new file; None where there was nothing to rescue
    loads_whole: bool = True  # whether `load_model` of it, with today's class, brings all back
    report: Report | None = None  # why not, and the remedy to put into the class first
    notes: tuple[str, ...] = ()  # what else to know

    @property
    def path(self) -> Path:
        """The original, untouched."""
        return self.archive.path

    @property
    def held(self) -> int:
        """How many arrays the original holds."""
        return len(self.archive.entries)

    @property
    def whole(self) -> bool:
        """Whether all that the file holds is in `model`, bit for bit, and that is all of it."""
        return not (self.missing or self.absent)

    @property
    def code(self) -> str:
        """Methods with which the class was seen to load the model whole; empty if none were."""
        advice = () if self.report is None else self.report.advice
        return next((cause.cure.code for cause in advice if cause.cure.cured), "")

    @property
    def recipe(self) -> str:
        """The lines that load the new file with today's class."""
        if "compile" in vars(type(self.model)):
            return OWN_COMPILE.format(path=self.out or self.path)
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
            "mended_class_loads_it_whole": None if self.loads_whole else bool(self.code),
            "advice": [] if self.report is None else self.report.to_dict()["advice"],
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
    made: Sequence[Any] = (),
    freeze: Sequence[str] = (),
    unfreeze: Sequence[str] = (),
    limit: int = MOST,
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
    made : tuple, optional
        ``(model, x, y)`` as your own code makes and compiles it, where the file cannot say that: a
        class with its own ``compile()``, several optimizers. The model is trained for a step, so
        that all is built, and then gets every value of the file.
    freeze : sequence of str
        Layers that were frozen when the model was saved: the file does not say which.
    unfreeze : sequence of str
        Layers that the class freezes, and that trained when the model was saved.
    limit : int
        Bytes that the file may unpack to.
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
    import keras

    loader = Loader(custom_objects or {}, freeze, unfreeze, limit, run_code_in_file)
    path = Path(path)
    target = Path(out) if out else path.with_name(f"{path.stem}.rescued.keras")
    _require_free(target)
    revived = revive(path, sample, loader, made)
    items = absent(revived.model, revived.archive.entries, ("weight", "plain"))
    outside = tuple(item.path for item in items)
    if not revived.dropped:
        return Rescue(**vars(revived), absent=outside, notes=_next_save(revived.model))
    # The new file gets its name only once it is verified, and leaves nothing when it fails.
    with (
        tempfile.TemporaryDirectory(prefix=".", dir=target.parent) as folder,
        keras.saving.custom_object_scope(dict(loader.custom_objects)),
    ):
        draft = Path(folder) / target.name
        _write(revived, draft, target)
        whole = _loads_whole(revived, draft, loader)
        why = None if whole else try_model(revived.model, revived.inputs)
        if sha256(path) != revived.archive.sha256:
            raise BadInputError(f"{path}: another program changed it meanwhile; run again")
        draft.replace(target)
    notes = () if made else _notes(revived, guessed=sample is None)
    return Rescue(
        **vars(revived), absent=outside, out=target, loads_whole=whole, report=why, notes=notes
    )


@scratch()
def saved_model(path: str | Path, sample: Any = None, **options: Any) -> tuple[Any, Any]:
    """Bring back the model in a file, and inputs for it: a check starts from what was saved.

    The options are those of a `Loader`. Raises `BadInputError` for a file that cannot be used, or
    from which not everything can be brought back.
    """
    revived = revive(path, sample, Loader(**options), as_saved=True)
    if revived.missing:
        raise BadInputError(
            f"{path}: {len(revived.missing)} of its arrays cannot be brought back, "
            f"{revived.missing[0]} first; run: remedies rescue {path}"
        )
    return revived.model, revived.inputs


def _require_free(target: Path) -> None:
    if target.suffix != ".keras":
        raise BadInputError(f"{target}: the new file's name must end in .keras")
    if target.exists():
        raise BadInputError(f"{target}: exists already; move it away or name another with --out")
    if not target.parent.is_dir():
        raise BadInputError(f"{target.parent}: no such folder to write to")


def _write(revived: Revived, draft: Path, target: Path) -> None:
    """Write the model, and require that it reads back."""
    try:
        revived.model.save(draft)
    except OSError as error:  # which names the draft, if anything
        raise OSError(error.errno, error.strerror or one_line(error), str(target)) from error
    if read(draft, NO_LIMIT).entries != saved(revived.model):
        raise OSError(f"{target}: what was written reads back otherwise; nothing is kept of it")


def _loads_whole(revived: Revived, draft: Path, loader: Loader) -> bool:
    try:
        plain = loader.load(draft)
    except BadInputError:
        return False
    # The new file itself may hold less than the original.
    return not missing(plain, revived.archive.entries)


def _next_save(model: Any) -> tuple[str, ...]:
    if is_functional(model) or model.get_build_config() is not None:
        return ()
    return (
        "this file loads whole, but a save of the loaded model would not: its class keeps no "
        "record of the inputs (get_build_config() is None); see remedies check",
    )


def _notes(revived: Revived, *, guessed: bool) -> tuple[str, ...]:
    notes = []
    if guessed:
        dtypes = ", ".join(leaf_dtypes(revived.inputs))
        notes.append(
            f"the input dtypes ({dtypes}, in order of their names) were found by trying; "
            "where yours differ, give a batch: --sample FILE.npz"
        )
    if any(name.startswith("optimizer/") for name in revived.missing):
        notes.append(
            "the optimizer's variables do not fit the weights that train: a layer may have been "
            "frozen when this was saved, or not, which the file does not tell; name it with "
            "--freeze or --unfreeze"
        )
    if not revived.archive.config.get("compile_config"):
        notes.append("the file holds no compile settings: call model.compile(...) yourself")
    elif "compile" in vars(type(revived.model)) and revived.missing:
        notes.append(
            "the class has its own compile(), which Keras does not call on load: name what makes "
            "the model, compiled, and a batch to train it on: --factory train.py:make"
        )
    return tuple(notes)
