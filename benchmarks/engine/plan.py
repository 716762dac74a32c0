"""What a run of the suite measures: which sessions, and how long each may sample."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import product

from benchmarks.axes import DEVICE, JIT, WORKLOAD, batches
from benchmarks.engine.sampling import Budget
from remedies.registry import require

KINDS = ("steps", "storage", "fidelity", "scenarios")
SETTING_VARIABLE = "REMEDIES_SETTING"


@dataclass(frozen=True)
class Session:
    """What one fresh process measures: all remedies of it, side by side.

    Attributes
    ----------
    kind : str
        One of `KINDS`, each a module beside this one.
    workload, device : str
        As in the benchmark parameters of these names; no workload where it has no bearing.
    jit : str
        ``"graph"`` or ``"xla"``; empty for a session that covers both.
    batch : int
        Examples a step; 0 where it has no bearing.
    """

    kind: str
    workload: str
    device: str
    jit: str = ""
    batch: int = 0

    def __str__(self) -> str:
        parts = (self.kind, self.workload, self.device, self.jit, self.batch and f"b{self.batch}")
        return "-".join(str(part) for part in parts if part)

    def parameters(self) -> dict[str, object]:
        """Return the parameters that hold for everything measured in this session."""
        return {name: value for name, value in asdict(self).items() if value and name != "kind"}


@dataclass(frozen=True)
class Setting:
    """How much of the matrix is measured, and how long.

    Attributes
    ----------
    kinds, workloads : tuple of str
        The kinds of session, and the workloads, that are measured.
    batches : int
        How many of each workload's batch sizes, the default one first.
    step : Budget
        For each of train and predict step; the bare kernels get a third of its time.
    first_steps : int
        Fresh models a remedy for the first step (trace and compile).
    storage : Budget
        For save and load.
    """

    kinds: tuple[str, ...]
    workloads: tuple[str, ...]
    batches: int
    step: Budget
    first_steps: int
    storage: Budget


SETTINGS = {
    "quick": Setting(
        kinds=("steps", "storage", "fidelity"),
        workloads=("image",),
        batches=1,
        step=Budget(54, half_width=0.0195),
        first_steps=5,
        storage=Budget(15, half_width=0.02, sample_seconds=0),
    ),
    "full": Setting(
        kinds=KINDS,
        workloads=tuple(WORKLOAD),
        batches=2,
        step=Budget(90, half_width=0.004),
        first_steps=9,
        storage=Budget(60, half_width=0.01, sample_seconds=0),
    ),
}


def current_setting() -> str:
    """Return the setting's name, from the environment; ``quick`` where it says nothing.

    Raises
    ------
    remedies.UnknownNameError
        For a name that is not in `SETTINGS`.
    """
    return require("setting", os.environ.get(SETTING_VARIABLE, "quick"), SETTINGS)


def sessions(kind: str, setting: Setting) -> Iterator[Session]:
    """Yield the sessions of `kind` that `setting` asks for, on every device."""
    if kind not in setting.kinds:
        return
    if kind == "scenarios":
        yield Session(kind, "", "cpu")
        return
    for workload, device in product(setting.workloads, DEVICE):
        if kind != "steps":
            yield Session(kind, workload, device)
            continue
        for batch, jit in product(batches(workload)[: setting.batches], JIT):
            yield Session(kind, workload, device, jit, batch)
