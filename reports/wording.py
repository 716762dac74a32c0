"""The words that a reader sees, and how numbers, intervals and lists are written."""

import math
from collections.abc import Iterable
from pathlib import Path

from remedies import REFERENCE

TEMPLATES = Path(__file__).with_name("templates")
BASELINE = f"the baseline ({REFERENCE})"
HARM = ("kept", "raises", "lost, with a warning", "lost, with no warning")
STEPS = {"train": "training step", "predict": "predict step"}
COSTS = {"first_step_ratio": "first step", "save_ratio": "save", "load_ratio": "load"}
JITS = {("graph",): "without XLA", ("xla",): "with XLA", ("graph", "xla"): "with and without XLA"}

NOTHING = "\N{EN DASH}"
SPACE = "\N{NO-BREAK SPACE}"
_SECONDS = {"s": 1.0, "ms": 1e-3, "\N{MICRO SIGN}s": 1e-6, "ns": 1e-9}
_BYTES = {"GB": 1e9, "MB": 1e6, "kB": 1e3, "B": 1.0}


def prose(name: str) -> list[str]:
    """Return the paragraphs of a text beside the templates, one a line."""
    return (TEMPLATES / f"{name}.txt").read_text(encoding="utf-8").splitlines()


SITUATIONS = dict(text.split(": ", 1) for text in prose("situations"))


def printable(text: str) -> str:
    """Return `text` as a line that a terminal may show."""
    return "".join(c if c.isprintable() else " " for c in text)[:300]


def rounded(value: float, uncertainty: float) -> str:
    """Return `value` with one or two digits of its uncertainty, and at most two decimals."""
    decimals = 2
    if 0 < uncertainty < math.inf:
        first = math.floor(math.log10(uncertainty))
        decimals = min(2, -first + (uncertainty / 10.0**first < 1.95))
    return f"{round(value, decimals) + 0.0:,.{max(0, decimals)}f}"


def _two(value: float) -> str:
    if not abs(value) >= 0.01:
        return "0"
    return rounded(value, 3 * 10.0 ** (math.floor(math.log10(abs(value))) - 1))


def seconds(value: float, units: dict[str, float] = _SECONDS) -> str:
    """Return a time with two significant digits: ``3.1 ms``; just under 1 ms is ``1.0 ms``."""
    fitting = (unit for unit in units if abs(value) >= 0.995 * units[unit])
    unit = next(fitting, [*units][-1])
    return f"{_two(value / units[unit])}{SPACE}{unit}" if math.isfinite(value) else NOTHING


def size(value: float) -> str:
    """Return a number of bytes with two significant digits: ``87 kB``."""
    return seconds(value, _BYTES)


def percent(share: float) -> str:
    """Return a share in percent with two significant digits: ``1.2 %``."""
    return f"{_two(100 * share)}{SPACE}%"


def between(low: str, high: str) -> str:
    """Return a range of two written amounts, with their unit once: ``1.2 to 3.4 ms``."""
    number, *unit = low.split()
    first = number if unit == high.split()[1:] else low
    return low if low == high else f"{first} to {high}"


def python(least: float, most: float, low: float, high: float) -> str:
    """Return how much longer the Python of some steps takes: ``3.1 to 3.3 µs more Python a step``.

    `low` and `high` are the ends of all their intervals.
    """
    if not math.isfinite(high - low):
        return "not known (one session gives no interval)"
    if low <= 0 <= high:
        return f"no difference shown (up to {seconds(high)} a step not ruled out)"
    word = "more" if low > 0 else "less"
    first, second = sorted((abs(low), abs(high)))
    amount = between(seconds(abs(least)), seconds(abs(most)))
    return f"{amount} {word} Python a step ({_interval(seconds(first), seconds(second))})"


def slower(center: float, low: float, high: float) -> str:
    """Return a ratio that is not 1, as a share of the baseline's time.

    >>> slower(1.012, 1.010, 1.015).replace(chr(160), " ")
    '1.2 % slower (99 % interval 1.0 to 1.5 %)'
    """
    half = (high - low) / 2
    if center >= 2:
        amount, *ends = (rounded(value, half) for value in (center, low, high))
        return f"takes {amount} times as long ({_interval(*ends)})"
    amount, *ends = (rounded(100 * abs(end - 1), 100 * half) for end in (center, low, high))
    word, ends = ("slower", ends) if center > 1 else ("faster", ends[::-1])
    return f"{amount}{SPACE}% {word} ({_interval(*ends)}{SPACE}%)"


def _interval(low: str, high: str) -> str:
    return f"99{SPACE}% interval {between(low, high)}"


def listed(items: Iterable[str]) -> str:
    """Return `items` as a list in a sentence: ``a, b and c``."""
    *others, final = [*items] or [""]
    return f"{', '.join(others)} and {final}" if others else final


def shared(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return for each distinct text of some (name, text) the list of those that have it."""
    names: dict[str, list[str]] = {}
    for name, text in pairs:
        names.setdefault(text, []).append(name)
    return {text: listed(own) for text, own in names.items()}


def counted(count: float, noun: str) -> str:
    """Return `count` and the noun in the form that goes with it: ``1 cell``, ``2 cells``."""
    return f"{count:,.0f} {noun if count == 1 else noun + 's'}"


def span(values: Iterable[float]) -> str:
    """Return the range of some whole numbers: ``4``, or ``4 to 6``."""
    low, *_, high = sorted(values) * 2
    return f"{low:,.0f}" if low == high else f"{low:,.0f} to {high:,.0f}"
