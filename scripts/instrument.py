"""Count how often the instrument is wrong: see ``scripts/instrument --help``."""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from itertools import product
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from rich.progress import Progress  # noqa: E402
from scipy.stats import binomtest  # noqa: E402

from benchmarks.__main__ import WHOLE, identity  # noqa: E402
from benchmarks.axes import JIT  # noqa: E402
from benchmarks.engine.filing import git  # noqa: E402
from benchmarks.engine.plan import Session  # noqa: E402
from benchmarks.engine.pool import Outcome, run  # noqa: E402
from benchmarks.engine.store import Store  # noqa: E402
from benchmarks.engine.trials import SLOWED  # noqa: E402
from remedies import WORKLOADS  # noqa: E402
from remedies.environment import facts  # noqa: E402
from reports.launches import intervals  # noqa: E402

ABOUT = ("cpu", "cores", "python", "tensorflow-cpu", "tensorflow", "keras")
INTRODUCTION = """\
# The instrument, tried

Made by `scripts/instrument --out docs/instrument.md`. Each session times four identical models,
and two whose every call is followed by a busy wait of 1 % or 3 % of its own duration, as the suite
times remedies: paired rounds in several fresh processes, and the interval over those processes.
A right instrument's 99 % interval holds the truth 99 times in 100, and excludes 1 for identical
models once in 100.

"""
EXAMPLES = """\
examples:
  scripts/instrument
  scripts/instrument --sessions 10 --launches 4 --out docs/instrument.md
"""


def main(arguments: list[str] | None = None) -> int:
    """Run the trials, print what they found as Markdown, and return 0, or 2 where one failed."""
    parser = argparse.ArgumentParser(
        prog="scripts/instrument",
        description="Measure identical and slowed copies of one model; count wrong verdicts.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--sessions", type=int, default=100, metavar="N")
    parser.add_argument("--launches", type=int, default=3, metavar="N", help="processes a session")
    parser.add_argument("--workload", choices=WORKLOADS, default="image")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write it there too")
    chosen = parser.parse_args(arguments)
    if chosen.sessions < 1 or chosen.launches < 2:
        parser.error("--sessions must be 1 or more, --launches 2 or more")
    # Only the same code and environment go on from what is there.
    store = Store(ROOT / ".asv" / "trials" / identity("trials", git("rev-parse", "HEAD"), WHOLE))
    planned = [
        Session("trials", chosen.workload, "cpu", JIT[number % 2], 32, number * 1000 + launch)
        for number, launch in product(range(chosen.sessions), range(chosen.launches))
    ]
    outcomes: dict[Session, Outcome] = {}
    with store.used(), Progress() as progress:
        task = progress.add_task("launches", total=len(planned))
        for session, outcome in run(planned, "quick", store.folder):
            outcomes[session] = outcome
            progress.advance(task)
    for session, outcome in outcomes.items():
        if outcome["status"] != "done":
            print(f"scripts/instrument: {session}: {outcome['reason']}", file=sys.stderr)
            return 2
    report = table([outcomes[session] for session in planned], chosen.launches)
    print(report)
    if chosen.out:
        chosen.out.write_text(f"{INTRODUCTION}{report}", encoding="utf-8")
    store.discard()
    return 0


def table(outcomes: list[Outcome], launches: int) -> str:
    """Return how often each copy's interval held the truth, and how wide the intervals were."""
    held: dict[tuple[str, str], list[bool]] = defaultdict(list)
    wide: dict[str, list[float]] = defaultdict(list)
    for start in range(0, len(outcomes), launches):
        for metric, block in _blocks(outcomes[start : start + launches]).items():
            for name, found in intervals([block]).items():
                truth = 1 + SLOWED.get(name, 0)
                kind = name if name in SLOWED else "identical"
                held[metric, kind].append(found.low <= truth <= found.high)
                held[metric, f"{kind}: told from 1"].append(not found.low <= 1 <= found.high)
                wide[metric].append((found.high - found.low) / 2)
    lines = ["| step | copy | interval holds the truth | excludes 1 [exact 99 %] |"]
    lines.append("|---|---|---|---|")
    for metric, kind in held:
        if "told" not in kind:
            told = held[metric, f"{kind}: told from 1"]
            good = held[metric, kind]
            bounds = binomtest(sum(told), len(told)).proportion_ci(0.99)
            lines.append(
                f"| {metric} | {kind} | {sum(good)} of {len(good)} "
                f"| {sum(told)} of {len(told)} [{bounds.low:.1%}, {bounds.high:.1%}] |"
            )
    for metric, found in wide.items():
        ordered = sorted(found)
        lines.append("")
        lines.append(
            f"{metric}: half-width of the 99 % interval {ordered[len(ordered) // 2]:.2%} "
            f"(median), {ordered[-1]:.2%} (largest), {launches} launches of 3 s."
        )
    known = facts()
    about = ", ".join(f"{name} {known[name]}" for name in ABOUT if name in known)
    return "\n".join([*lines, "", f"Measured on: {about}.", ""])


def _blocks(outcomes: list[Outcome]) -> dict[str, dict[str, list[float]]]:
    blocks: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for outcome in outcomes:
        for entry in outcome["entries"]:
            if entry["metric"].endswith("_ratio"):
                metric = entry["metric"].removesuffix("_ratio")
                blocks[metric][entry["parameters"]["remedy"]] += entry["measured"]["samples"]
    return blocks


if __name__ == "__main__":
    sys.exit(main())
