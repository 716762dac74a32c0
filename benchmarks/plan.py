"""Which sessions a run has, in which order."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

from benchmarks.session import Session
from benchmarks.settings import Setting
from remedies.devices import DEVICES, TARGETS, missing
from remedies.registry import WORKLOADS

TIMED = ("step_times", "first_steps", "saving", "kernels")


@dataclass(frozen=True)
class Shard:
    """One part of a run: the `index`-th of `count`, from 1."""

    index: int = 1
    count: int = 1

    def __str__(self) -> str:
        return "" if self.count == 1 else f"-{self.index}-of-{self.count}"

    @classmethod
    def parse(cls, text: str) -> Shard:
        """Return the shard that ``I/N`` names.

        Raises
        ------
        ValueError
            Where `text` is not ``I/N`` with 1 <= I <= N; the message says so in a line.
        """
        index, slash, count = text.partition("/")
        if not (slash and index.isdecimal() and count.isdecimal()):
            raise ValueError(f"{text!r} is not I/N, such as 2/3")
        if not 1 <= int(index) <= int(count):
            raise ValueError(f"{text!r} is not I/N with I from 1 to N")
        return cls(int(index), int(count))

    def holds(self, session: Session) -> bool:
        """Return whether `session` is of this part; all of one cell are, for they build on it."""
        cell = f"{session.workload} {session.batch} {session.device}"
        return zlib.crc32(cell.encode()) % self.count == self.index - 1


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


def exact(setting: Setting) -> Iterator[Session]:
    """Yield the sessions whose values do not depend on the machine's speed."""
    yield Session("recipes")
    for device in devices():
        for workload, batch in cells(setting):
            yield Session("identity", workload, device, batch=batch)
        for workload in setting.round_trips:
            yield Session("fidelity", workload, device)
    for target in targets():
        for workload in setting.compiled:
            yield Session("programs", workload, target, batch=batches(workload)[0])
    if setting.situations:
        yield Session("situations")


def timed(setting: Setting) -> Iterator[Session]:
    """Yield the sessions of the first launch: a fresh process each."""
    for device in devices():
        for workload, batch in cells(setting):
            yield Session("step_times", workload, device, batch=batch)
        for kind, workloads in (
            ("first_steps", setting.first_steps),
            ("saving", setting.saved),
        ):
            for workload in workloads:
                yield Session(kind, workload, device)
        if setting.sizes:
            yield Session("kernels", device=device)


def launches(setting: Setting) -> list[list[Session]]:
    """Return the timed sessions launch by launch: those of one session lie far apart in time."""
    return [
        [replace(session, launch=launch) for session in timed(setting)]
        for launch in range(setting.launches)
    ]


def cells(setting: Setting) -> Iterator[tuple[str, int]]:
    """Yield each workload with each batch size that is measured."""
    for workload in setting.workloads:
        for batch in batches(workload)[: setting.batches]:
            yield workload, batch
