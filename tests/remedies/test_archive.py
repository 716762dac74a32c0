import io
import json
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

from remedies.problem import BadInputError
from remedies.state.archive import digest_of, read, require_known

CONFIG = {"class_name": "Functional", "config": {}}


def weights(fill=None):
    stored = io.BytesIO()
    with h5py.File(stored, "w") as file:
        file["dense/vars/0"] = np.arange(6, dtype="float32").reshape(2, 3)
        if fill:
            fill(file)
    return stored.getvalue()


def archive(path, config=CONFIG, h5=None, extra=None, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compression) as file:
        file.writestr(
            "config.json", config if isinstance(config, (str, bytes)) else json.dumps(config)
        )
        file.writestr("model.weights.h5", weights() if h5 is None else h5)
        for name, content in (extra or {}).items():
            file.writestr(name, content)
    return path


def test_every_array_and_asset_is_read(tmp_path):
    found = read(archive(tmp_path / "m.keras", extra={"assets/words.txt": "a b"}))
    assert set(found.entries) == {"dense/vars/0", "assets/words.txt"}
    assert found.entries["dense/vars/0"] == digest_of(np.arange(6, dtype="float32"))


def test_one_flipped_bit_in_an_array_changes_its_entry(tmp_path):
    before = read(archive(tmp_path / "a.keras")).entries["dense/vars/0"]
    flip = lambda file: file["dense/vars/0"].write_direct(  # noqa: E731
        np.array([[0, 1, 2], [3, 4, np.nextafter(np.float32(5), 6)]], "float32")
    )
    after = read(archive(tmp_path / "b.keras", h5=weights(flip))).entries["dense/vars/0"]
    assert before != after


def test_a_missing_file_a_folder_and_another_ending_are_named(tmp_path):
    (tmp_path / "d.keras").mkdir()
    (tmp_path / "m.h5").write_bytes(b"x")
    for name, says in (("no.keras", "no such file"), ("d.keras", "not a file"), ("m.h5", "end in")):
        with pytest.raises(BadInputError, match=says):
            read(tmp_path / name)


@pytest.mark.parametrize("content", [b"", b"not a zip at all", b"PK\x03\x04" + b"\0" * 60])
def test_an_empty_or_foreign_file_is_refused(tmp_path, content):
    path = tmp_path / "m.keras"
    path.write_bytes(content)
    with pytest.raises(BadInputError, match=r"m\.keras: .*(empty|not a)"):
        read(path)


@pytest.mark.parametrize("keep", [0.3, 0.6, 0.9, 0.99])
def test_a_truncated_file_is_refused(tmp_path, keep):
    path = archive(tmp_path / "m.keras")
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * keep)])
    with pytest.raises(BadInputError, match="truncated"):
        read(path)


def test_a_flipped_bit_fails_the_checksum(tmp_path):
    path = archive(tmp_path / "m.keras")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(BadInputError, match="damaged"):
        read(path)


def test_a_zip_bomb_is_refused_by_its_ratio_before_it_is_unpacked(tmp_path):
    path = archive(tmp_path / "m.keras", h5=b"\0" * (64 << 20), compression=zipfile.ZIP_DEFLATED)
    with pytest.raises(BadInputError, match="zip bomb"):
        read(path)


def test_the_total_unpacked_size_is_limited(tmp_path):
    path = archive(tmp_path / "m.keras")
    with pytest.raises(BadInputError, match="more than"):
        read(path, limit=1000)


def test_an_array_far_larger_than_its_file_is_refused(tmp_path):
    def bomb(file):
        file.create_dataset("huge", (1 << 40,), "float32", chunks=(1024,))

    with pytest.raises(BadInputError, match="arrays would take"):
        read(archive(tmp_path / "m.keras", h5=weights(bomb)))


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "a/../../evil", "C:\\evil", "..\\evil"])
def test_a_member_outside_the_archive_is_refused(tmp_path, name):
    path = archive(tmp_path / "m.keras", extra={name: "x"})
    with pytest.raises(BadInputError, match="outside the archive"):
        read(path)


def test_links_out_of_the_weights_are_refused(tmp_path):
    fills = {
        "soft": lambda file: file.__setitem__("s", h5py.SoftLink("/dense")),
        "external": lambda file: file.__setitem__("e", h5py.ExternalLink("/etc/passwd", "/")),
        "storage": lambda file: file.create_dataset(
            "x", (4,), "uint8", external=[("/etc/passwd", 0, 4)]
        ),
    }
    for name, fill in fills.items():
        with pytest.raises(BadInputError, match="refused"):
            read(archive(tmp_path / f"{name}.keras", h5=weights(fill)))


def test_a_member_held_twice_is_refused(tmp_path):
    path = archive(tmp_path / "m.keras")
    with pytest.warns(UserWarning), zipfile.ZipFile(path, "a") as file:
        file.writestr("config.json", "{}")
    with pytest.raises(BadInputError, match="two members"):
        read(path)


@pytest.mark.parametrize("config", ["{", "[]", "{}", "[" * 100_000, b"\xff\xfe\x00"])
def test_an_unusable_config_is_refused(tmp_path, config):
    with pytest.raises(BadInputError, match=r"config\.json"):
        read(archive(tmp_path / "m.keras", config))


def test_weights_that_are_not_hdf5_are_refused(tmp_path):
    with pytest.raises(BadInputError, match=r"model\.weights\.h5 cannot be read"):
        read(archive(tmp_path / "m.keras", h5=b"nonsense"))


def test_another_zip_file_is_refused(tmp_path):
    path = tmp_path / "m.keras"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("readme", "x")
    with pytest.raises(BadInputError, match=r"holds no config\.json"):
        read(path)


DENSE = {"module": "keras.layers", "class_name": "Dense", "config": {}, "registered_name": None}


def judge(*parts, custom=None, **options):
    config = {"class_name": "Sequential", "module": "keras", "config": {"layers": list(parts)}}
    require_known(config, Path("m.keras"), custom or {}, **options)


def function(module, name):
    return {"class_name": "function", "module": module, "config": name, "registered_name": name}


def test_keras_own_parts_are_known():
    judge(DENSE, function("builtins", "relu"), {"class_name": "__tuple__", "config": []})


@pytest.mark.parametrize(
    "part",
    [
        {"module": "os", "class_name": "system", "config": {}},
        {"module": "my.model", "class_name": "Mine", "config": {}, "registered_name": "pkg>Mine"},
        {"module": None, "class_name": "Mine", "config": {}, "registered_name": "Mine"},
        {"module": "kerasx.evil", "class_name": "Mine", "config": {}},
        function("os", "system"),
        function("keras.utils", "get_file"),
        function("keras.src.utils.file_utils", "get_file"),
        function("keras.config", "enable_unsafe_deserialization"),
    ],
)
def test_a_files_word_imports_nothing(part):
    with pytest.raises(BadInputError, match=r"m\.keras: .* is not registered"):
        judge(DENSE, part)


def test_custom_objects_are_known_by_registered_name():
    part = {"module": "x", "class_name": "Mine", "config": {}, "registered_name": "pkg>Mine"}
    judge(part, custom={"pkg>Mine": object})


def test_code_in_the_file_must_be_asked_for():
    part = {"class_name": "__lambda__", "config": {"value": "x"}}
    with pytest.raises(BadInputError, match="--run-code-in-file"):
        judge(part)
    judge(part, run_code_in_file=True)
