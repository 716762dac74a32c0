"""A verdict in Markdown: numbers, and names of this checkout; nothing else can get in."""

from collections import Counter
from collections.abc import Sequence

from remedies.devices import TARGETS
from remedies.metrics import METRICS
from reports import wording
from reports.gate.verdict import COULD_NOT_JUDGE, REGRESSED, Row, Verdict
from reports.wording import HARM, JITS, SITUATIONS, STEPS, counted, listed

MOST = 40  # lines of a table: two devices' fit into what GitHub takes
AGAIN = "undecided; run it again, with a longer --budget"
_HEAD = "| | remedy | before | after | verdict |\n|---|---|---|---|---|"
_WARNING = "Advice, not proof: the machine that measured ran the change's own code."
_LEGEND = """\
Defects, steps (program and Python) and counts (instructions, calls, lines) are exact, whatever \
the machine does. More: `docs/alerts.md`. Again, on your machine:"""


def comment(verdicts: Sequence[Verdict], link: str = "") -> str:
    """Return the comment on a pull request: every device's section, the worst first."""
    worst = sorted(verdicts, key=lambda verdict: (1, 2, 0).index(verdict.status))
    return "\n\n".join(section(verdict, link) for verdict in worst)


def whole(verdict: Verdict, notes: Sequence[str], link: str = "") -> str:
    """Return the section with `notes`, which no comment has: they may quote a contributor."""
    indented = [f"    {note}" for note in dict.fromkeys(notes)]
    return "\n\n".join([section(verdict, link), *indented[:50]])


def section(verdict: Verdict, link: str = "") -> str:
    """Return what a comment or an issue says about a verdict; `link` leads to its run."""
    loud: list[Row] = []
    quiet: list[Row] = []
    for row in verdict.rows:
        (loud if row.regressed or row.blocks else quiet).append(row)
    counts = listed(f"{number:,} {kind}" for kind, number in verdict.compared.items())
    commits = f"Base `{verdict.base[:12]}`, head `{verdict.head[:12]}`"
    current = f"{commits}: compared {counts or 'nothing'}."
    current += f" [Run and full report]({link}). {_WARNING}" if link else ""
    parts = [f"### {verdict.device.upper()}: {headline(verdict)}", current]
    if verdict.differs:
        pins = listed(verdict.differs)
        parts.append(f"The two sides pin other versions of {pins}: a difference may be theirs.")
    parts += [_table(loud)] if loud else []
    if verdict.lacking:
        lines = (f"- {number:,} of the {name}" for name, number in verdict.lacking.items())
        parts.append("Not compared:\n\n" + "\n".join(lines))
    if quiet:
        summary = f"<summary>{counted(len(quiet), 'change')} that need nothing</summary>"
        parts.append(f"<details>{summary}\n\n{_table(quiet)}\n\n</details>")
    parts.append(f"{_LEGEND} `scripts/pr_check {verdict.base} {verdict.head}`")
    return "\n\n".join(parts)


def headline(verdict: Verdict) -> str:
    """Return the verdict in one sentence, with what to do."""
    if verdict.status == REGRESSED:
        worse = counted(sum(row.regressed for row in verdict.rows), "comparison")
        return f"**regressed**: {worse} got worse. Mend what is in bold, or say why it is worth it."
    if verdict.status == COULD_NOT_JUDGE:
        blocking = Counter(row.reason or AGAIN for row in verdict.rows if row.blocks)
        reasons = (f"{reason} ({number:,})" for reason, number in blocking.items())
        why = ", ".join(reasons) or "there was nothing to compare"
        return f"**could not judge**: {why}. That says nothing for or against the change."
    undecided = sum(row.word == "undecided" for row in verdict.rows)
    small = f", {counted(undecided, 'row')} undecided between small changes" if undecided else ""
    return f"**none regressed**{small}: nothing to do."


def _table(rows: Sequence[Row]) -> str:
    """Return a line for all variants of which the same is said."""
    lines: dict[tuple[str, ...], list[str]] = {}
    for row in rows:
        word = f"**{words(row)}**" if row.regressed else words(row)
        amounts = (_amount(value, row.metric) for value in (row.before, row.after))
        variant = f"{row.remedy} ({row.mask_dtype} mask)" if row.mask_dtype else row.remedy
        lines.setdefault((_label(row), *amounts, word), []).append(variant)
    made = [
        f"| {label} | {listed(variants)} | {' | '.join(cells)} |"
        for (label, *cells), variants in lines.items()
    ]
    more = [f"| and {len(made) - MOST:,} more | | | | |"] if len(made) > MOST else []
    return "\n".join([_HEAD, *made[:MOST], *more])


def _label(row: Row) -> str:
    label = METRICS[row.metric.replace("_ratio", "_seconds")].label
    if row.kind == "sessions":
        label = "session"
    elif row.metric == "recipe_lines" and row.before is None:
        label = "recipe"
    elif row.kind == "steps" or row.metric in ("step_seconds", "step_ratio"):
        label = ""
    device = f"compiled for {row.device}" if row.device in TARGETS else ""
    parts = (label.replace("the reference's", "base's"), STEPS.get(row.step), row.workload,
             f"batch {row.batch}" if row.batch else "", row.kernel, device, JITS.get((row.jit,)),
             SITUATIONS.get(row.situation, row.situation),
             f"size {row.size:,}" if row.size else "")  # fmt: skip
    return ", ".join(filter(None, parts))


def words(row: Row) -> str:
    """Return the word of a row with its numbers, as the report has it."""
    if row.ratio is not None and row.low is not None and row.high is not None:
        if row.metric == "python_extra_seconds":
            return wording.python(row.ratio, row.ratio, row.low, row.high)
        if row.word in ("slower", "faster"):
            return wording.slower(row.ratio, row.low, row.high)
        if row.word == "undecided":
            return f"undecided ({row.low:.3g} to {row.high:.3g} times as long)"
    if row.word in ("more", "fewer") and row.before is not None and row.after is not None:
        harm = "worse" if row.word == "more" else "better"
        return harm if row.metric == "situation_harm" else f"{row.after - row.before:+,g}"
    return f"{row.word}: {row.reason}" if row.reason else row.word


def _amount(value: float | None, metric: str) -> str:
    if value is None:
        return ""
    if metric == "situation_harm":
        return HARM[int(min(3, max(0, value)))]
    units = {"seconds": wording.seconds, "bytes": wording.size}
    return units.get(METRICS[metric].unit, "{:,g}".format)(value)
