"""What a user names on the command line: a factory of their own, or a file or folder."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import json
import shutil
import sys
import tempfile
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from remedies.problem import BadInputError, reason
from remedies.state.archive import CONFIG, arrays_in


def from_factory(target: str) -> tuple[Any, ...]:
    """Call the factory that `target` names; return its tuple, which begins with a model."""
    return subject(target, made_by(target))


def subject(name: str, made: Any) -> tuple[Any, ...]:
    """Return what a factory made as a tuple that begins with a model; refuse anything else."""
    import keras

    parts = made if isinstance(made, tuple) else (made,)
    if isinstance(parts[0] if parts else None, keras.Model) and len(parts) <= 4:
        return parts
    what = f"a tuple of {len(parts)}" if isinstance(made, tuple) else f"a {type(made).__name__}"
    raise BadInputError(
        f"{name}: the factory returned {what}; it must return a built keras.Model, or (model, x, y)"
    )


def made_by(target: str) -> Any:
    """Call the function that `target`, ``module:name`` or ``file.py:name``, names."""
    place, _, name = target.rpartition(":")
    if not place or not name.isidentifier():
        raise BadInputError(f"{target!r}: expected module:factory or file.py:factory")
    factory = getattr(load_module(place), name, None)
    if not callable(factory):
        raise BadInputError(f"{place}: has no function {name!r}")
    with _blaming(target):
        return factory()


def load_module(place: str) -> ModuleType:
    """Import ``file.py`` or a module by name; writes no bytecode beside the user's file."""
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        with _blaming(place):
            return _from_file(place) if place.endswith(".py") else _by_name(place)
    finally:
        sys.dont_write_bytecode = before


def _from_file(place: str) -> ModuleType:
    path = Path(place).resolve()
    if not path.is_file():
        raise BadInputError(f"{place}: no such file")
    loaded = sys.modules.get(path.stem)
    if loaded is not None and getattr(loaded, "__file__", None) == str(path):
        # The same file twice would make two classes of each, and Keras knows one of them.
        return loaded
    # A user's types.py must not take the place of Python's own.
    name = path.stem if loaded is None else f"_target_{path.stem}"
    sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise BadInputError(f"{place}: not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _by_name(place: str) -> ModuleType:
    sys.path.insert(0, str(Path.cwd()))
    try:
        return importlib.import_module(place)
    except ModuleNotFoundError as error:
        if error.name and place.partition(".")[0] == error.name.partition(".")[0]:
            raise BadInputError(f"{place}: no such module ({error})") from None
        raise


@contextlib.contextmanager
def _blaming(target: str) -> Iterator[None]:
    try:
        yield
    except BadInputError:
        raise
    except (Exception, SystemExit) as error:
        frames = traceback.extract_tb(error.__traceback__)
        own = [f for f in frames if f.filename != __file__ and not f.filename.startswith("<froz")]
        where = f" (raised at {Path(own[-1].filename).name}:{own[-1].lineno})" if own else ""
        raise BadInputError(f"{target}: raised {reason(error)}{where}") from error


def custom_objects(place: str | None) -> dict[str, Any]:
    """Return what a module or ``file.py`` defines, by every name that Keras may use for it."""
    if place is None:
        return {}
    import keras

    module = load_module(place)
    named = {
        key: each
        for key, each in vars(module).items()
        if callable(each) and getattr(each, "__module__", 0) == module.__name__
    }
    return named | {keras.saving.get_registered_name(each): each for each in named.values()}


def keras_file(target: str) -> Path:
    """Return the `.keras` file that `target` is; an unzipped one is zipped aside.

    Anything else that a model is saved as raises `BadInputError`: what it is, and what to do.
    """
    path, problem = Path(target), ""
    if path.is_dir() and (path / CONFIG).is_file():
        return _zipped(path)
    if path.is_dir() and (path / "saved_model.pb").is_file():
        problem = (
            "a TensorFlow SavedModel; Keras 3 loads none. To predict, wrap it: "
            "keras.layers.TFSMLayer(path, call_endpoint='serving_default'). To train on, load it "
            "with tf_keras, and save weights there"
        )
    elif path.name.endswith(".weights.h5") and path.is_file():
        problem = (
            f"weights alone ({len(arrays_in(path))} arrays), which say nothing of the model; name "
            "what makes it: --factory train.py:make"
        )
    elif path.suffix in (".h5", ".hdf5") and path.is_file():
        problem = _legacy(path)
    if problem:
        raise BadInputError(f"{path}: {problem}")
    return path


def _zipped(folder: Path) -> Path:
    # The scratch folder of the command takes it away.
    archive = Path(shutil.make_archive(str(Path(tempfile.mkdtemp(), folder.name)), "zip", folder))
    return archive.rename(archive.with_suffix(".keras"))


def _legacy(path: Path) -> str:
    import h5py

    try:
        with h5py.File(path, "r") as file:
            config, version = file.attrs.get("model_config"), file.attrs.get("keras_version", "?")
    except OSError as error:
        return f"not an HDF5 file ({reason(error, 120)})"
    if config is None:
        return (
            "weights in the old HDF5 format; make the model by your code, call load_weights, and "
            "save it as model.keras"
        )
    return (
        f"a {json.loads(config).get('class_name', '?')} model in the old HDF5 format (Keras "
        f"{version}); load it with keras.saving.load_model (with compile=False where that cannot "
        "read a loss or metric; then compile), save it as model.keras and check that"
    )
