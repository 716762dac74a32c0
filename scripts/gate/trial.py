"""How often the gate is wrong: ``scripts/pr_check --trial --help``.

Real launches of one checkout against a copy whose recipes are other programs of equal cost, some of
them slowed down on purpose. Each check draws its launches anew, without using one twice, and looks
at them as `scripts.gate.check` does, until all is decided.
"""

from __future__ import annotations

import argparse
import random
import re
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scipy.stats import binomtest

from benchmarks.runner import alone, run
from benchmarks.session import Folder, Session, identity
from remedies import WORKLOADS
from remedies.environment import facts
from reports import frame
from reports.gate import pairs
from reports.gate.verdict import Row
from scripts.gate.check import LAUNCHES, NAMES, SETTING

ROOT = Path(__file__).parents[2]
WORKLOAD = "image"
START, END = "<!-- trial -->", "<!-- end of trial -->"
_SLOWED = """

def _slowed(call, share):
    from time import perf_counter

    def waiting(*args, **kwargs):
        start = perf_counter()
        result = call(*args, **kwargs)
        until = perf_counter() + share * (perf_counter() - start)
        while perf_counter() < until:
            pass
        return result

    return waiting


_make = make


def make():
    model = _make()
    model.{method} = _slowed(model.{method}, {share})
    return model
"""


@dataclass(frozen=True)
class Case:
    """What is tried: a remedy that is slowed down beside those of equal cost, or none."""

    name: str
    remedy: str = ""
    method: str = ""
    share: float = 0.0


CASES = (
    Case("equal cost, every remedy"),
    Case("one training step 3 % slower", "tf_cast", "train_on_batch", 0.03),
    Case("one training step 5 % slower", "build_from_config_pair", "train_on_batch", 0.05),
    Case("one prediction 10 % slower", "ops_where", "predict_on_batch", 0.10),
    Case("one save 20 % slower", "build_from_config", "save", 0.20),
)
_METRICS = {
    "train_on_batch": ("train", "step_ratio"),
    "predict_on_batch": ("predict", "step_ratio"),
    "save": ("", "save_ratio"),
}


def collect(launches: int, work: Path) -> Any:
    """Run what is missing of the launches, and return head's values."""
    folders = {name: work / name for name in NAMES}
    for folder in folders.values():
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(ROOT / "remedies" / WORKLOAD, folder / WORKLOAD)
    for file in (folders["head"] / WORKLOAD).glob("*.py"):
        # Another constant is another program, which takes the same time.
        text = re.sub(r"(where\(.*), 0\)", r"\1, 1e-30)", file.read_text("utf-8"))
        own = next((case for case in CASES if case.remedy == file.stem), None)
        file.write_text(text + (_SLOWED.format(**vars(own)) if own else ""), "utf-8")
    sources = tuple((name, str(folder)) for name, folder in folders.items())
    batch = WORKLOADS[WORKLOAD].batch
    planned = [Session("identity", WORKLOAD, batch=batch, sources=sources)]
    for launch in range(launches):
        planned += [
            Session("step_times", WORKLOAD, batch=batch, launch=launch, sources=sources),
            Session("saving", WORKLOAD, launch=launch, sources=sources),
        ]
    store = Folder(work / "sessions", identity("trial"))
    store.path.mkdir(parents=True, exist_ok=True)

    def progress(session: Session, outcome: str) -> None:
        print(f"{session}: {outcome}", file=sys.stderr, flush=True)

    run(planned, store, SETTING, progress)
    return pairs.of_head(frame.read(store.path).frame)


def check(head: Any, case: Case, rng: random.Random) -> tuple[list[Row], int]:
    """Return the rows of one check whose launches are drawn from `head`, and how many it took."""
    slowed = {each.remedy for each in CASES} - {case.remedy}
    own = head[~head["remedy"].isin(slowed)]
    launches = sorted(own.loc[own["metric"] == "step_ratio", "launch"].unique())
    drawn = rng.sample(launches, len(launches))
    rows: list[Row] = []
    count = 0
    for count in (each for each in LAUNCHES if each <= len(drawn)):
        numbers = {launch: number for number, launch in enumerate(drawn[:count])}
        exact = own["metric"].isin(["step_group", "program_differs", "python_calls_differ"])
        taken = own[exact | own["launch"].isin(numbers)].copy()
        taken["launch"] = taken["launch"].map(numbers).fillna(0).astype(int)
        rows = [row for row in pairs.paired(taken, []) if row.metric != "python_extra_seconds"]
        if not any(row.word == "undecided" for row in rows):
            break
    return rows, count


def lines(head: Any, checks: int) -> Iterator[str]:
    """Yield the table of what the checks said."""
    yield "| | found | false, beside it | undecided, beside it | launches, median and most |"
    yield "|---|---|---|---|---|"
    for case in CASES:
        rng = random.Random(case.name)  # noqa: S311 - draws that repeat
        found = false = open_ = 0
        counts = []
        for _ in range(checks):
            rows, count = check(head, case, rng)
            counts.append(count)
            own = [row for row in rows if case.remedy and _is_slowed(row, case)]
            rest = [row for row in rows if row not in own]
            found += any(row.regressed for row in own)
            false += any(row.word in ("slower", "faster") for row in rest)
            open_ += any(row.word == "undecided" for row in rest)
        seen = _share(found, checks) if case.remedy else ""
        spent = f"{sorted(counts)[len(counts) // 2]}, {max(counts)}"
        yield f"| {case.name} | {seen} | {_share(false, checks)} | {open_} | {spent} |"


def _is_slowed(row: Row, case: Case) -> bool:
    return (row.remedy, (row.step, row.metric)) == (case.remedy, _METRICS[case.method])


def _share(count: int, of: int) -> str:
    ends = binomtest(count, of).proportion_ci(0.99)
    return f"{count} of {of} [{ends.low:.1%}, {ends.high:.1%}]"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what is missing, print the table, and return 0."""
    parser = argparse.ArgumentParser(prog="scripts/pr_check --trial", description=__doc__)
    parser.add_argument("--launches", type=int, default=32, metavar="N")
    parser.add_argument("--checks", type=int, default=60, metavar="N", help="to draw of each kind")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the table there too")
    chosen = parser.parse_args(arguments)
    work = ROOT / ".asv" / "trial"
    with alone(work):
        head = collect(chosen.launches, work)
    known = facts()
    names = ("cpu", "cores", "python", "tensorflow-cpu", "keras")
    where = ", ".join(f"{name} {known[name]}" for name in names if name in known)
    launches = head.loc[head["metric"] == "step_ratio", "launch"].nunique()
    table = "\n".join(lines(head, chosen.checks))
    report = f"{table}\n\nDrawn from {launches} launches on: {where}, beside other work."
    print(report)
    if chosen.out:
        before, _, rest = chosen.out.read_text("utf-8").partition(START)
        after = rest.partition(END)[2]
        chosen.out.write_text(f"{before}{START}\n{report}\n{END}{after}", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
