from pathlib import Path

import pytest

from remedies.problem import BadInputError
from remedies.trust import require_known

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
