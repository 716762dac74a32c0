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


def test_a_missing_file_a_folder_and_another_ending_are_named(tmp_path):
    (tmp_path / "d.keras").mkdir()
    (tmp_path / "m.h5").write_bytes(b"x")
    for name, says in (("no.keras", "no such file"), ("d.keras", "not a"), ("m.h5", "end in")):
        with pytest.raises(BadInputError, match=says):
            read(tmp_path / name)


def flipped(content):
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"not a zip at all",
        lambda content: b"PK\x03\x04" + b"\0" * 60,
        *(lambda content, keep=keep: content[: len(content) * keep // 100] for keep in (0, 50, 99)),
        flipped,
    ],
)
def test_what_is_no_whole_archive_is_refused(tmp_path, damage):
    path = archive(tmp_path / "m.keras")
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(BadInputError, match=r"m\.keras: truncated, damaged or not a \.keras file"):
        read(path)


OUTSIDE = ["../evil", "/etc/evil", "a/../../evil", "C:\\evil", "..\\evil"]
HUGE = {"shape": (1 << 40,), "dtype": "float32", "chunks": (1024,)}
ELSEWHERE = {"shape": (4,), "dtype": "uint8", "external": [("/etc/passwd", 0, 4)]}


@pytest.mark.parametrize(
    ("made", "says"),
    [
        ({"h5": b"\0" * (64 << 20), "compression": zipfile.ZIP_DEFLATED}, "zip bomb"),
        *(({"extra": {name: "x"}}, "outside the archive") for name in OUTSIDE),
        *(({"config": text}, r"config\.json") for text in ("{", "[]", "{}", "[" * 100_000)),
        ({"config": b"\xff\xfe\x00"}, r"config\.json"),
        ({"h5": b"nonsense"}, r"model\.weights\.h5 cannot be read"),
        ({"fill": lambda file: file.create_dataset("a", **HUGE)}, "arrays would take"),
        ({"fill": lambda file: file.create_dataset("a", **ELSEWHERE)}, "outside itself"),
        ({"fill": lambda file: file.update(a=h5py.SoftLink("/dense"))}, "outside itself"),
        ({"fill": lambda file: file.update(a=h5py.ExternalLink("/etc/x", "/"))}, "outside itself"),
    ],
)
def test_what_could_harm_is_refused(tmp_path, made, says):
    fill = made.pop("fill", None)
    made |= {"h5": weights(fill)} if fill else {}
    with pytest.raises(BadInputError, match=says):
        read(archive(tmp_path / "m.keras", **made))


def test_a_member_held_twice_and_another_zip_file_are_refused(tmp_path):
    path = archive(tmp_path / "m.keras")
    with pytest.warns(UserWarning), zipfile.ZipFile(path, "a") as file:
        file.writestr("config.json", "{}")
    with pytest.raises(BadInputError, match="two members"):
        read(path)
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("readme", "x")
    with pytest.raises(BadInputError, match=r"no item named 'config\.json'"):
        read(path)


DENSE = {"module": "keras.layers", "class_name": "Dense", "config": {}, "registered_name": None}


def judge(*parts, custom=None):
    config = {"class_name": "Sequential", "module": "keras", "config": {"layers": list(parts)}}
    require_known(config, Path("m.keras"), custom or {})


def function(module, name):
    return {"class_name": "function", "module": module, "config": name, "registered_name": name}


MINE = {"module": "my.model", "class_name": "Mine", "config": {}, "registered_name": "pkg>Mine"}


def test_keras_own_parts_and_custom_objects_by_registered_name_are_known():
    judge(DENSE, function("builtins", "relu"), {"class_name": "__tuple__", "config": []})
    judge(MINE, custom={"pkg>Mine": object})


@pytest.mark.parametrize(
    "part",
    [
        {"module": "os", "class_name": "system", "config": {}},
        MINE,
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


def test_code_in_the_file_is_not_run():
    with pytest.raises(BadInputError, match=r"Python code of its own.*--factory"):
        judge({"class_name": "__lambda__", "config": {"value": "x"}})
