"""Made-up session files: a night of two cells, on a machine whose noise repeats."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.reports import factory
from tests.reports.factory import entry

BASE, HEAD = "a" * 40, "b" * 40
REMEDIES = ("ops_where", "tf_cast", "functional_bool_input")
DTYPES = ("bool", "float32")
FACTS = {"cpu": "Made-up 3000", "python": "3.12.1", "keras": "3.15.1", "numpy": "2.5.5"}
Slower = Mapping[tuple[str, str], float]  # (remedy, metric or step) -> how many times


def night(
    folder: Path,
    commit: str = BASE,
    *,
    slower: Slower | None = None,
    launches: int = 4,
    noise: float = 0.01,
    seed: int = 0,
    lost: float = 0,
    program: str = "p",
    python: str = "c",
    calls: int = 100,
    compares: int = 3,
    facts: Mapping[str, str] = FACTS,
    without: Iterable[str] = (),
    failed: Iterable[str] = (),
    **known: Any,
) -> Path:
    """Write what a night measures, and return its folder.

    Parameters
    ----------
    slower : mapping
        How many times longer a remedy's steps, saves or loads take.
    lost, program, python, calls, compares
        Of `tf_cast`: weights that its round trip loses, and what its training step is.
    without, failed : iterable of str
        Kinds of session that were not run, or failed.
    """
    rng, times = random.Random(f"{seed} {commit}"), Times(slower or {})
    sessions = [({"kind": "fidelity", "workload": "image"}, _fidelity(lost))]
    cell = {"workload": "image", "batch": 32}
    own = {"program": program, "python": python, "calls": calls, "compares": compares}
    sessions.append(({"kind": "identity", **cell}, _identity(**own)))
    for launch in range(launches):
        rest = {"launch": launch}
        sessions.append(({"kind": "step_times", **cell, **rest}, times.steps(rng, noise)))
        saving = {"kind": "saving", "workload": "image", **rest}
        sessions.append((saving, times.saving(rng, noise)))
    for session, entries in sessions:
        if session["kind"] not in without:
            about = {"commit": commit, "facts": facts} | known
            write(folder, session, entries, fail=session["kind"] in failed, **about)
    return folder


class Times:
    """Times of a machine on which some remedies take longer."""

    def __init__(self, slower: Slower) -> None:
        self._slower = slower

    def steps(self, rng: random.Random, noise: float) -> list[dict[str, Any]]:
        """Return a launch's step times: of one step under two names, and of another one."""
        made = []
        for step in ("train", "predict"):
            level = 0.003 * (1 + rng.gauss(0, noise))
            for remedy in REMEDIES:
                own = level if remedy != "functional_bool_input" else level * rng.gauss(1.05, noise)
                own *= self._slower.get((remedy, step), 1.0)
                for dtype in DTYPES:
                    axes = {"jit": "xla", "step": step, "remedy": remedy, "mask_dtype": dtype}
                    made.append(entry("step_seconds", own, **axes))
        return made

    def saving(self, rng: random.Random, noise: float) -> list[dict[str, Any]]:
        """Return a launch's save and load times."""
        return [
            entry(
                f"{name}_seconds",
                0.02 * rng.gauss(1, noise) * self._slower.get((remedy, name), 1.0),
                remedy=remedy,
                size=0,
            )
            for name in ("save", "load")
            for remedy in REMEDIES
        ]


def _fidelity(lost: float) -> list[dict[str, Any]]:
    return [
        entry(metric, lost * (remedy == "tf_cast" and metric == "weights_lost"),
              jit="xla", remedy=remedy, mask_dtype=dtype)
        for metric in ("weights_lost", "outputs_changed")
        for remedy in REMEDIES
        for dtype in DTYPES
    ]  # fmt: skip


def _identity(program: str, python: str, calls: int, compares: int) -> list[dict[str, Any]]:
    made = []
    for step in ("train", "predict"):
        for remedy in REMEDIES:
            own = remedy == "tf_cast" and step == "train"
            for dtype in DTYPES:
                axes = {"jit": "xla", "step": step, "remedy": remedy, "mask_dtype": dtype}
                group = float(remedy == "functional_bool_input")
                made += [
                    entry("program_differs", 0, program if own else "p", **axes),
                    entry("python_calls_differ", 0, python if own else "c", **axes),
                    entry("python_calls", calls if own else 100, **axes),
                    entry("compares", compares if own else 3, **axes),
                    entry("step_group", group, **axes),
                ]
    return made


def write(folder: Path, session: dict[str, Any], *rest: Any, **facts: Any) -> None:
    """Write one session file of a full run on the CPU."""
    session = {"device": "cpu", "jit": "", **session}
    factory.write(folder, session, *rest, **{"setting": "full", "health": {}} | facts)
