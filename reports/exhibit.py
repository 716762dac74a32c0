"""Figures before and after they are drawn; drawing is the slow part, so processes share it."""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial

from reports.plot import Drawing
from reports.tables import Table

Plan = partial[Drawing]
WORTH_SHARING = 120  # rows; drawing fewer takes less than starting processes
MOST_PROCESSES = 8


@dataclass(frozen=True)
class Sketch:
    """A figure that is still to be drawn, with its text alternative and its table.

    Attributes
    ----------
    name : str
        File name without its ending; never taken from results.
    title : str
        The question that it answers.
    alt : str
        What a reader who cannot see it needs to know.
    plan : callable
        Draws it, with ``png=True`` as PNG too; a `functools.partial`, so that it can be handed to
        another process.
    rows : int
        About how much there is to draw.
    table : Table
        Everything that is in it.
    section : str
        Where on the page it stands: one of `reports.page.SECTIONS`.
    """

    name: str
    title: str
    alt: str
    plan: Plan
    rows: int
    table: Table
    section: str = "figures"


@dataclass(frozen=True)
class Exhibit:
    """A drawn figure, with its text alternative and its table."""

    name: str
    title: str
    alt: str
    drawing: Drawing
    table: Table
    section: str = "figures"


def drawn(sketches: Sequence[Sketch], png: bool = False) -> list[Exhibit]:
    """Draw `sketches`, in several processes where there are processors and work enough."""
    return begun(sketches, png)()


def begun(sketches: Sequence[Sketch], png: bool = False) -> Callable[[], list[Exhibit]]:
    """Begin to draw `sketches`, and return what waits for them; there is other work meanwhile."""
    plans = [partial(sketch.plan, png=png) for sketch in sketches]
    shared = min(_processors(), len(plans), MOST_PROCESSES)
    worth = shared > 1 and sum(sketch.rows for sketch in sketches) > WORTH_SHARING
    wait = _shared(plans, shared) if worth else partial(_alone, plans)
    return lambda: [
        Exhibit(s.name, s.title, s.alt, drawing, s.table, s.section)
        for s, drawing in zip(sketches, wait(), strict=True)
    ]


def _processors() -> int:
    # Forking is what makes this cheap; macOS's own libraries and other threads do not survive it.
    safe = sys.platform != "darwin" and threading.active_count() == 1
    if not safe or "fork" not in multiprocessing.get_all_start_methods():
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1


def _alone(plans: Sequence[Plan]) -> list[Drawing]:
    return [plan() for plan in plans]


def _shared(plans: Sequence[Plan], processes: int) -> Callable[[], list[Drawing]]:
    try:
        pool = ProcessPoolExecutor(processes, multiprocessing.get_context("fork"))
        drawings = [pool.submit(plan) for plan in plans]
    except OSError:  # no shared memory, or no room for another process
        return partial(_alone, plans)

    def wait() -> list[Drawing]:
        try:
            with pool:
                return [drawing.result() for drawing in drawings]
        except BrokenProcessPool:  # somebody ended one, as the kernel does when memory runs out
            return _alone(plans)

    return wait
