"""Which sessions a run of the suite has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from importlib.util import find_spec
from itertools import product

from benchmarks.axes import DEVICE, JIT, batches
from benchmarks.engine.settings import Setting
from remedies.devices import missing

LAUNCHED = ("steps", "storage")
JAX = "jax"


@dataclass(frozen=True)
class Session:
    """What one fresh process measures: all remedies of it, side by side.

    Attributes
    ----------
    kind : str
        The module beside this one that measures it; a run's are `settings.KINDS`.
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
    own |= {"storage": setting.stored, "loads": tuple(setting.loads)}
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
