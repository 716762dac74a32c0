"""The names that a comment may show: those of this checkout, never those of an artifact."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from reports import vocabulary as words

ROOT = Path(__file__).parents[2]
_TIMES = (*words.COSTS, *words.COMPILED, *words.ON_DEVICE, *words.PARTS, *words.STORAGE)
_METRICS = (
    *(name for time in _TIMES for name in (time, f"{time}_ratio")),
    *words.CASTS,
    *words.DEFECTS,
    *words.PROGRAMS,
    *words.MEMORY,
    words.PROGRAM_DIFFERS,
    words.SECOND,
    words.AS_WRITTEN,
    words.FILE_SIZE,
    words.KERNEL,
)
FACTS = (
    "cpu",
    "cores",
    "gpu",
    "driver",
    "cuda",
    "cudnn",
    "os",
    "python",
    "tensorflow",
    "keras",
    "numpy",
    "flags",
)


def known(root: Path = ROOT) -> Mapping[str, frozenset[str]]:
    """Return, for each axis of a row, the names that the checkout at `root` has.

    Workloads are the folders of recipes, and scenarios the words in their files, so that nothing
    of the project needs to be imported.
    """
    recipes = [file.parent.name for file in (root / "remedies").glob("*/control.py")]
    return {
        "metric": frozenset((*_METRICS, *_scenarios(root))),
        "workload": frozenset(("", *recipes)),
        "remedy": frozenset(("", words.PLACEBO, *words.REMEDIES)),
        "jit": frozenset(("", "graph", "xla")),
        "mask_dtype": frozenset(("", "bool", "float32")),
        "differs": frozenset(FACTS),
    }


def _scenarios(root: Path) -> list[str]:
    import re

    files = (root / "remedies" / "scenarios").glob("*.py")
    found = (re.findall(r'"([a-z][a-z0-9_]{2,40})"', file.read_text("utf-8")) for file in files)
    return [f"{words.SCENARIO}{name}" for names in found for name in names]
