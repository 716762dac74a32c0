"""A `.keras` file as evidence: judged before it is trusted, then read bit for bit."""

from __future__ import annotations

import hashlib
import io
import json
import stat
import struct
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import numpy as np

from remedies.problem import BadInputError, one_line

CONFIG, WEIGHTS = "config.json", "model.weights.h5"
# What Python's zipfile raises for a damaged archive: RuntimeError includes NotImplementedError.
DAMAGED = (zipfile.BadZipFile, RuntimeError, KeyError, struct.error)
_CHUNK = 1 << 20
_CONFIG_LIMIT = 256 << 20
_RATIO_FLOOR = 16 << 20


@dataclass(frozen=True)
class Limits:
    """How much a file may unpack to.

    Attributes
    ----------
    total : int
        Bytes that all members, or all stored arrays, may take together.
    ratio : int
        Times a member over 16 MiB may exceed its compressed size; Keras itself compresses nothing.
    """

    total: int = 8 << 30
    ratio: int = 100


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True)
class Entry:
    """One array (or asset) that a file holds, known by its bytes' digest."""

    shape: tuple[int, ...]
    dtype: str
    digest: str


@dataclass(frozen=True)
class Archive:
    """A judged `.keras` file.

    Attributes
    ----------
    path : pathlib.Path
        Where it is.
    config : mapping
        Its ``config.json``.
    entries : mapping of str to Entry
        Every array in its HDF5 file by path, and every asset.
    sha256 : str
        Digest of the whole file.
    """

    path: Path
    config: Mapping[str, Any]
    entries: Mapping[str, Entry]
    sha256: str


def read(path: str | Path, limits: Limits = DEFAULT_LIMITS) -> Archive:
    """Judge the `.keras` file at `path` and read all that it holds; runs none of its code.

    Raises
    ------
    BadInputError
        For a file that is missing, empty, truncated, no `.keras` archive, or that would unpack to
        more than `limits` or outside its folder.
    """
    path = Path(path)
    _require_file(path)
    try:
        with zipfile.ZipFile(path) as archive:
            judge_members(archive, path, limits)
            config = _config(archive, path)
            entries = _arrays(archive, path, limits) | _assets(archive)
    except BadInputError:
        raise
    except (*DAMAGED, EOFError, ValueError, OSError) as error:  # an offset can be anywhere
        raise BadInputError(f"{path}: damaged or not a .keras file ({one_line(error)})") from error
    return Archive(path, config, entries, sha256(path))


def _require_file(path: Path) -> None:
    if not path.exists():
        raise BadInputError(f"{path}: no such file")
    if not path.is_file():
        raise BadInputError(f"{path}: not a file; an unzipped folder must be zipped first")
    if path.suffix != ".keras":
        raise BadInputError(f"{path}: not a .keras file; its name must end in .keras")
    if not path.stat().st_size:
        raise BadInputError(f"{path}: the file is empty")
    if not zipfile.is_zipfile(path):
        raise BadInputError(f"{path}: truncated or not a zip archive, so not a .keras file")


def judge_members(archive: zipfile.ZipFile, path: Path, limits: Limits = DEFAULT_LIMITS) -> None:
    """Refuse an archive by what it declares, then by what its members really unpack to.

    Raises
    ------
    BadInputError
        For members that leave the folder, repeat, are links or encrypted, or exceed `limits`.
    """
    infos = archive.infolist()
    names = [info.filename for info in infos]
    if len(set(names)) != len(names):
        raise BadInputError(f"{path}: holds two members of one name; refused")
    for info in infos:
        _judge_member(info, path, limits)
    if sum(info.file_size for info in infos) > limits.total:
        raise BadInputError(f"{path}: would unpack to more than {_size(limits.total)}; refused")
    for info in infos:
        _unpack(archive, info, path)


def _judge_member(info: zipfile.ZipInfo, path: Path, limits: Limits) -> None:
    name = info.filename
    parts = {*PurePosixPath(name).parts, *PureWindowsPath(name).parts}
    rooted = PurePosixPath(name).is_absolute() or PureWindowsPath(name).anchor
    if rooted or ".." in parts or stat.S_ISLNK(info.external_attr >> 16):
        raise BadInputError(f"{path}: member {name!r} points outside the archive; refused")
    if info.flag_bits & 1:
        raise BadInputError(f"{path}: member {name!r} is encrypted; Keras cannot read it")
    if info.file_size > max(_RATIO_FLOOR, limits.ratio * info.compress_size):
        raise BadInputError(
            f"{path}: member {name!r} would unpack from {_size(info.compress_size)} to "
            f"{_size(info.file_size)}; refused as a zip bomb"
        )


