"""The matrix in Markdown, for one version of Keras or for many."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from remedies.scenarios import CORE, scenarios

# What one run of the command measured: the versions of the software, and the cells, as in JSON.
Measured = Mapping[str, Any]
MARKS = ("<!-- generated -->", "<!-- end of generated -->")
BARE_PAGE = "# What each remedy keeps\n\n" + "\n".join(MARKS) + "\n"
LEGEND = """\
- **whole**: everything came back, bit for bit; with (!), although a warning was given.
- **warned**: something was lost, and a warning was given; with a star, the warnings do not name all
  that was lost.
- **SILENT**: something was lost with no warning.
- **loud**: an error stopped it: when the model was made, trained, saved, loaded or used again.
- n/a: the remedy has nothing to show there.
"""


def put(page: str, command: str, runs: Sequence[Measured], *parts: str) -> str:
    """Return `page` with `parts` between its `MARKS`, under what made them in which `runs`."""
    before, start, rest = page.partition(MARKS[0])
    _, end, after = rest.partition(MARKS[1])
    if not end:
        raise ValueError(f"no place for the table: no lines {MARKS[0]!r} and {MARKS[1]!r}")
    pairs = {run["versions"]["keras"]: run["versions"]["tensorflow"] for run in runs}
    on = "".join(f" Keras {span} on TensorFlow {version}." for version, span in _spans(pairs))
    made = f"Made by `{command}`; not to be edited by hand.{on}\n"
    return "\n".join([before + start, made, LEGEND, *parts, end + after])


def matrix_page(page: str, command: str, run: Measured) -> str:
    """Return `page` with the core of a run, all of it, and cell by cell what was lost."""
    names = {cell["scenario"] for cell in run["cells"]}
    core = ["### The core situations\n", table([run], CORE), ""] if names & {*CORE} else []
    every = ["### Every situation\n", table([run], names)]
    fold = "\n<details><summary>Cell by cell: what was lost, and why</summary>\n"
    return put(page, command, [run], *core, *every, fold, _details(run), "\n</details>")


def listed(name: str, items: Sequence[Any], **rest: Any) -> str:
    """Return a JSON object's text, an item of its list a line, so that a change is a line."""
    before = "".join(f'"{key}": {json.dumps(value)},\n' for key, value in rest.items())
    lines = ",\n".join(json.dumps(item, ensure_ascii=False) for item in items)
    return f'{{{before}"{name}": [\n{lines}\n]}}\n'


def table(runs: Sequence[Measured], names: Iterable[str]) -> str:
    """Return the situations of these names by remedies; where `runs` differ, version by version."""
    marks: dict[str, dict[str, dict[str, str]]] = {}  # by situation, remedy and version of Keras
    for run in runs:
        for cell in run["cells"]:
            remedies = marks.setdefault(cell["scenario"], {})
            remedies.setdefault(cell["remedy"], {})[run["versions"]["keras"]] = _mark(cell)
    rows, group = [], ""
    for scenario in (scenarios()[name] for name in marks if name in names):
        if scenario.group != group:
            group = scenario.group
            rows.append([f"**{group}**", "", *[""] * len(marks[scenario.name])])
        words = map(_by_version, marks[scenario.name].values())
        rows.append([f"`{scenario.name}`", scenario.description, *words])
    return _markdown(["situation", "what is done", *next(iter(marks.values()))], rows)


def _markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    escaped = ([value.replace("|", "\\|") for value in row] for row in rows)
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *escaped))


def _mark(cell: Mapping[str, Any]) -> str:
    if cell["outcome"] == "silent":
        return "**SILENT**"
    if cell["outcome"] == "whole" and "warnings" in cell:
        return "whole (!)"
    return f"{cell['outcome']}{'*' * ('silent_defects' in cell.get('defects', ()))}"


def _details(run: Measured) -> str:
    rows = []
    for cell in run["cells"]:
        if _mark(cell) not in ("whole", "n/a"):
            # An amount of 1 of the outputs is every value.
            lost = (f"{n.replace('_', ' ')} {v:g}" for n, v in cell.get("defects", {}).items())
            reasons = (str(cell.get(name, "")) for name in ("warnings", "note"))
            rows.append([cell["scenario"], cell["remedy"], _mark(cell), ", ".join(lost), *reasons])
    return _markdown(["situation", "remedy", "outcome", "what was lost", "warnings", "why"], rows)


def _by_version(words: Mapping[str, str]) -> str:
    """Return the word that all versions have, or such as ``loud: 3.0.5 to 3.1.1; whole: 3.2.1``."""
    spans = list(_spans(words))
    return spans[0][0] if len(spans) == 1 else "; ".join(map(": ".join, spans))


def _spans(words: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield each word with the neighbouring versions that have it."""
    for word, versions in groupby(words, key=words.__getitem__):
        first, *rest = versions
        yield word, f"{first} to {rest[-1]}" if rest else first
