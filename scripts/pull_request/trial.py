"""How often the gate is wrong: ``scripts/pr_check --trial``.

Real launches of this checkout against a copy whose recipes are other programs of equal cost, some
of them slowed down by a wait for a share of each call. Each check draws its launches anew, without
using one twice, and looks at them as `scripts.pull_request.checks` does, until all is decided.
"""

import random
import re
import shutil
from pathlib import Path
from typing import Any, NamedTuple

from scipy.stats import binomtest

from benchmarks.runner import alone
from remedies.registry import PLACEBO
from reports.gate.runs import LAUNCHES, of_head, paired
from reports.gate.verdict import Row
from reports.judge import EXACT, PYTHON
from scripts.pull_request.checks import ROOT, TIMED, SideBySide, undecided
from scripts.pull_request.commits import NAMES

WORKLOAD, MEASURED, CHECKS = "image", 16, 60
PAGE, START, END = ROOT / "docs" / "alerts.md", "<!-- trial -->", "<!-- end of trial -->"
_SLOWED = """
import time
def _slowed(call):
    def waiting(*args, **kwargs):
        start = time.perf_counter()
        result = call(*args, **kwargs)
        end = time.perf_counter()
        while time.perf_counter() < end + {share} * (end - start):
            pass
        return result
    return waiting
for _own in {{own for own in globals().values() if isinstance(own, type)}}:
    if issubclass(_own, keras.Model):
        _own.{method} = _slowed(_own.{method})
"""


class Case(NamedTuple):
    """What is tried: a call of a remedy, or of all, that takes longer by a share."""

    name: str
    remedy: str = ""
    step: str = ""
    metric: str = ""
    share: float = 0.0
    method: str = ""  # that waits; where there is none, what was measured is made longer

    def slows(self, row: Any) -> Any:
        """Return whether a row, or each of a frame's, is about what takes longer."""
        own = (row.remedy == self.remedy) if self.remedy else (row.remedy != PLACEBO)
        return own & (row.step == self.step) & ((row.metric == self.metric) | (row.step != ""))


_TRAIN, _PREDICT = ("train", "step_ratio"), ("predict", "step_ratio")
CASES = (
    Case("equal cost, every remedy"),
    Case("one training step 3 % slower", "tf_cast", *_TRAIN, 0.03, "train_on_batch"),
    Case("one training step 5 % slower", "control", *_TRAIN, 0.05, "train_on_batch"),
    Case("one predict step 10 % slower", "ops_where", *_PREDICT, 0.1, "predict_on_batch"),
    Case("every training step 10 % slower", "", *_TRAIN, 0.1),
    Case("one save 20 % slower", "ops_where", "", "save_ratio", 0.2, "save"),
    Case("one load 20 % slower", "functional_bool_input", "", "load_ratio", 0.2),
)
WAITS = [case for case in CASES if case.method]
HEAD = """\
| | found | false alarms | falsely faster | undecided | launches, median and most |
|---|---|---|---|---|---|"""


def collect(work: Path) -> Any:
    """Run what is missing of `MEASURED` launches, and return what all of them measured."""
    folders = {name: work / name for name in NAMES}
    for folder in folders.values():
        shutil.copytree(ROOT / "remedies" / WORKLOAD, folder / WORKLOAD, dirs_exist_ok=True)
    for file in (folders["head"] / WORKLOAD).glob("*.py"):
        own = [case for case in WAITS if case.remedy == file.stem]
        # Another constant is another program, which takes the same time.
        constant = f"{1 + sum(map(CASES.index, own))}e-30"
        text = re.sub(r"(where\(.*), 0\)", rf"\1, {constant})", file.read_text("utf-8"))
        file.write_text(text + "".join(_SLOWED.format(**case._asdict()) for case in own), "utf-8")
    check = SideBySide(folders, {}, "cpu", work, 0.0)
    check.launch([("identity", WORKLOAD)])
    for launch in range(MEASURED):
        check.launch([(kind, WORKLOAD) for kind in TIMED], launch=launch)
    return check.read("both")


def tried(head: Any, case: Case, rng: random.Random) -> tuple[list[Row], int]:
    """Return the rows of one check whose launches are drawn from `head`, and how many it took."""
    for other in WAITS:
        head = head[~other.slows(head)] if other is not case else head
    if case not in WAITS:
        longer = case.slows(head) & (head["metric"] == case.metric)
        head = head.assign(value=head["value"] * (1 + case.share * longer))
    exact = head["metric"].isin(EXACT)
    launches = sorted(head.loc[head["metric"] == "step_ratio", "launch"].unique())
    drawn = rng.sample(launches, len(launches))
    for count in LAUNCHES:
        taken = head[exact | head["launch"].isin(drawn[:count])]
        rows = [row for row in paired(taken, []) if row.metric != PYTHON]
        if count >= len(drawn) or not undecided(rows):
            break
    return rows, min(count, len(drawn))


def table_row(head: Any, case: Case) -> str:
    """Return the row of the table that says what the checks of a case said."""
    rng = random.Random(case.name)  # noqa: S311 - draws that repeat
    checks = [tried(head, case, rng) for _ in range(CHECKS)]
    seen = false = faster = blocked = 0
    for rows, _ in checks:
        slowed = [row.regressed for row in rows if case.slows(row)]
        rest = [row for row in rows if not case.slows(row)]
        seen += bool(slowed) and all(slowed)
        false += any(row.regressed for row in rest)
        faster += any(row.word == "faster" for row in rest)
        blocked += any(row.blocks for row in rest)
    counts = sorted(count for _, count in checks)
    cells = (case.name, _share(seen) if case.metric else "", _share(false), faster, blocked,
             f"{counts[CHECKS // 2]}, {counts[-1]}")  # fmt: skip
    return f"| {' | '.join(map(str, cells))} |"


def _share(count: int) -> str:
    ends = binomtest(count, CHECKS).proportion_ci(0.99)
    return f"{count} of {CHECKS} [{ends.low:.1%}, {ends.high:.1%}]"


def main() -> None:
    """Measure what is missing, and write the table into its page."""
    work = ROOT / ".asv" / "trial"
    with alone(work):
        run = collect(work)
    head = of_head(run.frame)
    [facts] = run.facts.values()
    where = ", ".join(f"{name} {facts.get(name)}" for name in ("cpu", "cores", "python", "keras"))
    table = "\n".join((HEAD, *(table_row(head, case) for case in CASES)))
    report = f"{table}\n\nDrawn from {head['launch'].nunique()} launches. On: {where}."
    before, _, rest = PAGE.read_text("utf-8").partition(START)
    PAGE.write_text(f"{before}{START}\n{report}\n{END}{rest.partition(END)[2]}", "utf-8")
    print(report)


if __name__ == "__main__":
    main()
