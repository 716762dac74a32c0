"""How numbers, intervals and lists are written in sentences and tables."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime, timezone

_SCALES = ((1.0, "s"), (1e-3, "ms"), (1e-6, "\N{MICRO SIGN}s"), (1e-9, "ns"))


def number(value: float) -> str:
    """Return `value` as a count where it is whole, else with three significant digits."""
    if not math.isfinite(value):
        return "unbounded" if math.isinf(value) else "\N{EN DASH}"
    return f"{value:,.0f}" if value == round(value) else f"{value:.3g}"


def ratio(value: float) -> str:
    """Return a ratio with as many decimals as a margin of a percent needs."""
    if math.isinf(value):
        return "\N{INFINITY}" if value > 0 else "-\N{INFINITY}"
    return f"{value:.3f}" if abs(value) < 10 else f"{value:.3g}"


def interval(low: float, high: float) -> str:
    """Return the bounds of a ratio's interval in words."""
    return f"{ratio(low)} to {ratio(high)}"


def seconds(value: float, low: float = math.nan, high: float = math.nan) -> str:
    """Return a duration in the unit that suits it, with its interval where there is one."""
    if not math.isfinite(value):
        return "\N{EN DASH}"
    scale, unit = next((s for s in _SCALES if abs(value) >= s[0]), _SCALES[-1])
    text = f"{value / scale:.3g}\N{NO-BREAK SPACE}{unit}"
    if math.isnan(low) or math.isnan(high):
        return text
    bounds = (f"{b / scale:.3g}" if math.isfinite(b) else ratio(b) for b in (low, high))
    return f"{text} [{', '.join(bounds)}]"


def size(value: float) -> str:
    """Return a number of bytes in KiB."""
    return f"{value / 1024:,.1f}\N{NO-BREAK SPACE}KiB" if math.isfinite(value) else "\N{EN DASH}"


def amount(value: float) -> str:
    """Return a number of bytes in the decimal unit that suits it: ``250 kB``, ``1 GB``."""
    if not math.isfinite(value):
        return "\N{EN DASH}"
    units = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1.0, "B"))
    scale, unit = next((u for u in units if abs(value) >= u[0]), units[-1])
    return f"{value / scale:.3g}\N{NO-BREAK SPACE}{unit}"


def day(milliseconds: float) -> str:
    """Return a time in milliseconds since 1970 as a date and time of day, UTC."""
    try:
        moment = datetime.fromtimestamp(milliseconds / 1000, timezone.utc)
    except (ValueError, OverflowError, OSError):
        return "at an unknown time"
    return moment.strftime("%Y-%m-%d %H:%M UTC")


def listed(items: Iterable[str], last: str = "and") -> str:
    """Return `items` as a list in a sentence: ``a, b and c``."""
    found = list(items)
    if len(found) < 2:
        return "".join(found)
    return f"{', '.join(found[:-1])} {last} {found[-1]}"


def counted(count: float, one: str, many: str = "") -> str:
    """Return `count` and the noun in the form that goes with it: ``1 cell``, ``2 cells``."""
    return f"{number(count)} {one if count == 1 else many or one + 's'}"


def sampled(values: Iterable[float]) -> str:
    """Return the range of some sample counts: ``n = 420``, or ``n = 380 to 420``."""
    found = sorted({v for v in values if math.isfinite(v) and v > 0})
    if not found:
        return "n unknown"
    many = number(found[0]) if len(found) == 1 else f"{number(found[0])} to {number(found[-1])}"
    return f"n\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}{many}"
