"""What a user names on the command line: a factory of their own, or a file or folder."""

import contextlib
import importlib
import importlib.util
import shutil
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from remedies.libraries import is_framework_file
from remedies.problem import BadInputError, reason
from remedies.state.archive import CONFIG, read

_HDF5 = (
    "in the old HDF5 format; load it with keras.saving.load_model (with compile=False where that "
    "cannot read a loss or metric; then compile) or, if it holds weights alone, make the model by "
    "your code and call load_weights; save it as model.keras and check that"
)
_SAVED_MODEL = (
    "a TensorFlow SavedModel; Keras 3 loads none. To predict, wrap it: "
    "keras.layers.TFSMLayer(path, call_endpoint='serving_default'). To train on, load it with "
    "tf_keras, and save weights there"
)
_WEIGHTS = (
    "weights alone, which say nothing of the model; name what makes it: --factory train.py:make"
)


def from_factory(target: str) -> tuple[Any, ...]:
    """Call the factory that `target` names; return its tuple, which begins with a model."""
    return subject(target, factory_of(target)())


def subject(name: str, made: Any) -> tuple[Any, ...]:
    """Return what a factory made as a tuple that begins with a model; refuse anything else."""
    import keras

    parts = made if isinstance(made, tuple) else (made,)
    if isinstance(parts[0] if parts else None, keras.Model) and len(parts) <= 4:
        return parts
    what = f"{name}: the factory returned a {type(made).__name__}"
    raise BadInputError(f"{what}; it must return a built keras.Model, or (model, x, y)")


def factory_of(target: str) -> Callable[[], Any]:
    """Return the function that `target`, ``module:name`` or ``file.py:name``, names.

    What it raises is a `BadInputError` that says where in the user's code.
    """
    place, _, name = target.rpartition(":")
    if not place or not name.isidentifier():
        raise BadInputError(f"{target!r}: expected module:factory or file.py:factory")
    factory: Callable[[], Any] | None = getattr(load_module(place), name, None)
    if not callable(factory):
        raise BadInputError(f"{place}: has no function {name!r}")
    return _blaming(target)(factory)


def load_module(place: str) -> ModuleType:
    """Import ``file.py`` or a module by name."""
    sys.dont_write_bytecode = True  # beside the user's file
    path = Path(place).resolve()
    with _blaming(place):
        if path.suffix != ".py":
            sys.path.insert(0, str(Path.cwd()))
            return importlib.import_module(place)
        if not path.is_file():
            raise BadInputError(f"{place}: no such file")
        loaded = sys.modules.get(path.stem)
        if loaded is not None and getattr(loaded, "__file__", None) == str(path):
            # The same file twice would make two classes of each, and Keras knows one of them.
            return loaded
        # A user's types.py must not take the place of Python's own.
        name = path.stem if loaded is None else f"_target_{path.stem}"
        sys.path.insert(0, str(path.parent))
        spec: Any = importlib.util.spec_from_file_location(name, path)
        sys.modules[name] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module


@contextlib.contextmanager
def _blaming(target: str) -> Iterator[None]:
    try:
        yield
    except BadInputError:
        raise
    except (Exception, SystemExit) as error:
        frames = traceback.extract_tb(error.__traceback__)
        own = [frame for frame in frames if not is_framework_file(frame.filename)]
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
    """Return the `.keras` file that `target` is, once it was read; an unzipped one is zipped aside.

    Anything else that a model is saved as raises `BadInputError`: what it is, and what to do.
    """
    path = Path(target)
    if (path / CONFIG).is_file():
        # The scratch folder of the command takes it away.
        zipped = Path(shutil.make_archive(str(Path(tempfile.mkdtemp(), path.name)), "zip", path))
        path = zipped.rename(zipped.with_suffix(".keras"))
    if (path / "saved_model.pb").is_file():
        raise BadInputError(f"{path}: {_SAVED_MODEL}")
    if path.suffix in (".h5", ".hdf5") and path.is_file():
        weights = path.name.endswith(".weights.h5")
        raise BadInputError(f"{path}: {_WEIGHTS if weights else _HDF5}")
    read(path)
    return path
