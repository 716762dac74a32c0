"""The words that a reader sees: of numbers, intervals, lists and comparisons."""

import math
from collections.abc import Callable, Hashable, Iterable
from pathlib import Path
from typing import Any, TypeVar

from remedies import REFERENCE
from remedies.intervals import MARGIN

TEMPLATES = Path(__file__).with_name("templates")
CONTROL = "control"
BASELINE = f"the baseline ({REFERENCE})"
HARM = ("kept", "raises", "lost, with a warning", "lost, with no warning")
STEPS = {"train": "training step", "predict": "predict step"}
COSTS = {"first_step_ratio": "first step", "save_ratio": "save", "load_ratio": "load"}
JITS = {
    ("graph",): "without XLA",
    ("xla",): "with XLA",
    ("graph", "xla"): "with and without XLA",
}

NOTHING = "\N{EN DASH}"
SPACE = "\N{NO-BREAK SPACE}"
_SECONDS = {"s": 1.0, "ms": 1e-3, "\N{MICRO SIGN}s": 1e-6, "ns": 1e-9}
_BYTES = {"GB": 1e9, "MB": 1e6, "kB": 1e3, "B": 1.0}

T = TypeVar("T", bound=Hashable)


def prose(name: str) -> list[str]:
    """Return the paragraphs of a text beside the templates, one a line."""
    return (TEMPLATES / f"{name}.txt").read_text(encoding="utf-8").splitlines()


SITUATIONS = dict(text.split(": ", 1) for text in prose("situations"))


def printable(text: str) -> str:
    """Return `text` as a line that a terminal may show."""
    return "".join(c if c.isprintable() else " " for c in text)[:300]


def rounded(value: float, uncertainty: float) -> str:
    """Return `value` with one or two digits of its uncertainty, and at most two decimals.

    >>> rounded(1.2345, 0.25), rounded(1.2345, 1e-15), rounded(1234.5, 120.0)
    ('1.2', '1.23', '1,230')
    """
    decimals = 2
    if 0 < uncertainty < math.inf:
        first = math.floor(math.log10(uncertainty))
        decimals = min(2, -first + (uncertainty / 10.0**first < 1.95))
    return f"{round(value, decimals) + 0.0:,.{max(0, decimals)}f}"


def _two(value: float) -> str:
    """Return `value` with two significant digits, and at most two decimals."""
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
    """Return how much longer the Python of some steps takes, from `low` to `high` at the utmost.

    >>> python(3.1e-6, 3.3e-6, 2.7e-6, 3.5e-6).replace(chr(160), " ")
    '3.1 to 3.3 µs more Python a step (99 % interval 2.7 to 3.5 µs)'
    >>> python(0.1e-6, 0.1e-6, -0.2e-6, 0.4e-6).replace(chr(160), " ")
    'no difference shown (up to 400 ns a step not ruled out)'
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


def shared(pairs: Iterable[tuple[str, T]]) -> dict[T, str]:
    """Return each distinct text of some (name, text) once, with the list of those that have it.

    >>> shared([("A100", "2 programs"), ("H100", "2 programs")])
    {'2 programs': 'A100 and H100'}
    """
    names: dict[T, list[str]] = {}
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


def summary(rows: Any) -> str:
    """Return in a cell of a table what all `rows` of comparisons say together, the worst first."""
    texts: list[str] = []
    said = rows["word"]
    if (said == "undecided").any():
        said = said.replace("same", "undecided")
    for word in (word for word in _SUMMARIES if (said == word).any()):
        own = rows[said == word]
        text = _SUMMARIES[word](own)
        if len(own) < len(rows):
            head, bracket, more = text.partition(" (")
            noun = COSTS.get(str(own["metric"].iat[0]), "step")
            of = f" of {counted(len(rows), noun)}" * (not texts)
            text = f"{head} in {len(own)}{of}{bracket}{more}"
        texts.append(text)
    return "; ".join(texts) or NOTHING


def _python(own: Any) -> str:
    low, high = own["low"], own["high"].max()
    if low.min() <= 0 < low.max():  # shown in some
        return f"up to {seconds(high)} more Python a step"
    return python(own["ratio"].min(), own["ratio"].max(), low.min(), high)


def _ratio(own: Any) -> str:
    if len(own) == 1:
        return slower(*own[["ratio", "low", "high"]].iloc[0])
    least, most = sorted((own["ratio"] - 1).abs().agg(["min", "max"]))
    word = "slower" if own["ratio"].iat[0] > 1 else "faster"
    return f"{between(percent(least), percent(most))} {word}"


def shares(rows: Any, end: str) -> Any:
    """Return by how much more each time is than its baseline's, as a share of that."""
    step = rows["seconds"].where(rows["seconds"] > 0)
    return (rows[end] / step).where(rows["unit"] == "seconds", rows[end] - 1)


def _undecided(own: Any) -> str:
    """Return the largest cost that is not ruled out, as a share of the step and as a time."""
    most = shares(own, "high")
    most = most[(most > 0) & (most < 1e3)]
    if not len(most):
        faster = (own["high"] <= 1).all()
        return "no difference shown (slower is ruled out)" if faster else "not known (not timed)"
    over = f" over {100 * MARGIN:g}{SPACE}%" if (own["word"] == "same").any() else ""
    time = (most * own["seconds"]).max()
    cost = percent(most.max()) + (f", {seconds(time)}," if time > 0 else "")
    return f"no difference{over} shown (up to {cost} not ruled out)"


_SUMMARIES: dict[str, Callable[[Any], str]] = {  # the worst first
    "slower": _ratio,
    "python": _python,
    "undecided": _undecided,
    "unreliable": lambda own: f"no result ({own['reason'].iat[0]})",
    "faster": _ratio,
    "same": lambda _: f"same within {100 * MARGIN:g}{SPACE}%",
    "same step": lambda _: "same step, exactly",
}


def times(rows: Any) -> str:
    """Return the range of the baseline's times."""
    own = rows.loc[rows["seconds"] > 0, "seconds"]
    return between(seconds(own.min()), seconds(own.max())) if len(own) else NOTHING


def cells(rows: Any) -> str:
    """Return which cells `rows` are from: ``image and inpaint; CPU; with XLA``."""
    workloads, devices, jits, sizes = (
        sorted({*rows[axis]} - {"", 0}) if axis in rows else []
        for axis in ("workload", "device", "jit", "size")
    )
    where = listed(workloads)
    if "batch" in rows and (most := rows.groupby("workload")["batch"].nunique().max()) > 1:
        where += f", at {most} batch sizes"
    wide = f"images {listed(map(str, sizes))} pixels wide too" if sizes else ""
    jit = JITS.get(tuple(jits)) or listed(jits)
    return "; ".join(filter(None, (where, wide, listed(map(str.upper, devices)), jit)))
