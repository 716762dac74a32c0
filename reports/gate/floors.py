"""How large a change must be before it counts: from what runs without any change showed."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

LEAST = 0.03
FILE = Path(__file__).with_name("floors.json")


def floors(device: str, file: Path = FILE) -> Mapping[str, float]:
    """Return metric -> floor: the larger of 3 % and twice the spread that A/A runs showed.

    The spread is the standard error of screening's estimate without any change; it is measured by
    ``scripts/alert_quality``, which writes `file`.
    """
    measured = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    spreads = measured.get(device, {}).get("spread", {})
    found = {metric: max(LEAST, 2 * spread) for metric, spread in spreads.items()}
    return defaultdict(lambda: LEAST, found)
