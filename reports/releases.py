"""What each release of Keras keeps and what it costs: ``python -m reports.releases --help``."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from reports.files import clean
from reports.results import Results, ResultsError, read
from reports.vocabulary import REMEDIES, TENSORFLOW
from reports.wording import number

DEFECTS = {
    "weights_lost": "weights lost",
    "optimizer_variables_lost": "optimizer variables lost",
    "iterations_lost": "iterations lost",
    "build_warnings": "build warnings",
    "optimizer_warnings": "optimizer warnings",
}
STEPS = {
    "train step": ("train_step", "graph"),
    "train step, XLA": ("train_step", "xla"),
    "predict step": ("predict_step", "graph"),
    "predict step, XLA": ("predict_step", "xla"),
}
AGAIN = "scripts/track_keras --releases 3.5..latest"
EXAMPLES = f"""\
example:
  {AGAIN}
  python -m reports.releases --results .asv/keras/results --markdown docs/keras_releases.md
"""


def table(results: Results) -> str:
    """Return a page with a row for each release and remedy, on CPU and bool masks.

    A defect is the most of any workload and jit; a step is its ratio to the reference in the same
    rounds, with the 99 % interval.
    """
    places: dict[str, None] = {}
    heads = ["Keras", "TensorFlow", "remedy", *DEFECTS.values(), *STEPS]
    lines = [_row(heads), _row(["---"] * len(heads))]
    for facts, rows in _runs(results):
        places[_place(facts, rows)] = None
        software = [clean(facts.get(name, "unknown")) for name in ("keras", "tensorflow-cpu")]
        for remedy in REMEDIES:
            own = rows[rows["remedy"] == remedy]
            if len(own):
                lost = [_most(own[own["metric"] == metric]) for metric in DEFECTS]
                cost = [_ratio(own, *step) for step in STEPS.values()]
                lines.append(_row([*software, f"`{remedy}`", *lost, *cost]))
    where = f"Measured on: {'; '.join(places)}. Again: `{AGAIN}`."
    return "\n".join(["# Keras over time", "", _ABOUT, "", *lines, "", where]) + "\n"


_ABOUT = """\
Made by `python -m reports.releases` from what `scripts/track_keras` measured; not to be edited by
hand. What a `.keras` file loses, as in `docs/method.md`, and the step's time divided by that of the
reference in the same rounds, with its 99 % interval; a dash is what was not measured."""


def _runs(results: Results) -> Iterator[tuple[dict[str, str], Any]]:
    """Yield the facts and rows of each release's newest results, in the order of the releases."""
    frame = results.frame
    frame = frame[(frame["device"] == "cpu") & (frame["mask_dtype"] == "bool")]
    frame = frame[frame["backend"] == TENSORFLOW]
    newest: dict[str, tuple[float, dict[str, str], Any]] = {}
    for key, rows in frame.groupby(["machine", "commit", "environment"], sort=False):
        facts, started = results.facts.get(key, {}), rows["started_at"].max()
        keras = facts.get("keras", "unknown")
        if keras not in newest or started > newest[keras][0]:
            newest[keras] = started, facts, rows
    for keras in sorted(newest, key=_number):
        yield newest[keras][1:]


def _place(facts: dict[str, str], rows: Any) -> str:
    """Return the machine, and how many fresh processes a step's interval rests on."""
    known = ", ".join(f"{k} {clean(facts[k])}" for k in ("cpu", "cores", "python") if k in facts)
    launches = rows["launches"].dropna().map(len).max()
    told = "" if math.isnan(launches) else f", {number(launches)} launches a step"
    return (known or "a machine that is not told") + told


def _number(version: str) -> tuple[tuple[int, str], ...]:
    parts = version.split(".")
    return tuple((int(p), "") if p.isdecimal() and len(p) < 9 else (-1, p) for p in parts)


def _most(rows: Any) -> str:
    most = rows["value"].max()
    return "\N{EN DASH}" if most != most else f"{most:g}"


def _ratio(rows: Any, metric: str, jit: str) -> str:
    found = rows[(rows["metric"] == metric) & (rows["jit"] == jit) & rows["ratio"].notna()]
    if found.empty:
        return "\N{EN DASH}"
    row = found.iloc[0]
    return f"{row['ratio']:.3f} [{row['ratio_ci_low']:.3f}, {row['ratio_ci_high']:.3f}]"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '') for cell in cells)} |"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the page, or write it; return 0, or 2 with one line where there is nothing to show."""
    parser = argparse.ArgumentParser(
        "python -m reports.releases",
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--results", type=Path, default=Path(".asv/keras/results"), metavar="DIR")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the page there")
    given = parser.parse_args(arguments)
    try:
        page = table(read(given.results))
        if given.markdown:
            given.markdown.write_text(page, encoding="utf-8")
    except (ResultsError, OSError) as error:
        print(f"reports.releases: {error}", file=sys.stderr)
        return 2
    print(page)
    return 0


if __name__ == "__main__":
    sys.exit(main())
