"""A `.keras` file as evidence: judged before it is trusted, then read bit for bit."""

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

from remedies.problem import BadInputError, refusing
from remedies.state.inventory import Item, take

CONFIG, WEIGHTS = "config.json", "model.weights.h5"
_SMALL, _RATIO = 16 << 20, 100  # Keras compresses nothing: what unpacks to more is a bomb
# Functions of these are no part of a model, and have been used to attack those who load one.
_KERAS, _NOT_MODELING = ("keras", "keras_hub", "builtins"), {"config", "export", "saving", "utils"}


@dataclass(frozen=True)
class Archive:
    """A judged `.keras` file."""

    path: Path
    config: Mapping[str, Any]  # its config.json
    entries: Mapping[str, str]  # the digest of every array in its HDF5 file and of every asset


def read(path: str | Path) -> Archive:
    """Judge the `.keras` file at `path` and read all that it holds; runs none of its code."""
    path = Path(path)
    if path.is_file() and path.suffix != ".keras":
        raise BadInputError(f"{path}: not a .keras file; its name must end in .keras")
    with opened(path, "a .keras file") as archive:
        texts, weights = archive.read(CONFIG), archive.read(WEIGHTS)
        with refusing(f"{path}: its {CONFIG} does not describe a Keras model"):
            config = json.loads(texts)
            config["class_name"]
        entries = arrays_in(path, weights)
        for name in archive.namelist():
            if name.startswith("assets/") and not name.endswith("/"):
                entries[name] = digest_of(archive.read(name))
        return Archive(path, config, entries)


@contextlib.contextmanager
def opened(path: Path, kind: str) -> Iterator[zipfile.ZipFile]:
    """Open a zip file that is judged first; `BadInputError` for harm, and damage in the block."""
    if not path.exists():
        raise BadInputError(f"{path}: no such file")
    with refusing(f"{path}: truncated, damaged or not {kind}"), zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        places = [PureWindowsPath(name) for name in names]  # knows the separators of both
        size, unpacked = path.stat().st_size, sum(each.file_size for each in archive.filelist)
        if len({*names}) < len(names):
            raise BadInputError(f"{path}: holds two members of one name; refused")
        if any(place.anchor or ".." in place.parts for place in places):
            raise BadInputError(f"{path}: a member points outside the archive; refused")
        if unpacked > max(_SMALL, _RATIO * size):
            bomb = f"a zip bomb: {size:,} bytes would unpack to {unpacked:,}"
            raise BadInputError(f"{path}: {bomb}; refused")
        # Reading to the end checks each CRC: a flipped bit is seen here, not in training.
        if damaged := archive.testzip():
            raise zipfile.BadZipFile(f"member {damaged!r} has a wrong checksum")
        yield archive


def require_known(config: Any, path: Path, custom_objects: Mapping[str, Any]) -> None:
    """Refuse a config that needs code which the user did not hand over: older Keras imports it."""
    import keras

    unknown, objects = {}, list[dict[str, Any]]()
    json.loads(json.dumps(config), object_hook=objects.append)  # however deep they lie
    for part in [part for part in objects if "config" in part]:
        kind, module = str(part.get("class_name", "__")), str(part.get("module") or "")
        if kind == "__lambda__":
            raise BadInputError(
                f"{path}: holds Python code of its own (a Lambda layer), which is not run; "
                "if you trust the file, name what makes the model: --factory train.py:make"
            )
        function, (root, *inner) = kind == "function", module.split(".")
        name = str(part["config"] if function else part.get("registered_name") or kind)
        harmful = function and (_NOT_MODELING & {*inner} or (root == "builtins" and ">" in name))
        known = kind.startswith("__") or (root in _KERAS and not harmful)
        if not known:
            unknown[name] = keras.saving.get_registered_object(name, dict(custom_objects))
    if names := [repr(name) for name, known in unknown.items() if known is None]:
        raise BadInputError(
            f"{path}: its class or function {', '.join(names)} is not registered; "
            "name the module that defines it: --custom-objects your_model.py"
        )


def arrays_in(path: Path, content: bytes = b"") -> dict[str, str]:
    """Return the digest of every array of a safe HDF5 file of weights, by its path in it."""
    import h5py

    content = content or path.read_bytes()
    links: dict[str, Any] = {}
    arrays: dict[str, Any] = {}
    name = f"{path}: its {WEIGHTS}"
    with refusing(f"{name} cannot be read"), h5py.File(io.BytesIO(content), "r") as weights:
        weights.visititems_links(links.__setitem__)
        for place, link in links.items():
            # A soft or external link, or external storage, would read what is not in it.
            outside = not isinstance(link, h5py.HardLink)
            if not outside and isinstance(array := weights[place], h5py.Dataset):
                arrays[place] = array
                outside = array.external or array.is_virtual or array.dtype.hasobject
            if outside:
                raise BadInputError(f"{name} keeps {place} outside itself; refused")
        declared = sum(array.size * array.dtype.itemsize for array in arrays.values())
        if declared > max(_SMALL, _RATIO * len(content)):
            raise BadInputError(f"{path}: its arrays would take {declared:,} bytes; refused")
        return {place: digest_of(array[()]) for place, array in arrays.items()}


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
    """Return the digest of an array's bytes, or of bytes themselves."""
    content = value if isinstance(value, bytes) else np.asarray(value).tobytes()
    return hashlib.sha256(content).hexdigest()
