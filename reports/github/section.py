"""A proven verdict in Markdown: numbers, and names of this checkout; nothing else can get in."""

from __future__ import annotations

from collections.abc import Sequence

from reports.github.verdict import COULD_NOT_JUDGE, REGRESSED, WORDS, Row, Verdict
from reports.vocabulary import UNITS

MOST = 30_000
LOUD = ("broken", "slower", "appeared", "disappeared", "repaired", "faster")
_UNMEASURED = ("same program",)
_HEAD = "| | before | after | ratio | 99 % interval | verdict |\n|---|---|---|---|---|---|"
_TIMES = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (0.0, "ns"))
_TIME_SCALE = {"s": 1, "ms": 1e3, "µs": 1e6, "ns": 1e9}


def section(verdict: Verdict, link: str) -> str:
    """Return what a comment or an issue says about `verdict`, at most 30,000 characters.

    Parameters
    ----------
    verdict : Verdict
        Proven.
    link : str
        To the workflow run; from GitHub's own event, never from an artifact. Empty where there is
        none.
    """
    rows = sorted(verdict.rows, key=lambda row: WORDS.index(row.word))
    loud = [row for row in rows if row.word in LOUD]
    # Of what was not measured because it is the same, the number says enough.
    quiet = [row for row in rows if row.word not in (*LOUD, *_UNMEASURED)]
    most = max(len(loud), len(quiet))
    while len(text := _text(verdict, loud[:most], quiet[:most], link)) > MOST:
        most = most * 3 // 4
    return text


def _text(verdict: Verdict, loud: Sequence[Row], quiet: Sequence[Row], link: str) -> str:
    total = sum(row.word in LOUD for row in verdict.rows)
    parts = [f"### {verdict.device.upper()}: {headline(verdict)}", _facts(verdict, link)]
    if loud:
        parts.append(_table(loud, total))
    if verdict.differs:
        parts.append(f"The two sides' environments differ in: {', '.join(verdict.differs)}.")
    if verdict.unknown:
        parts.append(f"{verdict.unknown} rows have names that the default branch does not know.")
    same = sum(row.word in _UNMEASURED for row in verdict.rows)
    if same:
        parts.append(f"Of the same program on both sides, so not measured: {same}.")
    if quiet:
        table = _table(quiet, len(verdict.rows) - total - same)
        parts.append(f"<details><summary>What did not move</summary>\n\n{table}\n\n</details>")
    command = f"scripts/pr_check {verdict.base} {verdict.head} --device {verdict.device}"
    parts.append(f"Again, on your machine: `{command}`")
    return "\n\n".join(parts)


def headline(verdict: Verdict) -> str:
    """Return the verdict in one sentence, with what to do."""
    worse = sum(row.word in ("broken", "slower") for row in verdict.rows)
    if verdict.status == REGRESSED:
        return f"**regressed** ({worse or verdict.unknown} rows): look at the first rows below."
    open_rows = sum(row.word == "undecided" for row in verdict.rows)
    if verdict.status == COULD_NOT_JUDGE and open_rows:
        return f"**could not judge** {open_rows} rows: they take more launches, a longer --budget."
    if verdict.status == COULD_NOT_JUDGE:
        return "**could not judge**: the report says why; start it again or ask."
    if open_rows:
        return f"**none regressed**, {open_rows} rows undecided: nothing to do."
    return "**none regressed**: nothing to do."


def _facts(verdict: Verdict, link: str) -> str:
    seen = "nothing was timed"
    if verdict.smallest is not None:
        seen = f"smallest change that could have been seen {verdict.smallest:.1%}"
    control = "no control" if verdict.control is None else f"control {verdict.control:.3f}"
    known = (
        f"`{verdict.base[:12]}` to `{verdict.head[:12]}`; {verdict.launches} launches, "
        f"{verdict.minutes:.0f} min; {seen}; {control}"
    )
    warning = "These numbers come from a machine that ran the change's own code."
    return f"{known}; [run and full report]({link}). {warning}" if link else f"{known}."


def _table(rows: Sequence[Row], total: int) -> str:
    lines = [_HEAD, *map(_line, rows)]
    if total > len(rows):
        lines.append(f"| and {total - len(rows)} more | | | | | |")
    return "\n".join(lines)


def _line(row: Row) -> str:
    axes = (row.metric, row.workload, row.remedy, row.jit, row.mask_dtype)
    name = " ".join((*filter(None, axes), *([f"batch {row.batch}"] if row.batch else [])))
    interval = "" if row.low is None or row.high is None else f"{row.low:.3f} to {row.high:.3f}"
    ratio = "" if row.ratio is None else f"{row.ratio:.3f}"
    word = f"**{row.word}**" if row.word in ("broken", "slower") else row.word
    more = f", about {row.more} launches more" if row.word == "undecided" and row.more else ""
    before, after = (_amount(value, row.metric) for value in (row.before, row.after))
    name = name.replace("`", "'").replace("|", "/")  # names of other projects' results
    return f"| `{name}` | {before} | {after} | {ratio} | {interval} | {word}{more} |"


def _amount(value: float | None, metric: str) -> str:
    if value is None:
        return "not measured"
    if UNITS.get(metric) != "seconds":
        return f"{value:g}"
    unit = next(unit for least, unit in _TIMES if value >= least)
    return f"{value * _TIME_SCALE[unit]:.3g} {unit}"