def _unpack(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path) -> None:
    # Reading to the end also checks the CRC: a flipped bit is found here, not in training.
    unpacked = sum(len(chunk) for chunk in _chunks(archive, info.filename))
    if unpacked != info.file_size:
        raise BadInputError(f"{path}: member {info.filename!r} is not of the size it declares")


def _chunks(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    try:
        with archive.open(name) as member:
            while chunk := member.read(_CHUNK):
                yield chunk
    except OSError:
        raise
    except Exception as error:  # zlib, lzma and bz2 each raise their own
        raise zipfile.BadZipFile(f"member {name!r}: {error}") from error


def _config(archive: zipfile.ZipFile, path: Path) -> dict[str, Any]:
    for name in (CONFIG, WEIGHTS):
        if name not in archive.namelist():
            raise BadInputError(f"{path}: not a .keras file, it holds no {name}")
    if archive.getinfo(CONFIG).file_size > _CONFIG_LIMIT:
        raise BadInputError(f"{path}: its {CONFIG} is over {_size(_CONFIG_LIMIT)}; refused")
    try:
        config = json.loads(archive.read(CONFIG))
    except (ValueError, RecursionError) as error:
        raise BadInputError(f"{path}: its {CONFIG} is not usable JSON ({error})") from error
    if not isinstance(config, dict) or "class_name" not in config:
        raise BadInputError(f"{path}: its {CONFIG} does not describe a Keras model")
    return config


def _arrays(archive: zipfile.ZipFile, path: Path, limits: Limits) -> dict[str, Entry]:
    content = io.BytesIO(archive.read(WEIGHTS))
    return arrays_in(content, limits, archive.getinfo(WEIGHTS).file_size, path)


def arrays_in(
    source: Path | io.BytesIO,
    limits: Limits = DEFAULT_LIMITS,
    size: int = 0,
    path: Path | None = None,
) -> dict[str, Entry]:
    """Return every array of an HDF5 file of weights, by its path in it.

    Raises
    ------
    BadInputError
        For what is none, links elsewhere or would take more than `limits`.
    """
    import h5py

    path = source if isinstance(source, Path) else path
    size = size or (source.stat().st_size if isinstance(source, Path) else 0)
    try:
        with h5py.File(source, "r") as file:
            datasets = dict(_datasets(file, "", set()))
            declared = sum(dataset.size * dataset.dtype.itemsize for dataset in datasets.values())
            if declared > min(limits.total, max(_RATIO_FLOOR, limits.ratio * size)):
                raise BadInputError(f"its arrays would take {_size(declared)}; refused")
            return {name: _entry(dataset) for name, dataset in datasets.items()}
    except BadInputError as error:
        raise BadInputError(f"{path}: {error}") from error
    except Exception as error:  # h5py passes on whatever its C library meets
        raise BadInputError(f"{path}: its {WEIGHTS} cannot be read ({one_line(error)})") from error


def _datasets(group: Any, prefix: str, seen: set[int]) -> Iterator[tuple[str, Any]]:
    import h5py

    for name in group:
        # A soft or external link, or external storage, would read what is not in this file.
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise BadInputError(f"its {WEIGHTS} links elsewhere at {prefix}{name}; refused")
        child = group[name]
        address = int(h5py.h5o.get_info(child.id).addr)
        if address in seen:
            continue
        seen.add(address)
        if isinstance(child, h5py.Group):
            yield from _datasets(child, f"{prefix}{name}/", seen)
        elif child.external or child.is_virtual or child.dtype.hasobject:
            raise BadInputError(f"its {WEIGHTS} keeps {prefix}{name} outside itself; refused")
        else:
            yield f"{prefix}{name}", child


def _entry(dataset: Any) -> Entry:
    value = dataset[()]
    return Entry(tuple(dataset.shape), str(dataset.dtype), digest_of(value))


def digest_of(value: Any) -> str:
    """Return the digest of an array's bytes, as an `Entry` has it."""
    return hashlib.sha256(np.asarray(value).tobytes()).hexdigest()


def _assets(archive: zipfile.ZipFile) -> dict[str, Entry]:
    result = {}
    for info in archive.infolist():
        if info.filename.startswith("assets/") and not info.is_dir():
            digest = hashlib.sha256()
            for chunk in _chunks(archive, info.filename):
                digest.update(chunk)
            result[info.filename] = Entry((info.file_size,), "bytes", digest.hexdigest())
    return result


def sha256(path: Path) -> str:
    """Return the file's SHA-256 digest, read in pieces."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _size(count: float) -> str:
    for unit in ("B", "KiB", "MiB"):
        if count < 1024:
            return f"{count:.0f} {unit}"
        count /= 1024
    return f"{count:.1f} GiB"
