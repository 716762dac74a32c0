"""What a page is made of: sections of lists, code, tables and figures."""

import html
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

_TONES = {  # of a table's cell, by how its text begins
    r".*\(no result|not measurable here[^:]*(: a slowdown|$)": "open",
    "same (step|program|within)|holds|kept|everything|not measurable": "good",
    "no:|no,|raises|does not hold|only once|lost": "bad",
    "undecided|unreliable|not established|\N{EN DASH}$": "open",
    r"takes .* times as long|\d\S*\s% slower|\d.* slower|\d.* more Python": "slow",
    r"\d.* faster": "good",
}


@dataclass(frozen=True)
class Table:
    """A table; the first column heads the rows."""

    caption: str
    rows: Sequence[dict[str, str]]
    folded: bool = False

    @property
    def columns(self) -> list[str]:
        """The columns of all rows."""
        return [*dict.fromkeys(name for row in self.rows for name in row)]

    def markdown(self) -> str:
        """Return the table as Markdown with everything escaped."""
        cells = [self.columns, [":---"] * len(self.columns)]
        cells += [[row.get(name, "") for name in self.columns] for row in self.rows]
        return "\n".join(f"| {' | '.join(map(escape, row))} |" for row in cells)


@dataclass(frozen=True)
class Code:
    """A block of code."""

    title: str
    text: str
    folded: bool = False


@dataclass(frozen=True)
class Figure:
    """A figure; `draw` fills an empty one, in the colours that it is given, from `rows`."""

    name: str
    title: str
    alt: str
    draw: Callable[[Any, Any, Any], None]
    rows: Any


@dataclass(frozen=True)
class Section:
    """A section, with its answer in a sentence; a list may begin with its head and a colon."""

    name: str
    title: str
    answer: str
    parts: Sequence[Table | Figure | Code | list[str]] = field(default_factory=list)
    detail: str = ""


def tone(text: str) -> str:
    """Return the class of a table's cell."""
    return next((name for begins, name in _TONES.items() if re.match(begins, text)), "")


def escape(text: Any) -> str:
    """Return `text` so that Markdown shows it as it is, in one line of a table."""
    plain = html.escape(" ".join(str(text).split()), quote=False)
    return re.sub(r"([\\`*\[\]|~])|(?<!\w)(_)|(_)(?!\w)", lambda match: f"\\{match[0]}", plain)
