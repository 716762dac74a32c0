"""What a user names on the command line: a factory of their own, or a `.keras` file."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import sys
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from remedies.archive import DEFAULT_LIMITS, Limits
from remedies.problem import BadInputError, one_line
from remedies.scratch import scratch


@dataclass(frozen=True)
class Subject:
    """A live model, and what it is fed; None where that must be found."""

    name: str
    model: Any
    inputs: Any = None
    targets: Any = None
    sample_weight: Any = None


def from_factory(target: str) -> Subject:
    """Call the factory that `target` names.

    Parameters
    ----------
    target : str
        ``module:factory`` or ``file.py:factory``. The factory takes no arguments and returns a
        built model, or ``(model, x)``, ``(model, x, y)`` or ``(model, x, y, sample_weight)``.

    Raises
    ------
    BadInputError
        For a module or factory that is not there, that raises or that returns something else.
    """
    return subject(target, made_by(target))


def made_by(target: str) -> Any:
    """Call the function that `target`, ``module:name`` or ``file.py:name``, names.

    Raises
    ------
    BadInputError
        Where it is not there or raises.
    """
    place, _, name = target.rpartition(":")
    if not place or not name.isidentifier():
        raise BadInputError(f"{target!r}: expected module:factory or file.py:factory")
    factory = getattr(load_module(place), name, None)
    if not callable(factory):
        raise BadInputError(f"{place}: has no function {name!r}")
    with _blaming(target):
        return factory()


def subject(target: str, made: Any) -> Subject:
    """Return what a factory made as a subject.

    Raises
    ------
    BadInputError
        Where that is no model, and nothing that one is fed.
    """
    import keras

    parts = made if isinstance(made, tuple) else (made,)
    if isinstance(parts[0] if parts else None, keras.Model) and len(parts) <= 4:
        return Subject(target, *parts)
    what = f"a tuple of {len(parts)}" if isinstance(made, tuple) else f"a {type(made).__name__}"
    raise BadInputError(
        f"{target}: the factory returned {what}; it must return a built keras.Model, "
        "or (model, x, y)"
    )


@scratch()
def from_file(
    path: str | Path,
    sample: Any,
    custom_objects: dict[str, Any],
    limits: Limits = DEFAULT_LIMITS,
    *,
    run_code_in_file: bool = False,
) -> Subject:
    """Bring back all that a `.keras` file holds, so that a check starts from what was saved.

    Raises
    ------
    BadInputError
        For a file that cannot be used, or from which not everything can be brought back.
    """
    import keras

    from remedies.revival import Settings, inputs_of, revive

    settings = Settings(custom_objects, limits=limits, run_code_in_file=run_code_in_file)
    result = revive(path, sample, settings, as_saved=True)
    if result.missing:
        raise BadInputError(
            f"{path}: {len(result.missing)} of its arrays cannot be brought back, "
            f"{result.missing[0]} first; run: remedies rescue {path}"
        )
    inputs = result.inputs
    if inputs is None:
        with keras.saving.custom_object_scope(custom_objects):
            inputs = inputs_of(result.archive, sample, settings)
    return Subject(str(path), result.model, inputs)


def load_module(place: str) -> ModuleType:
    """Import ``file.py`` or a module by name; writes no bytecode beside the user's file.

    Raises
    ------
    BadInputError
        Where it is not there, or importing it raises.
    """
    with _no_bytecode(), _blaming(place):
        if not place.endswith(".py"):
            return _by_name(place)
        path = Path(place).resolve()
        if not path.is_file():
            raise BadInputError(f"{place}: no such file")
        loaded = sys.modules.get(path.stem)
        if getattr(loaded, "__file__", None) == str(path):
            # The same file twice would make two classes of each, and Keras knows one of them.
            return loaded  # type: ignore[return-value]
        # A user's types.py must not take the place of Python's own.
        name = path.stem if path.stem not in sys.modules else f"_target_{path.stem}"
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


def custom_objects(place: str | None) -> dict[str, Any]:
    """Return the Keras classes and functions of a module, by every name that Keras may use.

    Parameters
    ----------
    place : str or None
        ``module``, ``file.py``, or either with ``:name``, where name is a dict of custom objects, a
        class or a function. None for no custom objects.

    Raises
    ------
    BadInputError
        Where there is nothing of that name.
    """
    if place is None:
        return {}
    module_place, _, name = place.partition(":")
    module = load_module(module_place)
    if not name:
        result = {
            key: each
            for key, each in vars(module).items()
            if callable(each) and getattr(each, "__module__", None) == module.__name__
        }
    elif not hasattr(module, name):
        raise BadInputError(f"{module_place}: has nothing called {name!r}")
    else:
        exported = getattr(module, name)
        result = dict(exported) if isinstance(exported, dict) else {name: exported}
    return _by_registered_name(result)


def _by_registered_name(objects: dict[str, Any]) -> dict[str, Any]:
    import keras

    return objects | {keras.saving.get_registered_name(each): each for each in objects.values()}


@contextlib.contextmanager
def _no_bytecode() -> Iterator[None]:
    before = sys.dont_write_bytecode
    sys.dont_write_bytecode = True
    try:
        yield
    finally:
        sys.dont_write_bytecode = before


@contextlib.contextmanager
def _blaming(target: str) -> Iterator[None]:
    try:
        yield
    except BadInputError:
        raise
    except (Exception, SystemExit) as error:
        frames = traceback.extract_tb(error.__traceback__)
        own = (each for each in reversed(frames) if each.filename != __file__)
        last = next((each for each in own if not each.filename.startswith("<frozen ")), None)
        where = f" (raised at {Path(last.filename).name}:{last.lineno})" if last else ""
        raise BadInputError(f"{target}: raised {one_line(error)[:300]}{where}") from error
