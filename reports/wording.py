"""How numbers, intervals and lists are written, with no more digits than are known."""

import math
from collections.abc import Hashable, Iterable
from typing import TypeVar

NOTHING = "\N{EN DASH}"
SPACE = "\N{NO-BREAK SPACE}"
_SECONDS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "\N{MICRO SIGN}s"), (1e-9, "ns"))
_BYTES = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1.0, "B"))


T = TypeVar("T", bound=Hashable)


def rounded(value: float, uncertainty: float) -> str:
    """Return `value` with one or two digits of its uncertainty.

    >>> rounded(1.2345, 0.25), rounded(1.2345, 0.12), rounded(1234.5, 120.0)
    ('1.2', '1.23', '1,230')
    """
    decimals = 2
    if 0 < uncertainty < math.inf:
        first = math.floor(math.log10(uncertainty))
        decimals = -first + (uncertainty / 10.0**first < 1.95)
    return f"{round(value, decimals) + 0.0:,.{max(0, decimals)}f}"


def two(value: float) -> str:
    """Return `value` with two significant digits, and no digit further than hundredths."""
    if not abs(value) >= 0.01:
        return "0"
    return rounded(value, 3 * 10.0 ** (math.floor(math.log10(abs(value))) - 1))


def _unit(value: float, units: tuple[tuple[float, str], ...]) -> tuple[float, str]:
    return next((unit for unit in units if abs(value) >= unit[0]), units[-1])


def seconds(value: float, units: tuple[tuple[float, str], ...] = _SECONDS) -> str:
    """Return a time with two significant digits: ``3.1 ms``."""
    scale, unit = _unit(value, units)
    return f"{two(value / scale)}{SPACE}{unit}" if math.isfinite(value) else NOTHING


def size(value: float) -> str:
    """Return a number of bytes with two significant digits: ``87 kB``."""
    return seconds(value, _BYTES)


def percent(share: float) -> str:
    """Return a share in percent with two significant digits: ``1.2 %``."""
    return f"{two(100 * share)}{SPACE}%"


def between(low: str, high: str) -> str:
    """Return a range of two written amounts, with their unit once: ``1.2 to 3.4 ms``."""
    number, *unit = low.split()
    first = number if unit == high.split()[1:] else low
    return low if low == high else f"{first} to {high}"


def beyond(center: float, low: float, high: float) -> str:
    """Return a difference in seconds a step with its interval, or that none can be measured.

    >>> beyond(3.1e-6, 2.7e-6, 3.5e-6).replace(chr(160), " ")
    '+3.1 µs a step [2.7, 3.5]'
    >>> beyond(0.1e-6, -0.2e-6, 0.4e-6).replace(chr(160), " ")
    'not measurable here: at most 400 ns a step'
    """
    if not math.isfinite(high - low):
        return "not measured often enough: one launch gives no interval"
    scale, unit = _unit(max(abs(low), abs(high)), _SECONDS)
    half = (high - low) / 2 / scale
    amount, *ends = (rounded(end / scale, half) for end in (abs(center), low, high))
    if low <= 0 <= high:
        return f"not measurable here: at most {ends[1]}{SPACE}{unit} a step"
    sign = "+" if center > 0 else "\N{MINUS SIGN}"
    return f"{sign}{amount}{SPACE}{unit} a step [{', '.join(ends)}]"


def slower(center: float, low: float, high: float) -> str:
    """Return a ratio that is not 1, as a share of the reference's time.

    >>> slower(1.012, 1.010, 1.015).replace(chr(160), " "), slower(2.1, 1.9, 2.3)
    ('1.2 % slower [1.0, 1.5]', 'takes 2.1 times as long [1.9, 2.3]')
    """
    half = (high - low) / 2
    if center >= 2:
        values = (rounded(value, half) for value in (center, low, high))
        return "takes {} times as long [{}, {}]".format(*values)
    first, *ends = (rounded(100 * abs(end - 1), 100 * half) for end in (center, low, high))
    word, ends = ("slower", ends) if center > 1 else ("faster", ends[::-1])
    return f"{first}{SPACE}% {word} [{', '.join(ends)}]"


def listed(items: Iterable[str]) -> str:
    """Return `items` as a list in a sentence: ``a, b and c``."""
    *others, final = [*items] or [""]
    return f"{', '.join(others)} and {final}" if others else final


def shared(pairs: Iterable[tuple[str, T]]) -> dict[T, str]:
    """Return each distinct text of some (name, text) once, with the list of those that have it.

    >>> shared([("A100", "2 programs"), ("H100", "2 programs")])
    {'2 programs': 'A100 and H100'}
    """
    names: dict[T, list[str]] = {}
    for name, text in pairs:
        names.setdefault(text, []).append(name)
    return {text: listed(own) for text, own in names.items()}


def counted(count: float, noun: str, plural: str = "") -> str:
    """Return `count` and the noun in the form that goes with it: ``1 cell``, ``2 cells``."""
    return f"{count:,.0f} {noun if count == 1 else plural or noun + 's'}"


def span(values: Iterable[float]) -> str:
    """Return the range of some whole numbers: ``4``, or ``4 to 6``."""
    low, *_, high = sorted(values) * 2
    return f"{low:,.0f}" if low == high else f"{low:,.0f} to {high:,.0f}"
