"""Which code a `.keras` file asks for, and whether the user has vouched for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from remedies.problem import BadInputError

# Functions of these are no part of a model, and have been used to attack those who load one.
_NOT_MODELING = {"config", "export", "saving", "utils"}


def require_known(
    config: Mapping[str, Any],
    path: Path,
    custom_objects: Mapping[str, Any],
    *,
    run_code_in_file: bool = False,
) -> None:
    """Refuse a model config that needs code which the user did not hand over.

    Older Keras imports whatever module a config names; nothing is imported on a file's word here.

    Raises
    ------
    BadInputError
        Naming the classes that are not registered, or the code inside the file.
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
