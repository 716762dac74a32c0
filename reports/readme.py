"""The answer in the README, from results kept in the repository."""

from __future__ import annotations

import re
from pathlib import Path

from reports import figures
from reports.answer import answer
from reports.page import engine, scope
from reports.parts import Figure
from reports.results import Results

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "reports" / "reference"
_BLOCK = re.compile(r"(<!-- results: begin -->\n).*?(<!-- results: end -->)", re.DOTALL)


class ReadmeError(ValueError):
    """The file cannot be updated; the message is one line that says why."""


def update(results: Results, root: Path = ROOT) -> list[Path]:
    """Write the answer into `root`'s README.md and its figure into docs; return what changed."""
    readme = root / "README.md"
    text = readme.read_text(encoding="utf-8")
    if not _BLOCK.search(text):
        raise ReadmeError(f"{str(readme)!r} has no '<!-- results: begin -->' and end")
    section = answer(results)
    made = engine().get_template("readme.md").render(answer=section, scope=scope(results)).strip()
    text = _BLOCK.sub(lambda match: f"{match[1]}\n{made}\n\n{match[2]}", text)
    written: dict[Path, bytes] = {readme: text.encode()}
    for part in section.parts:
        if isinstance(part, Figure):
            for theme in figures.THEMES:
                written[root / "docs" / f"{part.name}-{theme}.svg"] = figures.svg(part, theme)
    for path, content in written.items():
        path.write_bytes(content)
    return [*written]
