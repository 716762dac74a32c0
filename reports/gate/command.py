"""The command ``python -m reports gate``."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from reports.files import clean
from reports.gate.asv_results import commits, compared
from reports.gate.decision import judge
from reports.gate.floors import floors
from reports.gate.outcome import as_json, outcome, reasons
from reports.gate.record import Record, RecordError, load
from reports.github.section import section
from reports.github.verdict import Verdict

MOST_NOTES = 50

EXAMPLES = """\
examples:
  python -m reports gate --base main --head HEAD
  python -m reports gate --base 1a2b3c4 --head 5d6e7f8 --format json
  python -m reports gate --base 1a2b3c4 --head 5d6e7f8 --results asv/results --launches 12

It ends with 0 where nothing regressed, 1 where something did, 2 where it could not judge.
scripts/pr_check measures both commits and calls it.
"""


def add(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the command to the others."""
    gate = commands.add_parser(
        "gate",
        help="judge two commits' results",
        description="Say what is slower, faster, the same or undecided between two commits.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    gate.add_argument("--base", required=True, metavar="COMMIT", help="what to compare with")
    gate.add_argument("--head", required=True, metavar="COMMIT", help="what to judge")
    gate.add_argument(
        "--results",
        type=Path,
        default=Path(".asv/results"),
        metavar="DIR",
        help="where scripts/pr_check or asv stored them (default: %(default)s)",
    )
    gate.add_argument(
        "--launches",
        type=int,
        default=0,
        metavar="N",
        help="results of asv alone: launches that the samples of a side come from, in equal parts",
    )
    gate.add_argument("--device", choices=("cpu", "gpu"), help="where both were checked")
    gate.add_argument("--format", choices=("markdown", "json"), default="markdown")
    gate.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Judge, print, and return the exit status."""
    try:
        record = _find(chosen)
    except RecordError as problem:
        print(f"reports: {problem}", file=sys.stderr)
        return 2
    limits = floors(record.device)
    judged = judge(record, limits)
    verdict = outcome(record, judged)
    if chosen.format == "json":
        print(as_json(verdict))
    else:
        print(markdown(verdict, reasons(record, judged), limits))
    return verdict.status


def _find(chosen: argparse.Namespace) -> Record:
    """Return the check of the two commits, or one that is made of asv's own results."""
    if not chosen.results.is_dir():
        raise RecordError(f"no results folder {str(chosen.results)!r}; name one with --results")
    checks = sorted((chosen.results / "checks").glob(f"*-{chosen.device or '*'}.json"))
    hashes = {part for file in checks for part in file.stem.split("-")[:2]}
    known = hashes | set(commits(chosen.results))
    base, head = (_one(word, known) for word in (chosen.base, chosen.head))
    for file in checks:
        if file.stem.split("-")[:2] == [base[:12], head[:12]]:
            return load(file)
    return compared(chosen.results, base, head, chosen.launches)


def _one(word: str, known: set[str]) -> str:
    """Return the one commit with results that `word` names."""
    full = _hash(word)
    found = {name for name in known if name.startswith(full) or full.startswith(name)}
    if len(full) < 7 or not found:
        names = ", ".join(sorted(known)) or "none"
        raise RecordError(f"no results of the commit {clean(word)!r}; there are of: {names}")
    if len({name[:12] for name in found}) > 1:
        raise RecordError(f"the commit {clean(word)!r} may be any of: {', '.join(sorted(found))}")
    return max(found, key=len)


def _hash(word: str) -> str:
    """Return what git calls `word`, where it knows it; a name such as a branch is looked up."""
    command = ["git", "rev-parse", "--verify", "--quiet", "--end-of-options", f"{word}^{{commit}}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    return done.stdout.strip() or word


def markdown(verdict: Verdict, notes: Sequence[str], limits: Mapping[str, float]) -> str:
    """Return the whole report of a check, at most 65,536 characters."""
    parts = [section(verdict, "")]
    metrics = sorted({row.metric for row in verdict.rows if row.ratio is not None})
    if metrics:
        named = ", ".join(f"{clean(metric)} {limits[metric]:.0%}" for metric in metrics)
        parts.append(f"A time counts as changed from this on: {named}.")
    if notes:
        # As code, because the reasons are in the words of whatever failed.
        quoted = (clean(note).replace("`", "'") for note in notes[:MOST_NOTES])
        listed = [f"- `{note}`" for note in quoted]
        if len(notes) > MOST_NOTES:
            listed.append(f"- and {len(notes) - MOST_NOTES} more")
        parts.append("What could not be compared, and why:\n\n" + "\n".join(listed))
    return "\n\n".join(parts)
