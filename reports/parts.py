"""What a page is made of: sections of notes, code, tables and figures."""

import html
import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

_TONES = {  # of a table's cell, by how its text begins
    r"no (result|difference)|not (known|established)|\N{EN DASH}$": "open",
    "same (step|program|within)|holds|everything": "good",
    "no:|does not hold|only once": "bad",
    r"takes .* times as long|\d.* slower|(\d|up to).* more Python": "slow",
    r"\d.* faster": "good",
}


@dataclass(frozen=True)
class Note:
    """A list, with or without a head."""

    items: Sequence[str]
    head: str = ""
    kind: ClassVar[str] = "note"


@dataclass(frozen=True)
class Table:
    """A table, or a heat map with cells of one word; the first column heads the rows."""

    caption: str
    rows: Sequence[dict[str, str]]
    folded: bool = False
    kind: str = "table"
    below: str = ""

    @property
    def columns(self) -> list[str]:
        """The columns of all rows."""
        return [*dict.fromkeys(name for row in self.rows for name in row)]


@dataclass(frozen=True)
class Code:
    """A change of code."""

    title: str
    text: str
    folded: bool = False
    kind: ClassVar[str] = "code"


@dataclass(frozen=True)
class Figure:
    """A figure; `draw` fills an empty one, in the colours that it is given, from `rows`."""

    name: str
    title: str
    alt: str
    draw: Callable[[Any, Any, Any], None]
    rows: Any
    kind: ClassVar[str] = "figure"


@dataclass(frozen=True)
class Section:
    """A section, with its answer in a sentence."""

    name: str
    title: str
    answer: str
    parts: Sequence[Note | Table | Figure | Code] = field(default_factory=list)
    detail: str = ""

    @property
    def blocks(self) -> list[tuple[bool, list[Any]]]:
        """The parts in their order; notes and code that stand side by side are together."""
        brief = lambda part: part.kind == "note" or (part.kind == "code" and not part.folded)  # noqa: E731
        return [(beside, [*own]) for beside, own in itertools.groupby(self.parts, brief)]


def tone(text: str) -> str:
    """Return the class of a table's cell."""
    return next((name for begins, name in _TONES.items() if re.match(begins, text)), "")


def escape(text: Any) -> str:
    """Return `text` so that Markdown shows it as it is, in one line of a table."""
    plain = html.escape(" ".join(str(text).split()), quote=False)
    return re.sub(r"([\\`*\[\]|~])|(?<!\w)(_)|(_)(?!\w)", lambda match: f"\\{match[0]}", plain)
