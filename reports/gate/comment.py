"""A verdict in Markdown: numbers, and names of this checkout; nothing else can get in."""

from __future__ import annotations

from collections.abc import Sequence

from remedies.metrics import METRICS
from reports import wording
from reports.gate.verdict import ROW_AXES, UNUSABLE, Reason, Row, Status, Verdict

MOST = 30_000
MARKER = "<!-- remedies-gate -->"
_HEAD = "| | before | after | verdict |\n|---|---|---|---|"


def comment(verdicts: Sequence[Verdict], link: str = "") -> str:
    """Return the comment on a pull request: every device's section, the worst first.

    Parameters
    ----------
    verdicts : sequence of Verdict
        One a device.
    link : str
        To the workflow run, from GitHub's own event, never from an artifact.
    """
    worst = sorted(verdicts, key=lambda verdict: (1, 2, 0).index(verdict.status))
    sections = (section(verdict, link) for verdict in worst)
    return "\n\n".join((MARKER, *sections)) + "\n"


def section(verdict: Verdict, link: str = "") -> str:
    """Return what a comment or an issue says about `verdict`, at most 30,000 characters."""
    loud = [row for row in verdict.rows if row.regressed or row.blocks]
    quiet = [row for row in verdict.rows if not (row.regressed or row.blocks)]
    most = max(len(loud), len(quiet))
    while len(text := _text(verdict, loud, quiet, most, link)) > MOST:
        most = most * 3 // 4
    return text


def headline(verdict: Verdict) -> str:
    """Return the verdict in one sentence, with what to do."""
    if verdict.status == Status.REGRESSED:
        worse = sum(row.regressed for row in verdict.rows)
        return f"**regressed** ({_count(worse, 'row')}): look at the first rows below."
    if verdict.status == Status.COULD_NOT_JUDGE:
        return f"**could not judge**: {_why(verdict)}"
    undecided = sum(row.word == "undecided" for row in verdict.rows)
    small = f", {_count(undecided, 'row')} undecided between small changes" if undecided else ""
    return f"**none regressed**{small}: nothing to do."


def _why(verdict: Verdict) -> str:
    blocking = [row for row in verdict.rows if row.blocks]
    if not verdict.compared:
        reasons = [name.partition(": ")[2] for name in verdict.lacking]
        return f"nothing could be compared ({'; '.join(dict.fromkeys(reasons)) or 'no rows'})."
    if UNUSABLE in verdict.lacking and not blocking:
        return "some session files cannot be used; they are named below."
    undecided = sum(row.word == "undecided" for row in blocking)
    if undecided == len(blocking):
        return f"{_count(undecided, 'row')} undecided: they take more launches, a longer `--budget`."
    return f"{_count(len(blocking), 'row')} could not be compared; the reasons are below."


def _text(verdict: Verdict, loud: Sequence[Row], quiet: Sequence[Row], most: int, link: str) -> str:
    parts = [f"### {verdict.device.upper()}: {headline(verdict)}", _facts(verdict, link)]
    parts += [_table(loud, most)] if loud else []
    if verdict.lacking:
        counts = (f"- {name}: {number:,}" for name, number in verdict.lacking.items())
        parts.append("Not compared:\n\n" + "\n".join(counts))
    if verdict.differs:
        parts.append(f"The two sides have other versions of: {', '.join(verdict.differs)}.")
    if quiet:
        heading = f"<details><summary>{_count(len(quiet), 'change')} that need nothing</summary>"
        parts.append(f"{heading}\n\n{_table(quiet, most)}\n\n</details>")
    parts.append(f"Again, on your machine: `scripts/pr_check {verdict.base} {verdict.head}`")
    return "\n\n".join(parts)


def _facts(verdict: Verdict, link: str) -> str:
    counts = ", ".join(f"{number:,} {kind}" for kind, number in verdict.compared.items())
    known = f"`{verdict.base[:12]}` to `{verdict.head[:12]}`: compared {counts or 'nothing'}"
    known += f" in {verdict.minutes:.0f} min" if verdict.minutes >= 1 else ""
    warning = "These numbers come from a machine that ran the change's own code."
    return f"{known}. [Run and full report]({link}). {warning}" if link else f"{known}."


def _table(rows: Sequence[Row], most: int) -> str:
    lines = [_HEAD, *map(_line, rows[:most])]
    if len(rows) > most:
        lines.append(f"| and {len(rows) - most:,} more | | | |")
    return "\n".join(lines)


def _line(row: Row) -> str:
    axes = " ".join(str(getattr(row, axis)) for axis in ROW_AXES if getattr(row, axis))
    unit = METRICS[row.metric].unit
    values = " | ".join(_amount(value, unit) for value in (row.before, row.after))
    word = f"**{words(row)}**" if row.regressed else words(row)
    return f"| {_label(row)}: {axes} | {values} | {word} |".replace("`", "")


def _label(row: Row) -> str:
    """Return what a row is about: of a time the time, whatever it is divided by."""
    if row.metric == "recipe_lines" and row.before is None:
        return "recipe"
    if row.metric == "step_group":
        return "step"
    time = row.metric.replace("_ratio", "_seconds")
    return METRICS[time].label.replace("beyond the reference's", "beyond base's")


def words(row: Row) -> str:
    """Return the word of a row with its numbers, as the report has it."""
    ends = (row.ratio, row.low, row.high)
    if None not in ends:
        ratio, low, high = (float(end or 0) for end in ends)
        if row.metric == "python_extra_seconds":
            return wording.beyond(ratio, low, high)
        if row.word in ("slower", "faster"):
            return wording.slower(ratio, low, high)
    if row.word == "undecided":
        many = "" if row.more_launches == 1 else "es"
        return f"undecided ({row.more_launches:,} more launch{many})"
    if row.word in ("more", "fewer") and row.before is not None and row.after is not None:
        return f"{row.after - row.before:+,g}"
    reason = Reason(row.reason).value
    return f"{row.word}: {reason}" if reason else row.word


def _amount(value: float | None, unit: str) -> str:
    if value is None:
        return ""
    return wording.seconds(value) if unit == "seconds" else f"{value:,g}"


def _count(number: int, noun: str, plural: str = "") -> str:
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
