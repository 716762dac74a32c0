"""A verdict from a machine that ran somebody else's code: hostile until its schema is met.

Its names are those of the table of metrics and of the registry, and everything else is a number, so
that whoever shows it shows no text of a contributor's.
"""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from remedies import REMEDIES, WORKLOADS
from remedies.devices import DEVICES, TARGETS
from remedies.metrics import METRICS
from reports.gate.runs import PACKAGES
from reports.gate.verdict import FORMAT, KINDS, MOST_ROWS, UNUSABLE, WORDS, Reason, Row, Verdict
from reports.gate.verdict import status as status_of

MOST_BYTES = 1 << 20


class HostileError(ValueError):
    """A file is no verdict; the message is one line and quotes nothing of it."""


def schema() -> dict[str, Any]:
    """Return the JSON schema of a verdict."""
    choices: dict[str, Any] = {
        "metric": METRICS,
        "word": WORDS,
        "workload": ["", *WORKLOADS],
        "device": ["", *TARGETS],
        "remedy": ["", *REMEDIES],
        "mask_dtype": ["", "bool", "float32"],
        "jit": ["", "graph", "xla"],
        "step": ["", "train", "predict"],
        "reason": [reason.value for reason in Reason],
    }
    count = {"type": "integer", "minimum": 0, "maximum": 10**12}
    number = {"type": ["number", "null"], "minimum": -1e18, "maximum": 1e18}
    name = {"type": "string", "pattern": "^[a-z0-9_]{0,60}$"}
    kinds: dict[str, Any] = {"kernel": name, "situation": name, "blocks": {"type": "boolean"}}
    kinds |= {field: {"enum": [*names]} for field, names in choices.items()}
    kinds |= dict.fromkeys(("batch", "size", "more_launches"), count)
    row = _object({field.name: kinds.get(field.name, number) for field in fields(Row)})
    commit = {"type": "string", "pattern": "^[0-9a-f]{40}$"}
    lacking = [UNUSABLE, *(f"{kind}: {reason.value}" for kind in KINDS for reason in Reason)]
    verdict = {
        "format": {"const": FORMAT},
        "status": {"enum": [0, 1, 2]},
        "device": {"enum": [*DEVICES]},
        "base": commit,
        "head": commit,
        "minutes": {"type": "number", "minimum": 0, "maximum": 100_000},
        "compared": _counts(KINDS, count),
        "lacking": _counts(lacking, count),
        "differs": {"type": "array", "items": {"enum": [*PACKAGES]}, "uniqueItems": True},
        "rows": {"type": "array", "maxItems": MOST_ROWS, "items": row},
    }
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | _object(verdict)


def _counts(names: Any, count: dict[str, Any]) -> dict[str, Any]:
    current = {"enum": [*names]}
    return {"type": "object", "propertyNames": current, "additionalProperties": count}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    own = {"properties": properties, "required": [*properties], "additionalProperties": False}
    return {"type": "object", **own}


def read(file: Path) -> Verdict:
    """Read a verdict that is not to be trusted.

    Raises
    ------
    HostileError
        Where it is no plain file of 1 MiB or less, breaks `schema`, or its rows deny its status.
    """
    try:
        if file.is_symlink() or file.stat().st_size > MOST_BYTES:
            raise HostileError(f"the verdict is a link, or over {MOST_BYTES:,} bytes")
        document = json.loads(file.read_text("utf-8"), parse_constant=_refuse)
        error = best_match(Draft202012Validator(schema()).iter_errors(document))
    except HostileError:
        raise
    except (OSError, ValueError, RecursionError):
        raise HostileError("the verdict cannot be read, or is not JSON") from None
    if error is not None:
        raise HostileError(f"the verdict breaks its schema: {error.validator}")
    del document["format"]
    rows = tuple(Row(**row) for row in document.pop("rows"))
    verdict = Verdict(**(document | {"rows": rows, "differs": tuple(document["differs"])}))
    if verdict.status != status_of(rows, verdict.compared, verdict.lacking):
        raise HostileError("the verdict's status is not what its rows say")
    return verdict


def _refuse(_: str) -> None:
    raise HostileError("the verdict holds a number that is not finite")
