"""The README's figures, as the suite produced them: ``python -m reports.readme --help``."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from reports.answer import answer
from reports.costs import summary
from reports.environments import commands
from reports.evidence import Evidence, gather
from reports.exhibit import drawn
from reports.files import LeftOutError
from reports.page import engine
from reports.results import ResultsError, read
from reports.times import steps
from reports.trimmed import trim
from reports.vocabulary import STEPS

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "reports" / "reference"
FIGURE = "docs/steps.png"
WORKLOAD = "image"  # the article's own
_BLOCK = re.compile(r"(<!-- results: begin -->\n).*?(<!-- results: end -->)", re.DOTALL)
EXAMPLES = """\
examples:
  python -m reports.readme                                    write README.md again
  python -m reports.readme --results .asv/results --machine vm-4-cores
"""


def main(arguments: list[str] | None = None) -> int:
    """Take results as the reference, where some are named, and write the README's part again."""
    parser = argparse.ArgumentParser(
        prog="python -m reports.readme",
        description="Write the results in README.md from reports/reference.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--results", type=Path, metavar="DIR", help="take these as the reference")
    parser.add_argument("--machine", metavar="NAME", help="what to call the machine there")
    chosen = parser.parse_args(arguments)
    if (chosen.results is None) != (chosen.machine is None):
        parser.error("--results and --machine belong together")
    try:
        if chosen.results:
            read(chosen.results)
            write_reference(chosen.results, chosen.machine)
        evidence = gather(read(REFERENCE))
    except (ResultsError, LeftOutError) as error:
        print(f"reports.readme: {error}", file=sys.stderr)
        return 2
    sketch = next(sketch for sketch in steps(evidence) if WORKLOAD in sketch.title)
    [figure] = drawn([sketch], png=True)
    (ROOT / FIGURE).write_bytes(figure.drawing.png)
    readme = ROOT / "README.md"
    text = updated(readme.read_text(encoding="utf-8"), evidence, figure.alt)
    readme.write_text(text, encoding="utf-8")
    return 0


def write_reference(results: Path, machine: str) -> None:
    """Put trimmed results in place of this machine's earlier ones."""
    for old in (REFERENCE / machine).glob("*.json"):
        old.unlink()
    for name, content in trim(results, machine):
        (REFERENCE / name).parent.mkdir(parents=True, exist_ok=True)
        (REFERENCE / name).write_text(content, encoding="utf-8")


def updated(readme: str, evidence: Evidence, alt: str) -> str:
    """Return `readme` with what the results say between its two marks.

    Parameters
    ----------
    readme : str
        Its text, with the marks.
    evidence : Evidence
        What to say.
    alt : str
        What the figure shows, for a reader who cannot see it.
    """
    costs = next(table for table in summary(evidence) if table.caption.startswith(WORKLOAD))
    told = {"runs": evidence.runs, "answer": answer(evidence), "commands": commands(evidence)}
    told["devices"] = sorted(set(evidence.measured(*STEPS)["device"]))
    block = engine().get_template("readme.md").render(**told, costs=costs, alt=alt, path=FIGURE)
    return _BLOCK.sub(lambda found: found[1] + "\n" + block + found[2], readme)


if __name__ == "__main__":
    sys.exit(main())
