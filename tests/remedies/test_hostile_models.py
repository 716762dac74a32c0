"""Model files and samples from anywhere: read whole, or refused in one line; never a traceback."""

import io
import json
import tempfile
import zipfile
from functools import lru_cache
from pathlib import Path

import h5py
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from remedies.feed import load_sample
from remedies.problem import BadInputError
from remedies.state.archive import Archive, read
from remedies.target import from_factory

FEW = settings(max_examples=250)
DAMAGE = st.lists(
    st.tuples(st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=4)), max_size=6
)


@lru_cache
def model(compression):
    weights = io.BytesIO()
    with h5py.File(weights, "w") as file:
        for layer in range(3):
            file[f"layers/dense_{layer}/vars/0"] = np.arange(12, dtype="float32")
        file.create_dataset("packed", data=np.zeros(4096), chunks=(512,), compression="gzip")
    config = {"class_name": "Functional", "config": {"name": "m", "layers": [1, 2]}}
    return zipped(
        {"config.json": json.dumps(config).encode(), "model.weights.h5": weights.getvalue()},
        compression,
    )


@lru_cache
def sample():
    file = io.BytesIO()
    np.savez_compressed(file, x=np.ones((2, 3)), mask=np.zeros((2, 3), bool))
    return file.getvalue()


def zipped(members, compression=zipfile.ZIP_STORED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file.getvalue()


def damaged(data, damage, keep):
    made = bytearray(data)
    for place, new in damage:
        start = int(place * len(made))
        made[start : start + len(new)] = new
    return bytes(made[: round(keep * len(made))])


def judged(reader, data, name):
    """Return what `reader` makes of `data`, None where it refuses in one line."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(data)
        try:
            found = reader(path)
        except BadInputError as error:
            assert len(str(error).splitlines()) == 1
            assert name in str(error)
            found = None
        assert [p.name for p in Path(folder).iterdir()] == [name]
    return found


@given(
    st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]),
    DAMAGE,
    st.sampled_from([1, 1, 0.99, 0.5, 0.1]),
)
@FEW
def test_a_damaged_model_file_is_refused_or_read_whole(compression, damage, keep):
    data = damaged(model(compression), damage, keep)
    found = judged(read, data, "m.keras")
    assert found is None or isinstance(found, Archive)


@given(DAMAGE)
@FEW
def test_damaged_weights_in_a_sound_archive_are_refused_or_read(damage):
    # The checksum would find the damage: here the archive is made of damaged weights.
    with zipfile.ZipFile(io.BytesIO(model(zipfile.ZIP_STORED))) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["model.weights.h5"] = damaged(members["model.weights.h5"], damage, 1)
    judged(read, zipped(members), "m.keras")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(
    st.dictionaries(
        st.sampled_from(
            ["config.json", "model.weights.h5", "assets/../../x", "assets/a", "/x", "a\\..\\b"]
        )
        | st.text(min_size=1, max_size=10),
        st.binary(max_size=30) | JSON.map(lambda made: json.dumps(made).encode()),
        max_size=4,
    ),
)
@FEW
def test_an_archive_of_anything_is_refused(members):
    names = [name for name in members if "\0" not in name]
    data = zipped({name: members[name] for name in names})
    assert judged(read, data, "m.keras") is None


@given(DAMAGE, st.sampled_from([1, 1, 0.9, 0.3]))
@FEW
def test_a_damaged_sample_is_refused_or_read(damage, keep):
    judged(load_sample, damaged(sample(), damage, keep), "s.npz")


@given(st.text(st.characters(categories=["L", "N", "P", "S"]), max_size=30))
@settings(max_examples=100)
def test_a_target_of_any_text_is_refused_in_one_line(text):
    for target in (text, f"{text}:make", f"no_such_module_{text}:make", f"{text}.py:make"):
        try:
            from_factory(target)
        except BadInputError as error:
            assert len(str(error).split("\n")) == 1
        else:
            raise AssertionError(target)
