"""What a session file may hold, as JSON schemas made from the table of metrics."""

from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from remedies.metrics import AXES, METRICS

WHOLE_NUMBERS = ("batch", "size")  # 0 where they are absent
LARGEST = 1e18  # no count, time or number of bytes of ours comes near it
LONGEST = 2000

_NAME = {"type": "string", "maxLength": 100}
_TEXT = {"type": "string", "maxLength": LONGEST}
_COUNT = {"type": "integer", "minimum": 0, "maximum": LARGEST}
_NUMBER = {"type": "number", "minimum": -LARGEST, "maximum": LARGEST}
_AXES: dict[str, Any] = {axis: _COUNT if axis in WHOLE_NUMBERS else _NAME
                         for axis in (*AXES, "source")}  # fmt: skip


def _object(properties: dict[str, Any], required: list[str], closed: bool = False) -> Any:
    made = {"type": "object", "properties": properties, "required": required}
    return Draft202012Validator(made | {"additionalProperties": not closed})


_KIND = _object(_AXES | {"kind": _NAME, "launch": _COUNT | {"maximum": 100_000}}, ["kind"]).schema
_SESSION = _object(
    {
        "format": {"const": 1},
        "session": _KIND,
        "status": {"enum": ["done", "failed", "unavailable"]},
        "reason": _TEXT,
        "machine": _NAME | {"minLength": 1},
        **dict.fromkeys(("identity", "commit", "setting"), _NAME),
        **dict.fromkeys(("started", "seconds"), _NUMBER | {"minimum": 0, "maximum": 2e11}),
        "facts": {"type": "object", "maxProperties": 200, "additionalProperties": _TEXT},
        "health": {"type": "object", "maxProperties": 50, "additionalProperties": _NUMBER},
        "entries": {"type": "array", "maxItems": 50_000},
    },
    ["format", "session", "status", "machine"],
)
_ENTRY = _object(
    {
        "metric": {"enum": [*METRICS]},
        "axes": {"type": "object"},
        "value": _NUMBER,
        "text": _TEXT,
        "error": _NUMBER | {"minimum": 0},
        "rounds": _COUNT,
    },
    ["metric", "axes", "value"],
)
_AXES_OF = {
    name: _object(
        {axis: _AXES[axis] for axis in (*metric.axes, "source")},
        [axis for axis in metric.axes if axis not in WHOLE_NUMBERS],
        closed=True,
    )
    for name, metric in METRICS.items()
}


def session_fault(document: Any) -> str:
    """Return in a line what is wrong with a session file's content, apart from its entries."""
    return _fault(_SESSION, document)


def entry_fault(entry: Any, session: dict[str, Any]) -> str:
    """Return what is wrong with an entry: it has the axes that its `session` lacks, no others."""
    if fault := _fault(_ENTRY, entry):
        return fault
    axes = {axis: session[axis] for axis in METRICS[entry["metric"]].axes if axis in session}
    return _fault(_AXES_OF[entry["metric"]], axes | entry["axes"])


def _fault(validator: Any, document: Any) -> str:
    error = best_match(validator.iter_errors(document))
    return f"{error.json_path}: {' '.join(error.message.split())[:160]}" if error else ""
