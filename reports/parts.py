"""What a page is made of: sections of paragraphs, lists, tables and figures."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

_TONES = (  # of a table's cell, by how its text begins
    ("same step|same within|holds|kept|everything|yes|the reference", "good"),
    ("not measurable", "good"),
    (r"lost with no warning|no:|raises|does not hold|only once|lost", "bad"),
    (r"undecided|unreliable|not established|\N{EN DASH}$", "open"),
    (r"takes .* times as long|\d.*slower", "slow"),
    (r"\d.*faster", "good"),
    (r"\+.* a step", "slow"),
)
_TONE = re.compile("|".join(f"(?P<t{i}>{pattern})" for i, (pattern, _) in enumerate(_TONES)))


@dataclass(frozen=True)
class Table:
    """A table: `frame`'s index heads its rows, and the index' name the column of these heads."""

    caption: str
    frame: Any
    folded: bool = False

    def html(self, number: int) -> str:
        """Return the table as HTML with everything escaped; `number` tells it from others."""
        flat = self.frame.rename_axis(index=None, columns=self.frame.index.name or "")
        if not flat.index.is_unique:
            raise ValueError(f"rows of {self.caption!r} are headed alike")
        # A narrow screen breaks a name at its underscores only.
        flat.index = flat.index.str.replace("_", "_\u200b")
        classes = flat.map(tone)
        styler = flat.style.set_uuid(f"t{number}").set_table_attributes('class="data"')
        styler = styler.format(escape="html").format_index(escape="html", axis=0)
        styler = styler.format_index(escape="html", axis=1).set_td_classes(classes)
        styler.cell_ids = False
        columns = html.escape(flat.columns.name)
        flat.columns.name = None
        made: str = styler.to_html(doctype_html=False)
        made = re.sub(r"<style.*?</style>\s*", "", made, count=1, flags=re.DOTALL)
        return made.replace(
            '<th class="blank level0" >&nbsp;</th>', f'<th scope="col">{columns}</th>', 1
        )

    def markdown(self) -> str:
        """Return the table as Markdown with everything escaped."""
        safe = self.frame.map(cell).rename(index=cell, columns=cell)
        safe.index.name = cell(self.frame.index.name or "")
        made: str = safe.to_markdown(disable_numparse=True)
        return re.sub(r" {2,}", " ", re.sub(r"-{4,}", "---", made))


@dataclass(frozen=True)
class Figure:
    """A figure; `draw` fills an empty matplotlib figure in the colours that it is given."""

    name: str
    title: str
    alt: str
    draw: Callable[[Any, Any], None]


@dataclass(frozen=True)
class Section:
    """A section: its own answer in a sentence, what shows it, and what more there is to say."""

    name: str
    title: str
    answer: str
    parts: Sequence[Table | Figure | list[str]] = field(default_factory=list)
    detail: str = ""


def table(rows: Sequence[dict[str, Any]], head: str, caption: str, folded: bool = False) -> Table:
    """Return a table of `rows`, headed by their column `head`."""
    frame = pd.DataFrame(rows).fillna("").astype(str).set_index(head)
    # Names from files may repeat; a reader is helped by a number more than by an error.
    heads, seen = [], dict[str, int]()
    for name in frame.index:
        seen[name] = seen.get(name, 0) + 1
        heads.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    frame.index = pd.Index(heads, name=head)
    return Table(caption, frame, folded)


def tone(text: str) -> str:
    """Return the class of a table's cell."""
    match = _TONE.match(text)
    return _TONES[int(str(match.lastgroup)[1:])][1] if match else ""


def cell(text: Any) -> str:
    """Return `text` so that Markdown shows it as it is, in one line of a table."""
    line = html.escape(" ".join(str(text).split()), quote=False)
    return re.sub(r"([\\`*\[\]|~])|(?<!\w)(_)|(_)(?!\w)", lambda match: f"\\{match[0]}", line)
