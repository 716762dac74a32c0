"""The command ``python -m reports gate``: compare, print, and end with the verdict's status."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from remedies.devices import DEVICES
from reports import frame
from reports.__main__ import Parser
from reports.gate import runs
from reports.gate.comment import comment, whole
from reports.gate.verdict import HostileError, Status, Verdict, conclude, read, schema

EXAMPLES = """\
examples:
  python -m reports gate --base nights/1 --head nights/2        two folders of session files
  python -m reports gate --show claims                          verdicts, proven, as Markdown
  python -m reports gate --schema                               what a verdict may hold

It ends with 0 where everything was compared and nothing regressed, 1 where something regressed, 2
where it could not judge.
"""
PUBLISHED = (
    "<summary>What to do, by the results that this checkout publishes (reports/reference), not by "
    "this change</summary>"
)


def main(arguments: Sequence[str]) -> int:
    """Judge, print, and return the exit status."""
    purpose = "Say what regressed between two runs, or why that cannot be said."
    gate = Parser(EXAMPLES, prog="python -m reports gate", description=purpose)
    for name, text in {
        "base": "session files to compare with",
        "head": "session files to judge",
        "show": "verdicts to show: DIR/cpu/verdict.json, DIR/gpu/verdict.json",
    }.items():
        gate.add_argument(f"--{name}", type=Path, metavar="PATH", help=text)
    gate.add_argument("--of", metavar="HASH", help="refuse verdicts to show of another commit")
    gate.add_argument("--link", default="", help="to the workflow run, for the Markdown")
    gate.add_argument("--device", choices=DEVICES, default="cpu")
    gate.add_argument("--schema", action="store_true", help="print the JSON schema of a verdict")
    try:
        return _run(gate.parse_args(arguments))
    except (HostileError, frame.SessionsError) as problem:
        print(f"could not judge: {problem}", file=sys.stderr)
        return int(Status.COULD_NOT_JUDGE)


def _run(chosen: argparse.Namespace) -> int:
    if chosen.schema:
        print(json.dumps(schema(), indent=1))
        return 0
    if chosen.show:
        from reports.page import published  # draws too: no other answer waits for that

        print(comment([*_claims(chosen.show, chosen.of)], chosen.link))
        print(f"\n<details>{PUBLISHED}\n\n{published()}\n\n</details>")
        return 0
    if not (chosen.base and chosen.head):
        raise HostileError("name --base and --head, or --show; see --help")
    base, head = (_of(frame.read(folder), chosen.device) for folder in (chosen.base, chosen.head))
    problems = list(dict.fromkeys(base.problems + head.problems))
    verdict = conclude(
        runs.compare(base, head), len(problems), device=chosen.device, base=_commit(base),
        head=_commit(head), minutes=0.0, differs=runs.differs(base, head),
    )  # fmt: skip
    notes = problems + [f"{session}: {reason}" for session, reason in head.failures]
    print(whole(verdict, notes, chosen.link))
    return verdict.status


def _claims(folder: Path, commit: str | None) -> Iterator[Verdict]:
    """Yield the verdicts that workflows left: each in a folder that is named by its device."""
    files = [file for device in DEVICES if (file := folder / device / "verdict.json").exists()]
    if not files:
        raise HostileError("there is no verdict to show")
    for file in files:
        verdict = read(file)
        if verdict.device != file.parent.name or verdict.head != (commit or verdict.head):
            raise HostileError("a verdict is of another device or commit than its run")
        yield verdict


def _of(run: frame.Run, device: str) -> frame.Run:
    """Return a run without what was measured on other devices; what is compiled for stays."""
    others = {*DEVICES} - {device}
    return replace(run, frame=run.frame[~run.frame["device"].isin(others)])


def _commit(run: frame.Run) -> str:
    """Return the commit of a run; where none is known, zeros."""
    commits = map(str, reversed(run.frame["commit"].unique()))
    return next((text for text in commits if re.fullmatch("[0-9a-f]{40}", text)), "0" * 40)
