"""The command ``python -m reports``."""

from __future__ import annotations

import argparse
import gc
import math
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from reports.gate.command import add as add_gate

MARGIN = 0.02
EXAMPLES = """\
examples:
  python -m reports build
  python -m reports build --results .asv/results --out my-report
  python -m reports build --threshold 0.01     # what differs by less than 1 % is the same
  python -m reports build --no-png             # figures as SVG only, in half the time
"""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        message = message.replace("unrecognized arguments", "unknown argument")
        options = [action.option_strings[-1] for action in self._actions if action.option_strings]
        self.exit(2, f"reports: {message}; use: {self.prog} with {', '.join(options)}\n")


def parser() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    made = _Parser(
        prog="python -m reports",
        description="Make a report of asv's results: which remedy keeps the model, at what cost.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    commands = made.add_subparsers(dest="command", required=True, metavar="build|gate")
    build = commands.add_parser(
        "build",
        help="read result files, write the report",
        description="Write index.html, report.md, results.csv and figures/ into --out.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    build.add_argument(
        "--results",
        type=Path,
        default=Path(".asv/results"),
        metavar="DIR",
        help="asv's results folder (default: %(default)s)",
    )
    build.add_argument(
        "--out",
        type=Path,
        default=Path(".asv/report"),
        metavar="DIR",
        help="where the report goes; what else is in it stays (default: %(default)s)",
    )
    build.add_argument(
        "--png",
        default=True,
        action=argparse.BooleanOptionalAction,
        help="draw the figures as PNG too, for slides; takes longer than all the rest",
    )
    build.add_argument(
        "--threshold",
        type=_margin,
        default=MARGIN,
        metavar="NUMBER",
        help="difference that does not matter, 0.02 is 2 %% (default: %(default)s)",
    )
    build.set_defaults(run=_build)
    add_gate(commands)
    return made


def _margin(text: str) -> float:
    try:
        margin = float(text)
    except ValueError:
        margin = math.nan
    if not 0 < margin < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number between 0 and 1")
    return margin


def build(
    results_dir: Path,
    out: Path,
    threshold: float,
    shown: tuple[str, str] | None = None,
    png: bool = True,
) -> list[str]:
    """Read `results_dir`, write the report into `out` and return a line for each thing left out.

    `shown` is what the page calls the two folders, where their own names are nobody's business;
    `png` asks for the figures as PNG beside SVG.

    Raises
    ------
    reports.results.ResultsError
        Where there is nothing to report.
    OSError
        Where `out` cannot be written.
    """
    from reports.evidence import gather
    from reports.output import write
    from reports.page import render
    from reports.results import read
    from reports.samples import samples
    from reports.survey import committed
    from reports.vocabulary import COLUMNS

    evidence = gather(read(results_dir), threshold, committed())
    page = render(evidence, *(shown or (str(results_dir), str(out))), png=png)
    rows = evidence.everything[evidence.everything[["value", "ratio"]].notna().any(axis=1)]
    files: dict[str, str | bytes | Path] = {
        "results.csv": rows[list(COLUMNS)].to_csv(index=False, lineterminator="\n"),
        "report.md": page.markdown,
    }
    for exhibit in page.exhibits:
        files[f"figures/{exhibit.name}.svg"] = exhibit.drawing.svg
        if png:
            files[f"figures/{exhibit.name}.png"] = exhibit.drawing.png
    files |= {f"samples/{sample.name}": sample.path for sample in samples(evidence)}
    write(out, files | {"index.html": page.html})
    return [f"left out: {problem.where}: {problem.reason}" for problem in evidence.problems]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status: 0, or 2 with one line that says why.

    `gate` ends with 1 where something regressed.
    """
    # Nothing here multiplies matrices, and a process with OpenBLAS' threads forks badly.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    chosen = parser().parse_args(arguments)
    status: int = chosen.run(chosen)
    return status


def _build(chosen: argparse.Namespace) -> int:
    there = next(path for path in (chosen.out, *chosen.out.parents) if path.exists())
    if not there.is_dir():
        return _refuse(f"--out {str(there)!r} is a file; name a folder")
    try:
        left_out = build(chosen.results, chosen.out, chosen.threshold, png=chosen.png)
    except OSError as error:
        return _refuse(f"cannot write {str(error.filename)!r}: {error.strerror}")
    except ValueError as error:
        from reports.results import ResultsError

        if isinstance(error, ResultsError):
            return _refuse(str(error))
        raise
    for line in left_out:
        print(f"reports: {line}", file=sys.stderr)
    print(chosen.out / "index.html")
    return 0


def _refuse(reason: str) -> int:
    print(f"reports: {reason}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    gc.disable()  # it ends soon, and looking for cycles takes a tenth of its time
    sys.exit(main())
