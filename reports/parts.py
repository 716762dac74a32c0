"""What a page is made of: sections of notes, code, tables and figures."""

import html
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

_TONES = {  # of a table's cell, by how its text begins
    r"no (result|difference)|not (known|established)|\N{EN DASH}$": "open",
    "same (step|program|within)|holds|everything": "good",
    "no:|does not hold|only once": "bad",
    r"takes .* times as long|\d.* slower|(\d|up to).* more Python": "slow",
    r"\d.* faster": "good",
}


@dataclass(frozen=True)
class Part:
    """A note (a list), a table, a heat map (of cells of one word), code, or a figure.

    `rows` are a note's items, the rows of a table, a text, or what `draw` fills an empty figure
    from in the colours that it is given; `below` stands under a table, and for a figure not seen.
    """

    kind: str
    title: str
    rows: Any
    folded: bool = False
    below: str = ""
    name: str = ""  # of a figure's files
    draw: Any = None  # Callable[[Any, Any, Any], None]

    @property
    def columns(self) -> list[str]:
        """The columns of all rows; the first heads them."""
        return [*dict.fromkeys(name for row in self.rows for name in row)]


@dataclass(frozen=True)
class Section:
    """A section, with its answer in a sentence."""

    name: str
    title: str
    answer: str
    parts: Sequence[Part] = ()
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
