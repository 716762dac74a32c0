"""How numbers, intervals and lists are written, with no more digits than are known."""

from __future__ import annotations

import math
from collections.abc import Iterable

NOTHING = "\N{EN DASH}"
_SPACE = "\N{NO-BREAK SPACE}"
_SECONDS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "\N{MICRO SIGN}s"), (1e-9, "ns"))
_BYTES = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1.0, "B"))


def digits(uncertainty: float) -> int:
    """Return how many decimals a number with this uncertainty deserves: one or two digits of it.

    >>> digits(0.25), digits(0.12), digits(30.0)
    (1, 2, -1)
    """
    if not 0 < uncertainty < math.inf:
        return 2
    first = math.floor(math.log10(uncertainty))
    return -first + (uncertainty / 10.0**first < 1.95)


def known(value: float, uncertainty: float) -> str:
    """Return `value` with the decimals that its uncertainty leaves.

    >>> known(1.2345, 0.25), known(1234.5, 120.0)
    ('1.2', '1,230')
    """
    decimals = digits(uncertainty)
    rounded = round(value, decimals) + 0.0
    return f"{rounded:,.{max(0, decimals)}f}"


def two(value: float) -> str:
    """Return `value` with two significant digits, and no digit further than hundredths.

    >>> two(3.1234), two(1234.0), two(0.0)
    ('3.1', '1,200', '0')
    """
    if not abs(value) >= 0.01:
        return "0"
    return known(value, 3 * 10.0 ** (math.floor(math.log10(abs(value))) - 1))


def scaled(values: Iterable[float], units: tuple[tuple[float, str], ...]) -> tuple[float, str]:
    """Return the unit, with its size, that suits the largest of `values`."""
    largest = max((abs(value) for value in values if math.isfinite(value)), default=0.0)
    return next((unit for unit in units if largest >= unit[0]), units[-1])


def seconds(value: float) -> str:
    """Return a time with two significant digits: ``3.1 ms``.

    >>> seconds(0.00312).replace(chr(160), " ")
    '3.1 ms'
    """
    return _amount(value, _SECONDS)


def size(value: float) -> str:
    """Return a number of bytes with two significant digits: ``87 kB``."""
    return _amount(value, _BYTES)


def _amount(value: float, units: tuple[tuple[float, str], ...]) -> str:
    if not math.isfinite(value):
        return NOTHING
    scale, unit = scaled([value], units)
    shown = value / scale
    return f"{two(shown)}{_SPACE}{unit}"


def percent(share: float) -> str:
    """Return a share in percent with two significant digits: ``1.2 %``."""
    return f"{two(100 * share)}{_SPACE}%"


def beyond(center: float, low: float, high: float) -> str:
    """Return a difference in seconds a step with its interval, or that none can be measured.

    >>> beyond(3.1e-6, 2.7e-6, 3.5e-6).replace(chr(160), " ")
    '+3.1 µs a step [2.7, 3.5]'
    >>> beyond(0.1e-6, -0.2e-6, 0.4e-6).replace(chr(160), " ")
    'not measurable here: at most 400 ns a step'
    """
    if not math.isfinite(high - low):
        return "not measured often enough: one launch gives no interval"
    scale, unit = scaled([low, high], _SECONDS)
    half = (high - low) / 2 / scale
    center, low, high = center / scale, low / scale, high / scale
    if low <= 0 <= high:
        return f"not measurable here: at most {known(high, half)}{_SPACE}{unit} a step"
    sign = "+" if center > 0 else "\N{MINUS SIGN}"
    return (
        f"{sign}{known(abs(center), half)}{_SPACE}{unit} a step "
        f"[{known(low, half)}, {known(high, half)}]"
    )


def slower(center: float, low: float, high: float) -> str:
    """Return a ratio that is not 1, as a share of the reference's time.

    >>> slower(1.012, 1.010, 1.015).replace(chr(160), " ")
    '1.2 % slower [1.0, 1.5]'
    >>> slower(2.1, 1.9, 2.3)
    'takes 2.1 times as long [1.9, 2.3]'
    """
    half = (high - low) / 2
    if center >= 2:
        values = (known(value, half) for value in (center, low, high))
        return "takes {} times as long [{}, {}]".format(*values)
    word = "slower" if center > 1 else "faster"
    shares = [100 * abs(value - 1) for value in (center, low, high)]
    first, *ends = (known(share, 100 * half) for share in shares)
    return f"{first}{_SPACE}% {word} [{', '.join(ends if center > 1 else reversed(ends))}]"


def listed(items: Iterable[str], last: str = "and") -> str:
    """Return `items` as a list in a sentence: ``a, b and c``."""
    *others, final = [*items] or [""]
    return f"{', '.join(others)} {last} {final}" if others else final


def counted(count: float, noun: str, plural: str = "") -> str:
    """Return `count` and the noun in the form that goes with it: ``1 cell``, ``2 cells``."""
    return f"{count:,.0f} {noun if count == 1 else plural or noun + 's'}"


def span(values: Iterable[float]) -> str:
    """Return the range of some whole numbers: ``4``, or ``4 to 6``."""
    low, *_, high = sorted(values) * 2
    return f"{low:,.0f}" if low == high else f"{low:,.0f} to {high:,.0f}"
