"""A `.keras` file as evidence: judged before it is trusted, then read bit for bit."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import stat
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, BinaryIO

import numpy as np

from remedies.problem import BadInputError, one_line
from remedies.state.inventory import Item, take

CONFIG, WEIGHTS = "config.json", "model.weights.h5"
MOST = 8 << 30  # bytes that all members, or all arrays, of a file may take together
NO_LIMIT = 1 << 62  # for what this process wrote itself
_RATIO = 100  # Keras compresses nothing: a member of over 16 MiB that unpacks to more is a bomb
_SMALL = 16 << 20
# Functions of these are no part of a model, and have been used to attack those who load one.
_NOT_MODELING = {"config", "export", "saving", "utils"}


@dataclass(frozen=True)
class Archive:
    """A judged `.keras` file."""

    path: Path
    config: Mapping[str, Any]  # its config.json
    entries: Mapping[str, str]  # the digest of every array in its HDF5 file and of every asset
    sha256: str  # digest of the whole file


def read(path: str | Path, limit: int = MOST) -> Archive:
    """Judge the `.keras` file at `path` and read all that it holds; runs none of its code.

    Raises `BadInputError` for a file that is missing, empty, truncated, no `.keras` archive, or
    that would unpack to more than `limit` bytes or outside its folder.
    """
    path = Path(path)
    if path.exists() and not path.is_file():
        raise BadInputError(f"{path}: not a file; an unzipped folder must be zipped first")
    if path.exists() and path.suffix != ".keras":
        raise BadInputError(f"{path}: not a .keras file; its name must end in .keras")
    with opened(path, "a .keras file", limit) as archive:
        config = _config(archive, path)
        size = archive.getinfo(WEIGHTS).file_size
        entries = _arrays(io.BytesIO(archive.read(WEIGHTS)), path, limit, size)
        for name in archive.namelist():
            if name.startswith("assets/") and not name.endswith("/"):
                entries[name] = _digest(archive.read(name))
    return Archive(path, config, entries, sha256(path))


@contextlib.contextmanager
def opened(path: Path, kind: str, limit: int = MOST) -> Iterator[zipfile.ZipFile]:
    """Open an archive that is judged by what it declares, then by what its members unpack to.

    Raises `BadInputError` for what is no archive, for members that leave the folder, repeat, are
    links or encrypted, or exceed `limit`, and for damage that the block meets.
    """
    try:
        if not path.stat().st_size:
            raise BadInputError(f"{path}: the file is empty")
        if not zipfile.is_zipfile(path):
            raise BadInputError(f"{path}: truncated or not a zip archive, so not {kind}")
        with zipfile.ZipFile(path) as archive:
            _judge(archive, path, limit)
            yield archive
    except (FileNotFoundError, NotADirectoryError):
        raise BadInputError(f"{path}: no such file") from None
    except (BadInputError, MemoryError):
        raise
    except Exception as error:  # zipfile, zlib, lzma, bz2 and NumPy each raise their own
        raise BadInputError(f"{path}: damaged or not {kind} ({one_line(error)})") from error


def _judge(archive: zipfile.ZipFile, path: Path, limit: int) -> None:
    infos = archive.infolist()
    if len({info.filename for info in infos}) != len(infos):
        raise BadInputError(f"{path}: holds two members of one name; refused")
    for info in infos:
        _judge_member(info, path)
    if sum(info.file_size for info in infos) > limit:
        raise BadInputError(f"{path}: would unpack to more than {limit:,} bytes; refused")
    # Reading to the end checks each CRC: a flipped bit is seen here, not in training.
    if damaged := archive.testzip():
        raise zipfile.BadZipFile(f"member {damaged!r} has a wrong checksum")


def _judge_member(info: zipfile.ZipInfo, path: Path) -> None:
    name = info.filename
    parts = {*PurePosixPath(name).parts, *PureWindowsPath(name).parts}
    rooted = PurePosixPath(name).is_absolute() or PureWindowsPath(name).anchor
    if rooted or ".." in parts or stat.S_ISLNK(info.external_attr >> 16):
        raise BadInputError(f"{path}: member {name!r} points outside the archive; refused")
    if info.file_size > max(_SMALL, _RATIO * info.compress_size):
        raise BadInputError(
            f"{path}: member {name!r} would unpack from {info.compress_size:,} bytes to "
            f"{info.file_size:,} bytes; refused as a zip bomb"
        )


def _config(archive: zipfile.ZipFile, path: Path) -> dict[str, Any]:
    for name in (CONFIG, WEIGHTS):
        if name not in archive.namelist():
            raise BadInputError(f"{path}: not a .keras file, it holds no {name}")
    try:
        config = json.loads(archive.read(CONFIG))
    except (ValueError, RecursionError) as error:
        raise BadInputError(f"{path}: its {CONFIG} is not usable JSON ({error})") from error
    if not isinstance(config, dict) or "class_name" not in config:
        raise BadInputError(f"{path}: its {CONFIG} does not describe a Keras model")
    return config


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

    asked = list(_objects(config))
    if not run_code_in_file and any(each.get("class_name") == "__lambda__" for each in asked):
        raise BadInputError(
            f"{path}: holds Python code of its own (a Lambda layer), which is not run; "
            "if you trust the file, add --run-code-in-file"
        )
    unknown = {
        _name(each): None
        for each in asked
        if not _is_keras(each)
        and keras.saving.get_registered_object(_name(each), custom_objects=dict(custom_objects))
        is None
    }
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


def _is_keras(config: Mapping[str, Any]) -> bool:
    if config["class_name"].startswith("__"):
        return True
    module = config.get("module") or ""
    if module == "builtins":
        return config["class_name"] != "function" or ">" not in _name(config)
    parts = [part for part in str(module).split(".") if part != "src"]
    if parts[0] not in ("keras", "keras_hub"):
        return False
    return config["class_name"] != "function" or not _NOT_MODELING & set(parts)


def _name(config: Mapping[str, Any]) -> str:
    if config["class_name"] == "function":
        return str(config["config"])
    return str(config.get("registered_name") or config["class_name"])


def arrays_in(path: Path) -> dict[str, str]:
    """Return the digest of every array of an HDF5 file of weights, by its path in it.

    Raises `BadInputError` for what is none, links elsewhere or would take too much.
    """
    with path.open("rb") as file:
        return _arrays(file, path, MOST, path.stat().st_size)


def _arrays(file: BinaryIO, path: Path, limit: int, size: int) -> dict[str, str]:
    import h5py

    try:
        with h5py.File(file, "r") as weights:
            datasets = dict(_datasets(weights))
            declared = sum(dataset.size * dataset.dtype.itemsize for dataset in datasets.values())
            if declared > min(limit, max(_SMALL, _RATIO * size)):
                raise BadInputError(f"its arrays would take {declared:,} bytes; refused")
            return {name: digest_of(dataset[()]) for name, dataset in datasets.items()}
    except BadInputError as error:
        raise BadInputError(f"{path}: {error}") from error
    except Exception as error:  # h5py passes on whatever its C library meets
        raise BadInputError(f"{path}: its {WEIGHTS} cannot be read ({one_line(error)})") from error


def _datasets(weights: Any) -> Iterator[tuple[str, Any]]:
    import h5py

    names: list[str] = []
    weights.visit_links(names.append)
    for name in names:
        # A soft or external link, or external storage, would read what is not in this file.
        if not isinstance(weights.get(name, getlink=True), h5py.HardLink):
            raise BadInputError(f"its {WEIGHTS} links elsewhere at {name}; refused")
        child = weights[name]
        if isinstance(child, h5py.Dataset):
            if child.external or child.is_virtual or child.dtype.hasobject:
                raise BadInputError(f"its {WEIGHTS} keeps {name} outside itself; refused")
            yield name, child


def saved(model: Any) -> Mapping[str, str]:
    """Return the digest of every array that a `.keras` file of `model` holds."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model.save(path)
        return read(path, NO_LIMIT).entries


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


def sha256(path: Path) -> str:
    """Return the SHA-256 digest of a file."""
    return _digest(path.read_bytes())
