"""How much of the matrix a run measures, and how long."""

from dataclasses import dataclass, replace

from remedies.registry import own
from remedies.steps.sampling import Budget

WORKLOADS = ("image", "inpaint", "attention")
JITS = ("graph", "xla")
LARGE = 768  # pixels a side of a large model's images: 14 MB of weights, twice that of moments


@dataclass(frozen=True)
class Setting:
    """How much of the matrix is measured, and how long; budgets are for one launch."""

    workloads: tuple[str, ...]  # whose round trips and steps are measured
    jits: tuple[str, ...]  # how steps are compiled
    batches: int  # how many of each workload's batch sizes, the default one first
    round_trips: dict[str, tuple[str, ...]]  # workload -> the jits whose round trips are tried
    situations: bool  # whether the core of the scenario matrix is run
    launches: int  # at most so many fresh processes for what is timed
    least: int  # never fewer: one launch tells nothing of how much the next would differ
    seconds: float  # of a run: nothing beyond `least` launches starts that would not end by then
    step: Budget
    python: Budget  # of a step alone
    saving: Budget  # for each of save and load
    kernel: Budget  # for the bare kernels of each size
    compiled: tuple[str, ...] = ("image",)  # whose steps are compiled for GPUs that are not here
    first_steps: tuple[str, ...] = ()  # whose first step is measured
    saved: tuple[str, ...] = ()  # whose saving and loading is measured
    large: bool = False  # whether a large model of the first workload is saved and loaded too
    sizes: tuple[int, ...] = ()  # bytes of the values that the bare kernels work on


_DEFAULT = Setting(
    workloads=WORKLOADS,
    jits=JITS,
    batches=1,
    round_trips={"image": JITS, "inpaint": ("graph",), "attention": ("graph",)},
    situations=False,
    launches=5,
    least=2,
    seconds=350,
    step=Budget(4, half_width=0.004, rounds=60),
    python=Budget(0.6, half_width=0, rounds=60),
    saving=Budget(1.2, half_width=0.01, rounds=8),
    kernel=Budget(0.4, half_width=0.02, rounds=7),
    first_steps=("image",),
    saved=("image",),
    sizes=(1_000_000, 100_000_000),
)
SETTINGS = {
    "smoke": replace(
        _DEFAULT,
        workloads=("image",),
        jits=("xla",),
        round_trips={"image": ("xla",)},
        launches=2,
        compiled=(),
        step=Budget(0.2, rounds=3),
        python=Budget(0.2, rounds=5),
        first_steps=(),
        saved=(),
        sizes=(),
    ),
    "default": _DEFAULT,
    "full": replace(
        _DEFAULT,
        batches=2,
        round_trips=dict.fromkeys(WORKLOADS, JITS),
        situations=True,
        compiled=WORKLOADS,
        launches=6,
        least=3,
        seconds=2400,
        step=Budget(8, half_width=0.002, rounds=100),
        python=Budget(2, half_width=0, rounds=100),
        saving=Budget(2, half_width=0.005, rounds=9),
        kernel=Budget(1.5, half_width=0.01, rounds=11),
        first_steps=WORKLOADS,
        saved=WORKLOADS,
        large=True,
        sizes=tuple(10**n for n in range(4, 10)),
    ),
}


def setting(name: str) -> Setting:
    """Return a setting with the users' workloads in it, which `remedies.registry.own` names.

    Raises
    ------
    BadInputError
        Where one of their folders cannot be used.
    """
    chosen, users = SETTINGS[name], own()
    trips = dict.fromkeys(users, chosen.jits)
    return replace(
        chosen,
        workloads=chosen.workloads + users,
        round_trips=chosen.round_trips | trips,
    )
