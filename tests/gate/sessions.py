"""Made-up session files of a night: one cell and its files, on a machine whose noise repeats."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from reports.gate.verdict import Row, Verdict, conclude
from tests.reports import factory
from tests.reports.factory import Made, entry

__all__ = ["BASE", "FACTS", "HEAD", "concluded", "entry", "night", "write"]

BASE, HEAD = "a" * 40, "b" * 40
REMEDIES = ("ops_where", "tf_cast", "functional_bool_input")
FACTS = {"cpu": "Made-up 3000", "python": "3.12.1", "keras": "3.15.1", "numpy": "2.5.5"}
Slower = Mapping[tuple[str, str], float]  # (remedy, step or time) -> how many times


def night(
    folder: Path,
    commit: str = BASE,
    *,
    slower: Slower | None = None,
    seed: int = 0,
    cast: Mapping[str, float] | None = None,
    texts: Mapping[str, str] | None = None,
    without: Iterable[str] = (),
    failed: Iterable[str] = (),
    launches: int = 4,
    noise: float = 0.002,
    **facts: Any,
) -> Path:
    """Write what a night measures, without some kinds of session, and return its folder.

    `cast` and `texts` are what `tf_cast` has more of, by metric, and its fingerprints.
    """
    made = Made(("image",), jits=("xla",), batches=(32,), launches=launches, remedies=REMEDIES)
    made.noise, made.random = noise, np.random.default_rng([seed, ord(commit[0])])
    for session, entries in made._sessions():
        if session["kind"] not in {"identity", "fidelity", "step_times", "saving"} - {*without}:
            continue
        for each in entries:
            remedy, step = each["axes"].get("remedy"), each["axes"].get("step")
            time = step or each["metric"].removesuffix("_seconds")
            if each["metric"].endswith("_seconds"):
                each["value"] *= (slower or {}).get((remedy, time), 1.0)
            if remedy == "tf_cast" and step != "predict":
                each["value"] += (cast or {}).get(each["metric"], 0)
                each["text"] = (texts or {}).get(each["metric"], each["text"])
        fail = session["kind"] in failed
        write(folder, session, entries, fail=fail, **{"commit": commit, "facts": FACTS} | facts)
    return folder


def concluded(*rows: Row, **changes: Any) -> Verdict:
    """Return the verdict on some rows of head and base."""
    usual = {"device": "cpu", "base": BASE, "head": HEAD, "differs": []}
    return conclude(rows, **(usual | changes))


def write(folder: Path, session: dict[str, Any], *rest: Any, **facts: Any) -> None:
    """Write one session file of a full run on the CPU."""
    session = {"device": "cpu", "jit": "", **session}
    factory.write(folder, session, *rest, **{"setting": "full", "health": {}} | facts)
