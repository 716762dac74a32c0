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

from reports.plot import Drawing
from reports.tables import Table

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
        Draws it; a `functools.partial`, so that it can be handed to another process.
    rows : int
        About how much there is to draw.
    table : Table
        Everything that is in it.
    section : str
        Where on the page it stands: ``fidelity``, ``cost`` or ``programs``.
    """

    name: str
    title: str
    alt: str
    plan: Callable[[], Drawing]
    rows: int
    table: Table
    section: str = "cost"


@dataclass(frozen=True)
class Exhibit:
    """A drawn figure, with its text alternative and its table."""

    name: str
    title: str
    alt: str
    drawing: Drawing
    table: Table
    section: str = "cost"


def drawn(sketches: Sequence[Sketch]) -> list[Exhibit]:
    """Draw `sketches`, in several processes where there are processors and work enough."""
    plans = [sketch.plan for sketch in sketches]
    shared = min(_processors(), len(plans), MOST_PROCESSES)
    if shared > 1 and sum(sketch.rows for sketch in sketches) > WORTH_SHARING:
        drawings = _shared(plans, shared)
    else:
        drawings = [plan() for plan in plans]
    return [
        Exhibit(s.name, s.title, s.alt, drawing, s.table, s.section)
        for s, drawing in zip(sketches, drawings, strict=True)
    ]


def _processors() -> int:
    # Forking is what makes this cheap; macOS's own libraries and other threads do not survive it.
    safe = sys.platform != "darwin" and threading.active_count() == 1
    if not safe or "fork" not in multiprocessing.get_all_start_methods():
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1


def _shared(plans: Sequence[Callable[[], Drawing]], processes: int) -> list[Drawing]:
    try:
        context = multiprocessing.get_context("fork")
        with ProcessPoolExecutor(processes, context) as pool:
            return list(pool.map(_draw, plans))
    except (BrokenProcessPool, OSError):  # no shared memory, or no room for another process
        return [plan() for plan in plans]


def _draw(plan: Callable[[], Drawing]) -> Drawing:
    return plan()
