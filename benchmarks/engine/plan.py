"""What a run of the suite measures: which sessions, and how long each may sample."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from importlib.util import find_spec
from itertools import product

from benchmarks.axes import DEVICE, JIT, LARGE, SIZE, WORKLOAD, batches
from benchmarks.engine.sampling import Budget
from remedies.devices import missing
from remedies.registry import require

# First what asks for no turn: it runs while others prepare.
KINDS = ("programs", "fidelity", "scenarios", "steps", "first_steps", "storage", "loads", "kernels")
LAUNCHED = ("steps", "storage")
JAX = "jax"
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
    launch : int
        Which of the processes that measure the same: the layout of a process shifts its times.
    side, remedy : str
        ``"base"`` or ``"head"``, and whose recipe, where a session looks at that alone.
    backend : str
        ``"jax"`` for Keras' JAX backend; empty for TensorFlow.
    """

    kind: str
    workload: str
    device: str
    jit: str = ""
    batch: int = 0
    launch: int = 0
    side: str = ""
    remedy: str = ""
    backend: str = ""

    def __str__(self) -> str:
        batch, launch = self.batch and f"b{self.batch}", self.launch and f"launch{self.launch}"
        about = (self.workload, self.device, self.jit, batch, launch, self.side, self.remedy)
        parts = (self.kind, self.backend, *about)
        return "-".join(str(part) for part in parts if part)

    def parameters(self) -> dict[str, object]:
        """Return the parameters that hold for everything measured in this session."""
        known = asdict(self).items()
        return {name: value for name, value in known if value and name not in ("kind", "launch")}

    def missing(self) -> str:
        """Return why this cannot be measured here, or an empty string where it can."""
        if self.backend == JAX and not find_spec(JAX):
            return "JAX is not installed: it is the extra `jax`"
        return missing(self.device)


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
    storage : Budget
        For each of save and load in one launch.
    loads : dict of str to int
        Workload -> rounds of load and first step, each in the same process and in fresh ones.
    large : tuple of str
        Workloads whose saving and loading is measured on a large model too: ``image`` or none.
    jax : tuple of str
        Workloads whose round trips and steps are measured under Keras' JAX backend too.
    kernel : Budget
        For the bare kernels of each size.
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
    storage: Budget
    kernel: Budget
    sizes: tuple[int, ...]
    loads: dict[str, int] = field(default_factory=dict)
    large: tuple[str, ...] = ()
    jax: tuple[str, ...] = ()

    def models(self, workload: str) -> tuple[str, ...]:
        """Return the sizes of model that are saved and loaded; empty is the workload's own."""
        return ("", LARGE) if workload in self.large else ("",)


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
        storage=Budget(0.05, rounds=2, sample_seconds=0),
        kernel=Budget(0, half_width=1, rounds=2),
        sizes=(10_000,),
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
        storage=Budget(1, half_width=0.01, rounds=5, sample_seconds=0),
        kernel=Budget(2, half_width=0.02, rounds=11),
        sizes=(10_000,),
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
        storage=Budget(3, half_width=0, rounds=3, sample_seconds=0),
        kernel=Budget(0, half_width=1, rounds=2),
        sizes=(10_000,),
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
        storage=Budget(1.2, half_width=0.01, rounds=5, sample_seconds=0),
        kernel=Budget(2, half_width=0.02, rounds=11),
        sizes=(10_000, 1_000_000, 100_000_000),
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
        storage=Budget(1, half_width=0.01, rounds=3, sample_seconds=0),
        kernel=Budget(1, half_width=0.02, rounds=11),
        sizes=(10_000, 1_000_000, 100_000_000),
        jax=("image",),
    ),
    "full": Setting(
        kinds=KINDS,
        workloads=tuple(WORKLOAD),
        batches=2,
        launches=8,
        step=Budget(60, half_width=0.004, rounds=5),
        shares={"predict_step": 0.6, **_COMPILED},
        first_steps=dict.fromkeys(WORKLOAD, 9),
        round_trips=dict.fromkeys(WORKLOAD, tuple(JIT)),
        storage=Budget(20, half_width=0.01, rounds=5, sample_seconds=0),
        loads=dict.fromkeys(WORKLOAD, 9),
        large=("image",),
        jax=tuple(WORKLOAD),
        kernel=Budget(20, half_width=0.01),
        sizes=tuple(SIZE),
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
    """Yield the sessions of `kind` that `setting` asks for, on every device.

    The launches of one session lie far apart, so that they do not share what passes in between.
    """
    if kind not in setting.kinds:
        return
    for launch in range(setting.launches if kind in LAUNCHED else 1):
        for session in (*_cells(kind, setting), *_jax_cells(kind, setting)):
            yield replace(session, launch=launch)


def _cells(kind: str, setting: Setting) -> Iterator[Session]:
    if kind == "scenarios":
        yield Session(kind, "", "cpu")
        return
    if kind == "kernels":
        yield from (Session(kind, "", device) for device in DEVICE)
        return
    own = {"first_steps": tuple(setting.first_steps), "fidelity": tuple(setting.round_trips)}
    own |= {"loads": tuple(setting.loads)}
    workloads = own.get(kind, setting.workloads)
    for workload, device in product(workloads, DEVICE):
        sizes = batches(workload)
        if kind == "steps":
            for batch, jit in product(sizes[: setting.batches], reversed(JIT)):
                yield Session(kind, workload, device, jit, batch)
        elif kind == "first_steps":
            for jit in JIT:
                yield Session(kind, workload, device, jit, sizes[0])
        elif kind == "programs":
            yield Session(kind, workload, device, batch=sizes[0])
        else:
            yield Session(kind, workload, device)


def _jax_cells(kind: str, setting: Setting) -> Iterator[Session]:
    for workload, device in product(setting.jax, DEVICE):
        if kind == "fidelity":
            yield Session(kind, workload, device, backend=JAX)
        elif kind == "steps":  # JAX compiles whatever it runs, so there is no "graph"
            yield Session(kind, workload, device, "xla", batches(workload)[0], backend=JAX)
