"""The command ``python -m reports gate``: compare, print, and end with the verdict's status."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from reports.gate.comment import comment, section
from reports.gate.verdict import (
    DEVICES,
    HostileError,
    Status,
    Verdict,
    conclude,
    read,
    schema,
)

EXAMPLES = """\
examples:
  python -m reports gate --base nights/1 --head nights/2        two folders of session files
  python -m reports gate --pairs .asv/checks/1a2b-3c4d          one folder of scripts/pr_check
  python -m reports gate --show claims                          verdicts, proven, as Markdown
  python -m reports gate --schema                               what a verdict may hold

It ends with 0 where everything was compared and nothing regressed, 1 where something regressed, 2
where it could not judge. scripts/pr_check measures two commits and judges them.
"""


def main(arguments: Sequence[str]) -> int:
    """Judge, print, and return the exit status."""
    from reports.frame import SessionsError

    try:
        return _run(_parser().parse_args(arguments))
    except (HostileError, SessionsError) as problem:
        print(f"could not judge: {problem}", file=sys.stderr)
        return int(Status.COULD_NOT_JUDGE)


def _parser() -> argparse.ArgumentParser:
    gate = argparse.ArgumentParser(
        prog="python -m reports gate",
        description="Say what regressed between two runs, or why that cannot be said.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    folder: dict[str, Any] = {"type": Path, "metavar": "DIR"}
    gate.add_argument("--base", **folder, help="session files to compare with")
    gate.add_argument("--head", **folder, help="session files to judge")
    gate.add_argument("--pairs", **folder, help="session files that hold both sides")
    gate.add_argument("--show", **folder, help="verdicts to show: DIR/cpu/verdict.json, ...")
    gate.add_argument("--of", metavar="HASH", help="refuse a verdict to show on another commit")
    gate.add_argument("--schema", action="store_true", help="print the JSON schema of a verdict")
    gate.add_argument("--json", type=Path, metavar="FILE", help="also write the verdict there")
    gate.add_argument(
        "--next", type=Path, metavar="FILE", help="make it where this run may be the next base"
    )
    gate.add_argument("--link", default="", help="to the workflow run, for the Markdown")
    gate.add_argument("--commits", nargs=2, metavar="HASH", help="of the two sides, in full")
    gate.add_argument("--device", choices=DEVICES, default="cpu")
    return gate


def _run(chosen: argparse.Namespace) -> int:
    if chosen.schema:
        print(json.dumps(schema(), indent=1))
        return 0
    if chosen.show:
        print(comment(list(_claims(chosen.show, chosen.of)), chosen.link), end="")
        return 0
    if not chosen.pairs and not (chosen.base and chosen.head):
        raise HostileError("name --base and --head, or --pairs; see --help")
    verdict, problems = judged(chosen)
    if chosen.json:
        chosen.json.write_text(verdict.as_json(), encoding="utf-8")
    print(section(verdict, chosen.link))
    if chosen.next and verdict.next_base:
        chosen.next.write_text(f"{verdict.head}\n", encoding="utf-8")
    for problem in problems[:50]:
        print(f"\n    {problem}")
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


def judged(chosen: argparse.Namespace) -> tuple[Verdict, list[str]]:
    """Return the verdict on the folders that were chosen, and a line for each unusable file."""
    from reports import frame
    from reports.gate import pairs, runs

    differs: tuple[str, ...] = ()
    if chosen.pairs:
        found = _of(frame.read(chosen.pairs), chosen.device)
        rows, sides = pairs.compare(found), (found, found)
    else:
        base, head = (
            _of(frame.read(folder), chosen.device) for folder in (chosen.base, chosen.head)
        )
        sides = base, head
        rows, differs = runs.compare(*sides), runs.differs(*sides)
    commits = chosen.commits or [_commit(side) for side in sides]
    problems = list(dict.fromkeys(problem for side in sides for problem in side.problems))
    known = {"device": chosen.device, "base": commits[0], "head": commits[1], "minutes": 0.0}
    return conclude(rows, len(problems), differs=differs, **known), problems


def _of(run: Any, device: str) -> Any:
    """Return a run with what was measured on `device`, or on none in particular."""
    return replace(run, frame=run.frame[run.frame["device"].isin([device, ""])])


def _commit(run: Any) -> str:
    """Return the commit of a run; one that is not known is all zeros."""
    known = [one for one in run.frame["commit"].unique() if re.fullmatch("[0-9a-f]{40}", str(one))]
    return str(known[-1]) if known else "0" * 40
