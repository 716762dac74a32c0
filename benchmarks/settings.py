"""How much of the matrix a run measures, how long, and in which sessions."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

from benchmarks.session import Session
from remedies.devices import DEVICES, TARGETS, missing
from remedies.registry import SHIPPED, WORKLOADS, own
from remedies.steps.sampling import Budget

JITS = ("graph", "xla")
LARGE = 768  # pixels a side of a large model's images: 14 MB of weights, twice that of moments
TIMED = ("step_times", "first_steps", "saving", "kernels")


@dataclass(frozen=True)
class Setting:
    """How much of the matrix is measured, and how long; budgets are for one launch."""

    workloads: tuple[str, ...]  # whose round trips and steps are measured
    jits: tuple[str, ...]  # how steps are compiled
    batches: int  # how many of each workload's batch sizes, the default one first
    round_trips: dict[str, tuple[str, ...]]  # workload -> the jits whose round trips are tried
    launches: int  # at most so many fresh processes for what is timed
    least: int  # never fewer: one launch tells nothing of how much the next would differ
    seconds: float  # of a run: nothing beyond `least` launches starts that would not end by then
    step: Budget
    python: Budget  # of a step alone
    saving: Budget  # for each of save and load
    kernel: Budget  # for the bare kernels of each size
    # Those that are also compiled for GPUs that are not here, saved, loaded, and timed when fresh.
    thorough: tuple[str, ...] = ()
    complete: bool = False  # also the core situations, and a large model of the first workload
    sizes: tuple[int, ...] = ()  # bytes of the values that the bare kernels work on

    def cells(self) -> list[tuple[str, int]]:
        """Return each workload with each batch size that is measured."""
        return [(name, b) for name in self.workloads for b in batches(name)[: self.batches]]

    def sessions(self) -> Iterator[Session]:
        """Yield every session that there may be: exact ones first, then launch after launch."""
        yield Session("recipes")
        for device in devices():
            for workload, batch in self.cells():
                yield Session("identity", workload, device, batch)
            for workload in self.round_trips:
                yield Session("fidelity", workload, device)
        for target, workload in product(targets(), self.thorough):
            yield Session("programs", workload, target, batches(workload)[0])
        if self.complete:
            yield Session("situations")
        # Launches of one session lie far apart in time.
        for launch, device in product(range(self.launches), devices()):
            for workload, batch in self.cells():
                yield Session("step_times", workload, device, batch, launch)
            for kind, workload in product(("first_steps", "saving"), self.thorough):
                yield Session(kind, workload, device, launch=launch)
            if self.sizes:
                yield Session("kernels", device=device, launch=launch)


_DEFAULT = Setting(
    workloads=SHIPPED,
    jits=JITS,
    batches=1,
    round_trips=dict.fromkeys(SHIPPED, ("graph",)) | {"image": JITS},
    launches=5,
    least=2,
    seconds=350,
    step=Budget(4, half_width=0.004, rounds=60),
    python=Budget(0.6, half_width=0, rounds=60),
    saving=Budget(1.2, half_width=0.01, rounds=8),
    kernel=Budget(0.4, half_width=0.02, rounds=7),
    thorough=("image",),
    sizes=(1_000_000, 100_000_000),
)
SETTINGS = {
    "smoke": replace(
        _DEFAULT,
        workloads=("image",),
        jits=("xla",),
        round_trips={"image": ("xla",)},
        launches=2,
        step=Budget(0.2, rounds=3),
        python=Budget(0.2, rounds=5),
        thorough=(),
        sizes=(),
    ),
    "default": _DEFAULT,
    "full": replace(
        _DEFAULT,
        batches=2,
        round_trips=dict.fromkeys(SHIPPED, JITS),
        launches=6,
        least=3,
        seconds=2400,
        step=Budget(8, half_width=0.002, rounds=100),
        python=Budget(2, half_width=0, rounds=100),
        saving=Budget(2, half_width=0.005, rounds=9),
        kernel=Budget(1.5, half_width=0.01, rounds=11),
        thorough=SHIPPED,
        complete=True,
        sizes=tuple(10**n for n in range(4, 9)),
    ),
}


def setting(name: str) -> Setting:
    """Return a setting with the users' workloads in it.

    Raises `BadInputError` where one of their folders cannot be used.
    """
    chosen, users = SETTINGS[name], own()
    trips = chosen.round_trips | dict.fromkeys(users, chosen.jits)
    return replace(chosen, workloads=chosen.workloads + users, round_trips=trips)


def batches(workload: str) -> tuple[int, int]:
    """Return the batch sizes that `workload` is measured at, its default first."""
    default = WORKLOADS[workload].batch
    return default, 4 * default


def devices() -> tuple[str, ...]:
    """Return the devices that this machine has."""
    return tuple(device for device in DEVICES if not missing(device))


def targets() -> tuple[str, ...]:
    """Return the cards that are compiled for here and not run on."""
    return tuple(target for target in TARGETS if not missing(target))
