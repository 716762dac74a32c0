"""How much of the matrix a run measures, and how long."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace

from benchmarks.axes import JIT, LARGE, SIZE, WORKLOAD
from benchmarks.engine.sampling import Budget
from remedies.registry import require

SETTING_VARIABLE = "REMEDIES_SETTING"
# First what asks for no turn: it runs while others prepare.
KINDS = ("programs", "fidelity", "scenarios", "steps", "first_steps", "storage", "loads", "kernels")

_NONE = Budget(0)


@dataclass(frozen=True)
class Setting:
    """How much of the matrix is measured, and how long.

    Attributes
    ----------
    kinds, workloads : tuple of str
        The kinds of session, and the workloads, that are measured.
    batches : int
        How many of each workload's batch sizes, the default one first.
    launches : int
        Fresh processes for each session of a kind in `LAUNCHED`.
    step : Budget
        For the training step in one launch.
    shares : dict of str to float
        The other steps to sample, and the share of the training step's time that each gets.
    first_steps : dict of str to int
        Workload -> fresh models a remedy for the first step (trace and compile).
    round_trips : dict of str to tuple of str
        Workload -> the jits whose round trips are tried; each traces every model five times.
    stored : tuple of str
        Workloads whose saving and loading is measured.
    storage : Budget
        For each of save and load in one launch.
    loads : dict of str to int
        Workload -> rounds of load and first step, each in the same process and in fresh ones.
    large : tuple of str
        Workloads whose saving and loading is measured on a large model too: ``image`` or none.
    jax : tuple of str
        Workloads whose round trips and steps are measured under Keras' JAX backend too.
    kernel : Budget
        For the bare kernels of each size, where they are measured.
    sizes : tuple of int
        Bytes of the values that the bare kernels work on.
    """

    kinds: tuple[str, ...]
    workloads: tuple[str, ...]
    batches: int
    launches: int
    step: Budget
    shares: dict[str, float]
    first_steps: dict[str, int]
    round_trips: dict[str, tuple[str, ...]]
    stored: tuple[str, ...] = ()
    storage: Budget = _NONE
    kernel: Budget = _NONE
    sizes: tuple[int, ...] = ()
    loads: dict[str, int] = field(default_factory=dict)
    large: tuple[str, ...] = ()
    jax: tuple[str, ...] = ()

    def models(self, workload: str) -> tuple[str, ...]:
        """Return the sizes of model that are saved and loaded; empty is the workload's own."""
        return ("", LARGE) if workload in self.large else ("",)

    def whole(self) -> bool:
        """Whether every kind of session is measured."""
        return self.kinds == KINDS


_COMPILED = {"train_step_compiled": 0.1, "predict_step_compiled": 0.1}
SETTINGS = {
    "smoke": Setting(
        kinds=("steps", "first_steps", "storage", "fidelity"),
        workloads=("image",),
        batches=1,
        launches=2,
        step=Budget(0.05, rounds=2),
        shares={"predict_step": 0.5, **_COMPILED},
        first_steps={"image": 1},
        round_trips={"image": ("graph",)},
        stored=("image",),
        storage=Budget(0.05, rounds=2, sample_seconds=0),
    ),
    "core": Setting(
        kinds=("steps", "fidelity", "scenarios"),
        workloads=("image",),
        batches=1,
        launches=2,
        step=Budget(5, half_width=0.01, rounds=5),
        shares={"predict_step": 0.5},
        first_steps={},
        round_trips={"image": tuple(JIT)},
    ),
    # One launch of what `scripts/pr_check` compares where commits pin other libraries.
    "launch": Setting(
        kinds=("steps", "storage", "fidelity"),
        workloads=("image",),
        batches=1,
        launches=1,
        step=Budget(5, half_width=0, rounds=9),
        shares={"predict_step": 0.4},
        first_steps={},
        round_trips={"image": ("graph",)},
        stored=("image",),
        storage=Budget(3, half_width=0, rounds=3, sample_seconds=0),
    ),
    "quick": Setting(
        kinds=("steps", "first_steps", "storage", "fidelity", "programs"),
        workloads=("image",),
        batches=1,
        launches=5,
        # Five launches, each known to 3 %, make an interval of under 2 %: quiet steps end early.
        step=Budget(14, half_width=0.031, rounds=15),
        shares={"predict_step": 0.35},
        first_steps={"image": 3},
        round_trips={"image": tuple(JIT)},
        stored=("image",),
        storage=Budget(1.2, half_width=0.01, rounds=5, sample_seconds=0),
    ),
    "wide": Setting(
        kinds=("steps", "first_steps", "storage", "fidelity", "kernels", "programs"),
        # What takes longest to compile goes first, so that nothing waits for it in the end.
        workloads=("attention", "inpaint", "image"),
        batches=2,
        launches=2,
        step=Budget(2.5, half_width=0.004, rounds=5),
        shares={"predict_step": 0.6},
        first_steps={"image": 3},
        round_trips={"attention": ("graph",), "inpaint": ("graph",), "image": tuple(JIT)},
        stored=("image",),
        storage=Budget(1.2, half_width=0.01, rounds=5, sample_seconds=0),
        kernel=Budget(1, half_width=0.02, rounds=11),
        sizes=(10_000, 1_000_000, 100_000_000),
        jax=("image",),
    ),
    "full": Setting(
        kinds=KINDS,
        workloads=("attention", "inpaint", "image"),
        batches=2,
        launches=4,
        step=Budget(12, half_width=0.004, rounds=5),
        shares={"predict_step": 0.6, **_COMPILED},
        first_steps=dict.fromkeys(WORKLOAD, 3),
        round_trips=dict.fromkeys(WORKLOAD, tuple(JIT)),
        stored=tuple(WORKLOAD),
        storage=Budget(4, half_width=0.01, rounds=5, sample_seconds=0),
        loads=dict.fromkeys(WORKLOAD, 3),
        large=("image",),
        jax=tuple(WORKLOAD),
        kernel=Budget(5, half_width=0.01, rounds=11),
        sizes=tuple(SIZE),
    ),
}
SETTINGS["night"] = replace(
    SETTINGS["full"],
    launches=8,
    step=Budget(60, half_width=0.004, rounds=5),
    first_steps=dict.fromkeys(WORKLOAD, 9),
    storage=Budget(20, half_width=0.01, rounds=5, sample_seconds=0),
    loads=dict.fromkeys(WORKLOAD, 9),
    kernel=Budget(20, half_width=0.01),
)


def current_setting() -> str:
    """Return the setting's name, from the environment; ``quick`` where it says nothing.

    Raises
    ------
    remedies.UnknownNameError
        For a name that is not in `SETTINGS`.
    """
    return require("setting", os.environ.get(SETTING_VARIABLE, "quick"), SETTINGS)
