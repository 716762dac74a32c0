"""What a session file may hold, as JSON schemas made from the table of metrics."""

from __future__ import annotations

from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from remedies.metrics import METRICS

WHOLE_NUMBERS = ("batch", "size")
LARGEST = 1e18  # no count, time or number of bytes of ours comes near it

_NAME = {"type": "string", "maxLength": 100}
_TEXT = {"type": "string", "maxLength": 2000}
_COUNT = {"type": "integer", "minimum": 0, "maximum": LARGEST}
_NUMBER = {"type": "number", "minimum": -LARGEST, "maximum": LARGEST}


def _axis(name: str) -> dict[str, Any]:
    return _COUNT if name in WHOLE_NUMBERS else _NAME


_FIXED = ("workload", "batch", "device", "jit", "step", "kernel", "size", "source")
SESSION = {
    "type": "object",
    "required": ["format", "session", "status", "machine"],
    "properties": {
        "format": {"const": 1},
        "session": {
            "type": "object",
            "required": ["kind"],
            "properties": {axis: _axis(axis) for axis in _FIXED}
            | {"kind": _NAME, "launch": {"type": "integer", "minimum": 0, "maximum": 100_000}},
        },
        "status": {"enum": ["done", "failed", "unavailable"]},
        "reason": _TEXT,
        "identity": _NAME,
        "commit": _NAME,
        "setting": _NAME,
        "machine": {"type": "string", "minLength": 1, "maxLength": 100},
        "started": _NUMBER,
        "seconds": _NUMBER,
        "facts": {"type": "object", "maxProperties": 200, "additionalProperties": _TEXT},
        "health": {"type": "object", "maxProperties": 50, "additionalProperties": _NUMBER},
        "entries": {"type": "array", "maxItems": 50_000},
    },
}
_ENTRY = {
    "type": "object",
    "required": ["metric", "axes", "value"],
    "properties": {
        "metric": {"enum": [*METRICS]},
        "axes": {"type": "object"},
        "value": _NUMBER,
        "text": _TEXT,
    },
}
_AXES = {
    name: {
        "type": "object",
        "properties": {axis: _axis(axis) for axis in (*metric.axes, "source")},
        "additionalProperties": False,
    }
    for name, metric in METRICS.items()
}

_SESSION = Draft202012Validator(SESSION)
_ENTRIES = Draft202012Validator(_ENTRY)
_BY_METRIC = {name: Draft202012Validator(schema) for name, schema in _AXES.items()}


def session_fault(document: Any) -> str:
    """Return in a line what is wrong with a session file's content, apart from its entries."""
    return _fault(_SESSION, document)


def entry_fault(entry: Any) -> str:
    """Return in a line what is wrong with an entry, or an empty string."""
    return _fault(_ENTRIES, entry) or _fault(_BY_METRIC[entry["metric"]], entry["axes"])


def _fault(validator: Draft202012Validator, document: Any) -> str:
    error = best_match(validator.iter_errors(document))
    if error is None:
        return ""
    message = " ".join(error.message.split())
    return f"{error.json_path}: {message[:160]}{'...' if len(message) > 160 else ''}"
