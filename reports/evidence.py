"""What the page may argue from: the latest results of each machine and environment."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from reports import fidelity
from reports.results import Problem, Results
from reports.survey import NOTHING, Survey
from reports.verdicts import MARGIN, compare
from reports.vocabulary import KEY, TENSORFLOW
from reports.wording import day

RUN = list(KEY[:3])


@dataclass(frozen=True)
class Run:
    """One machine and environment at its latest commit.

    Attributes
    ----------
    label : str
        What tables and figures call it: the machine's name, numbered where there are several.
    facts : mapping
        What was recorded about the machine and its software.
    files : tuple of path
        asv's result files that it was read from.
    """

    label: str
    machine: str
    commit: str
    environment: str
    started_at: float
    facts: Mapping[str, str]
    files: tuple[Path, ...] = ()

    @property
    def day(self) -> str:
        """When its last benchmark started."""
        return day(self.started_at)

    @property
    def hardware(self) -> str:
        """Its processor or GPU, and cores, as far as recorded."""
        found = [self.facts.get("gpu", ""), self.facts.get("cpu", "")]
        cores = self.facts.get("cores")
        return ", ".join([*filter(None, found), *([f"{cores} cores"] if cores else [])])

    @property
    def software(self) -> str:
        """The versions that decide what a round trip keeps."""
        named = ("tensorflow", "tensorflow-cpu", "keras", "jax", "numpy", "python")
        return ", ".join(f"{name} {self.facts[name]}" for name in named if name in self.facts)


@dataclass(frozen=True)
class Evidence:
    """The latest results with their verdicts, and whatever was left out.

    Attributes
    ----------
    everything : DataFrame
        All commits, compared.
    frame : DataFrame
        The latest commit of each machine and environment; `run` is its label. Under one backend of
        Keras only, so that nothing compares two.
    margin : float
        The difference that does not matter.
    survey : Survey
        What was surveyed once and committed; empty unless asked for.
    jax : DataFrame
        What `frame` would hold under Keras' JAX backend.
    """

    everything: Any
    frame: Any
    runs: tuple[Run, ...]
    problems: tuple[Problem, ...]
    margin: float = MARGIN
    survey: Survey = NOTHING
    jax: Any = None

    @property
    def on_jax(self) -> Evidence:
        """The same machines, under Keras' JAX backend."""
        return replace(self, frame=self.jax)

    @cached_property
    def trips(self) -> Any:
        """One row a round trip, a column a defect or circumstance."""
        return fidelity.trips(self.frame)

    @cached_property
    def kept(self) -> dict[tuple[str, str, str], fidelity.Kept]:
        """``(run, workload, remedy)`` -> whether it comes back whole."""
        return fidelity.kept(self.trips)

    def state(self, run: str, workload: str, remedy: str) -> fidelity.Kept:
        """Return what `remedy` keeps; as found in another run where this one did not look."""
        own = self.kept.get((run, workload, remedy), fidelity.Kept.UNKNOWN)
        if own is not fidelity.Kept.UNKNOWN:
            return own
        found = {k for (_, w, r), k in self.kept.items() if (w, r) == (workload, remedy)}
        return fidelity.worst(found)

    def lost(self, workload: str, remedy: str, most: int = 2) -> list[str]:
        """Return the gravest of what `remedy` loses on `workload`, in words."""
        trips = self.trips
        own = trips[(trips["workload"] == workload) & (trips["remedy"] == remedy)]
        return fidelity.losses(fidelity.gravest(own))[:most] if len(own) else []

    def measured(self, *metrics: str) -> Any:
        """Return the rows of `metrics` that have a value."""
        frame = self.frame
        return frame[frame["metric"].isin(metrics) & frame["value"].notna()]


def gather(results: Results, margin: float = MARGIN, survey: Survey | None = None) -> Evidence:
    """Compare all results and choose what the page argues from.

    Parameters
    ----------
    results : Results
        As `reports.results.read` returns them.
    margin : float
        The difference that does not matter; 0.02 is 2 %.
    survey : Survey
        Committed surveys to show beside the results.
    """
    everything = compare(results.frame, margin)
    started = everything.groupby(RUN, sort=True)["started_at"].max().fillna(-math.inf)
    chosen = list(started.groupby(["machine", "environment"], sort=True).idxmax())
    machines = [machine for machine, _, _ in chosen]
    seen: dict[str, int] = {}
    runs = []
    for key in chosen:
        machine = key[0]
        seen[machine] = seen.get(machine, 0) + 1
        label = f"{machine} #{seen[machine]}" if machines.count(machine) > 1 else machine
        machine, commit, environment = key
        facts = results.facts.get(key, {})
        files = tuple(results.files.get(key, ()))
        runs.append(Run(label, machine, commit, environment, float(started[key]), facts, files))
    labels = pd.DataFrame([(*k, r.label) for k, r in zip(chosen, runs, strict=True)])
    labels.columns = [*RUN, "run"]
    latest = everything.merge(labels, how="inner", on=RUN)
    usual = latest["backend"] == TENSORFLOW
    frame, jax = (latest[own].reset_index(drop=True) for own in (usual, ~usual))
    problems = tuple(results.problems)
    return Evidence(everything, frame, tuple(runs), problems, margin, survey or NOTHING, jax)
