"""A `.keras` file as evidence: judged before it is trusted, then read bit for bit."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import Any

import numpy as np

from remedies.problem import BadInputError, reason
from remedies.state.inventory import Item, take

CONFIG, WEIGHTS = "config.json", "model.weights.h5"
_SMALL, _RATIO = 16 << 20, 100  # Keras compresses nothing: what unpacks to more is a bomb
# Functions of these are no part of a model, and have been used to attack those who load one.
_NOT_MODELING = {"config", "export", "saving", "utils"}


@dataclass(frozen=True)
class Archive:
    """A judged `.keras` file."""

    path: Path
    config: Mapping[str, Any]  # its config.json
    entries: Mapping[str, str]  # the digest of every array in its HDF5 file and of every asset


def read(path: str | Path) -> Archive:
    """Judge the `.keras` file at `path` and read all that it holds; runs none of its code.

    Raises `BadInputError` for a file that is missing, empty, truncated, no `.keras` archive, or
    that would unpack to over 100 times its size.
    """
    path = Path(path)
    if path.exists() and not path.is_file():
        raise BadInputError(f"{path}: not a file; an unzipped folder must be zipped first")
    if path.exists() and path.suffix != ".keras":
        raise BadInputError(f"{path}: not a .keras file; its name must end in .keras")
    with opened(path, "a .keras file") as archive:
        names = archive.namelist()
        for name in (CONFIG, WEIGHTS):
            if name not in names:
                raise BadInputError(f"{path}: not a .keras file, it holds no {name}")
        try:
            config = json.loads(archive.read(CONFIG))
        except (ValueError, RecursionError) as error:
            raise BadInputError(f"{path}: its {CONFIG} is not usable JSON ({error})") from error
        if not isinstance(config, dict) or "class_name" not in config:
            raise BadInputError(f"{path}: its {CONFIG} does not describe a Keras model")
        entries = _arrays(archive.read(WEIGHTS), path)
        assets = (n for n in names if n.startswith("assets/") and not n.endswith("/"))
        entries |= {name: _digest(archive.read(name)) for name in assets}
    return Archive(path, config, entries)


@contextlib.contextmanager
def opened(path: Path, kind: str) -> Iterator[zipfile.ZipFile]:
    """Open a zip file that is judged by what it declares, then by what its members unpack to.

    Raises `BadInputError` for what is no zip file, for members that leave the folder, repeat, are
    encrypted or unpack to too much, and for damage that the block meets.
    """
    try:
        if not path.stat().st_size:
            raise BadInputError(f"{path}: the file is empty")
        if not zipfile.is_zipfile(path):
            raise BadInputError(f"{path}: truncated or not a zip archive, so not {kind}")
        with zipfile.ZipFile(path) as archive:
            if fault := _fault(archive, path.stat().st_size):
                raise BadInputError(f"{path}: {fault}; refused")
            # Reading to the end checks each CRC: a flipped bit is seen here, not in training.
            if damaged := archive.testzip():
                raise zipfile.BadZipFile(f"member {damaged!r} has a wrong checksum")
            yield archive
    except (FileNotFoundError, NotADirectoryError):
        raise BadInputError(f"{path}: no such file") from None
    except (BadInputError, MemoryError):
        raise
    except Exception as error:  # zipfile, zlib, lzma, bz2 and NumPy each raise their own
        raise BadInputError(f"{path}: damaged or not {kind} ({reason(error)})") from error


def _fault(archive: zipfile.ZipFile, size: int) -> str:
    names = archive.namelist()
    if len(set(names)) < len(names):
        return "holds two members of one name"
    for name in names:
        place = PureWindowsPath(name)  # it knows the separators of both systems
        if place.anchor or ".." in place.parts:
            return f"member {name!r} points outside the archive"
    unpacked = sum(info.file_size for info in archive.infolist())
    bomb = unpacked > max(_SMALL, _RATIO * size)
    return f"a zip bomb: {size:,} bytes would unpack to {unpacked:,}" if bomb else ""


def require_known(
    config: Mapping[str, Any],
    path: Path,
    custom_objects: Mapping[str, Any],
    *,
    run_code_in_file: bool = False,
) -> None:
    """Refuse a model config that needs code which the user did not hand over.

    Older Keras imports whatever module a config names; nothing is imported on a file's word here.

    Raises `BadInputError`, naming the classes that are not registered or the code in the file.
    """
    import keras

    unknown: dict[str, None] = {}
    for part in _objects(config):
        kind, module = part["class_name"], str(part.get("module") or "")
        if kind == "__lambda__" and not run_code_in_file:
            raise BadInputError(
                f"{path}: holds Python code of its own (a Lambda layer), which is not run; "
                "if you trust the file, add --run-code-in-file"
            )
        function, packages = kind == "function", module.split(".")
        name = str(part["config"] if function else part.get("registered_name") or kind)
        if kind.startswith("__"):
            of_keras = True
        elif module == "builtins":
            of_keras = not (function and ">" in name)
        else:
            of_keras = packages[0] in ("keras", "keras_hub")
            of_keras = of_keras and not (function and _NOT_MODELING & {*packages})
        registered = keras.saving.get_registered_object(name, custom_objects=dict(custom_objects))
        if registered is None and not of_keras:
            unknown[name] = None
    if unknown:
        raise BadInputError(
            f"{path}: its class or function {', '.join(map(repr, unknown))} is not registered; "
            "name the module that defines it: --custom-objects your_model.py"
        )


def _objects(config: Any) -> Iterator[Mapping[str, Any]]:
    pending = [config]
    while pending:
        part = pending.pop()
        if isinstance(part, dict):
            if isinstance(part.get("class_name"), str) and "config" in part:
                yield part
            pending.extend(part.values())
        elif isinstance(part, list):
            pending.extend(part)


def arrays_in(path: Path) -> dict[str, str]:
    """Return the digest of every array of an HDF5 file of weights, by its path in it.

    Raises `BadInputError` for what is none, links elsewhere or would take too much.
    """
    return _arrays(path.read_bytes(), path)


def _arrays(content: bytes, path: Path) -> dict[str, str]:
    import h5py

    try:
        with h5py.File(io.BytesIO(content), "r") as weights:
            datasets = dict(_datasets(weights))
            declared = sum(dataset.size * dataset.dtype.itemsize for dataset in datasets.values())
            if declared > max(_SMALL, _RATIO * len(content)):
                raise BadInputError(f"its arrays would take {declared:,} bytes; refused")
            return {name: digest_of(dataset[()]) for name, dataset in datasets.items()}
    except BadInputError as error:
        raise BadInputError(f"{path}: {error}") from error
    except Exception as error:  # h5py passes on whatever its C library meets
        raise BadInputError(f"{path}: its {WEIGHTS} cannot be read ({reason(error)})") from error


def _datasets(weights: Any) -> Iterator[tuple[str, Any]]:
    import h5py

    names: list[str] = []
    weights.visit_links(names.append)
    for name in names:
        # A soft or external link, or external storage, would read what is not in this file.
        own = isinstance(weights.get(name, getlink=True), h5py.HardLink)
        child: Any = weights[name] if own else None
        is_array = isinstance(child, h5py.Dataset)
        if is_array:
            own = not (child.external or child.is_virtual or child.dtype.hasobject)
        if not own:
            raise BadInputError(f"its {WEIGHTS} keeps {name} outside itself; refused")
        if is_array:
            yield name, child


def saved(model: Any) -> Mapping[str, str]:
    """Return the digest of every array that a `.keras` file of `model` holds."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model.save(path)
        return read(path).entries


def missing(model: Any, entries: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names of a file's arrays that `model` would not save bit for bit."""
    held = saved(model)
    return tuple(name for name, digest in entries.items() if held.get(name) != digest)


def absent(model: Any, entries: Mapping[str, str], kinds: tuple[str, ...]) -> list[Item]:
    """Return the variables of these kinds in `model` whose values no array of a file holds."""
    held = set(entries.values())
    items = (item for item in take(model).values() if item.kind in kinds)
    return [item for item in items if digest_of(item.value) not in held]


def digest_of(value: Any) -> str:
    """Return the digest of an array's bytes, as an archive's entries have it."""
    return _digest(np.asarray(value).tobytes())


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
