"""Are recipes and pins the same code? Answered in a second, with the standard library alone.

``python3 -m scripts.gate.quick BASE HEAD [--json FILE]`` ends with 0 and a verdict where they are,
with 2 where the commits cannot be compared, and with 3 where something is left to measure.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from scripts.gate.commits import NAMES, CommitError, here, recipes

LEFT_TO_MEASURE = 3


def main(arguments: list[str] | None = None) -> int:
    """Compare the code of two commits' recipes, and print the verdict where it is the same."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("commits", nargs="*")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--device", default="cpu")
    chosen, _ = parser.parse_known_args(arguments)
    if len(chosen.commits) < 2:
        return LEFT_TO_MEASURE  # whoever measures says what is wrong with the arguments
    repository = here()
    commits = repository.freeze(*chosen.commits[:2])
    with tempfile.TemporaryDirectory() as work:
        sides = [repository.export(commits[name], Path(work, name)) for name in NAMES]
        code = [(recipes(folder), repository.pins(commits[name], chosen.device))
                for name, folder in zip(NAMES, sides, strict=True)]  # fmt: skip
    number = len(code[0][0])
    if code[0] != code[1] or not number:
        return LEFT_TO_MEASURE
    verdict = {"format": 3, "status": 0, "device": chosen.device, **commits, "minutes": 0.0}
    verdict |= {"compared": {"counts": number}, "lacking": {}, "differs": [], "rows": []}
    if chosen.json:
        chosen.json.write_text(json.dumps(verdict, indent=1), encoding="utf-8")
    print(f"### {chosen.device.upper()}: **none regressed**: nothing to do.\n")
    print(f"All {number} recipes of `{commits['head'][:12]}`, with what they import, are the code")
    print(f"of `{commits['base'][:12]}`: the same steps, exactly, so nothing was measured.")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except CommitError as problem:
        print(f"could not judge: {problem}", file=sys.stderr)
        sys.exit(2)
