"""A verdict in Markdown: numbers, and names of this checkout; nothing else can get in."""

from __future__ import annotations

from collections.abc import Sequence

from remedies.metrics import METRICS
from reports import wording
from reports.gate.verdict import ROW_AXES, UNUSABLE, Reason, Row, Status, Verdict
from reports.wording import counted

MOST = 30_000
MARKER = "<!-- remedies-gate -->"
_HEAD = "| | before | after | verdict |\n|---|---|---|---|"
_WARNING = "These numbers come from a machine that ran the change's own code."


def comment(verdicts: Sequence[Verdict], link: str = "") -> str:
    """Return the comment on a pull request: every device's section, the worst first."""
    worst = sorted(verdicts, key=lambda verdict: (1, 2, 0).index(verdict.status))
    return "\n\n".join((MARKER, *(section(verdict, link) for verdict in worst)))


def section(verdict: Verdict, link: str = "") -> str:
    """Return what a comment or an issue says about `verdict`, at most 30,000 characters.

    `link` leads to the workflow run; it comes from GitHub's own event, never from an artifact.
    """
    most = len(verdict.rows)
    while len(text := _text(verdict, most, link)) > MOST:
        most = most * 3 // 4
    return text


def headline(verdict: Verdict) -> str:
    """Return the verdict in one sentence, with what to do."""
    undecided = sum(row.word == "undecided" for row in verdict.rows)
    if verdict.status == Status.REGRESSED:
        worse = sum(row.regressed for row in verdict.rows)
        return f"**regressed** ({counted(worse, 'row')}): look at the first rows below."
    if verdict.status == Status.COULD_NOT_JUDGE:
        return f"**could not judge**: {_why(verdict, undecided)}."
    small = f", {counted(undecided, 'row')} undecided between small changes" if undecided else ""
    return f"**none regressed**{small}: nothing to do."


def _why(verdict: Verdict, undecided: int) -> str:
    blocking = sum(row.blocks for row in verdict.rows)
    if not verdict.compared:
        reasons = dict.fromkeys(name.partition(": ")[2] for name in verdict.lacking)
        return f"nothing could be compared ({'; '.join(reasons) or 'no rows'})"
    if UNUSABLE in verdict.lacking and not blocking:
        return "some session files cannot be used; they are named below"
    if blocking <= undecided:
        return f"{counted(blocking, 'row')} undecided: they take more launches, a longer `--budget`"
    return f"{counted(blocking, 'row')} could not be compared; the reasons are below"


def _text(verdict: Verdict, most: int, link: str) -> str:
    loud = [row for row in verdict.rows if row.regressed or row.blocks]
    quiet = [row for row in verdict.rows if not (row.regressed or row.blocks)]
    counts = ", ".join(f"{number:,} {kind}" for kind, number in verdict.compared.items())
    current = f"`{verdict.base[:12]}` to `{verdict.head[:12]}`: compared {counts or 'nothing'}"
    current += f" in {verdict.minutes:.0f} min." if verdict.minutes >= 1 else "."
    current += f" [Run and full report]({link}). {_WARNING}" if link else ""
    parts = [f"### {verdict.device.upper()}: {headline(verdict)}", current]
    parts += [_table(loud, most)] if loud else []
    if verdict.lacking:
        lines = (f"- {name}: {number:,}" for name, number in verdict.lacking.items())
        parts.append("Not compared:\n\n" + "\n".join(lines))
    if verdict.differs:
        parts.append(f"The two sides have other versions of: {', '.join(verdict.differs)}.")
    if quiet:
        summary = f"<summary>{counted(len(quiet), 'change')} that need nothing</summary>"
        parts.append(f"<details>{summary}\n\n{_table(quiet, most)}\n\n</details>")
    parts.append(f"Again, on your machine: `scripts/pr_check {verdict.base} {verdict.head}`")
    return "\n\n".join(parts)


def _table(rows: Sequence[Row], most: int) -> str:
    more = [f"| and {len(rows) - most:,} more | | | |"] if len(rows) > most else []
    return "\n".join([_HEAD, *map(_line, rows[:most]), *more])


def _line(row: Row) -> str:
    axes = " ".join(str(getattr(row, axis)) for axis in ROW_AXES if getattr(row, axis))
    values = " | ".join(_amount(value, row.metric) for value in (row.before, row.after))
    word = f"**{words(row)}**" if row.regressed else words(row)
    return f"| {_label(row)}: {axes} | {values} | {word} |".replace("`", "")


def _label(row: Row) -> str:
    """Return what a row is about: of a ratio the time."""
    if row.metric == "recipe_lines" and row.before is None:
        return "recipe"
    if row.metric == "step_group":
        return "step"
    label = METRICS[row.metric.replace("_ratio", "_seconds")].label
    return label.replace("beyond the reference's", "beyond base's")


def words(row: Row) -> str:
    """Return the word of a row with its numbers, as the report has it."""
    if row.ratio is not None and row.low is not None and row.high is not None:
        if row.metric == "python_extra_seconds":
            return wording.beyond(row.ratio, row.low, row.high)
        if row.word in ("slower", "faster"):
            return wording.slower(row.ratio, row.low, row.high)
    if row.word == "undecided":
        return f"undecided ({counted(row.more_launches, 'more launch', 'more launches')})"
    if row.word in ("more", "fewer") and row.before is not None and row.after is not None:
        return f"{row.after - row.before:+,g}"
    return f"{row.word}: {Reason(row.reason).value}" if row.reason else row.word


def _amount(value: float | None, metric: str) -> str:
    if value is None:
        return ""
    return wording.seconds(value) if METRICS[metric].unit == "seconds" else f"{value:,g}"
