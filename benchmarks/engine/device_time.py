"""How long the GPU itself works in a step, told by its own events and not by the host's clock.

TensorFlow offers no events to put around a step, but its profiler writes down when each kernel and
copy ran on each stream (from CUPTI). Where nothing was on any stream, nothing ran.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.engine.sampling import Samples

ROUNDS, CALLS = 3, 20
Series = Mapping[str, Callable[[], object]]


def device_times(
    series: Series, profiled: Callable[[Callable[[], object]], Iterable[Any]] | None = None
) -> Samples:
    """Return the seconds a call that the GPU was busy, for each series round by round.

    Parameters
    ----------
    series : mapping of str to callable
        What to time; each has run before.
    profiled : callable, optional
        Runs what it is given, and returns the profile's planes; TensorFlow's profiler if omitted.

    Returns
    -------
    dict of str to list of float
        Empty where the profiler saw nothing on a GPU: not allowed to, or no GPU.
    """
    profiled = profiled or _profiled
    samples: Samples = {name: [] for name in series}
    for _ in range(ROUNDS):
        for name in random.sample([*series], len(series)):
            seconds = busy(profiled(_repeated(series[name]))) / CALLS
            if not seconds:
                return {}
            samples[name].append(seconds)
    return samples


def busy(planes: Iterable[Any]) -> float:
    """Return the seconds in which anything ran on any stream of a GPU; what overlaps counts once.

    Parameters
    ----------
    planes : iterable of XPlane
        A profile: planes of lines of events, in picoseconds from the line's own nanosecond.
    """
    total = end = 0
    for start, stop in sorted(_spans(planes)):
        total += max(0, stop - max(start, end))
        end = max(end, stop)
    return total / 1e12


def _spans(planes: Iterable[Any]) -> Iterator[tuple[int, int]]:
    for plane in planes:
        if plane.name.startswith("/device:GPU"):
            # Other lines (steps, modules, name scopes) are summaries, with the gaps between.
            for line in (line for line in plane.lines if line.name.startswith("Stream")):
                for event in line.events:
                    start = 1000 * line.timestamp_ns + event.offset_ps
                    yield start, start + event.duration_ps


def _repeated(call: Callable[[], object]) -> Callable[[], object]:
    def calls() -> None:
        for _ in range(CALLS):
            call()

    return calls


def _profiled(call: Callable[[], object]) -> Iterable[Any]:
    import tensorflow as tf

    from remedies.devices import synchronise

    try:
        from tensorflow.tsl.profiler.protobuf.xplane_pb2 import XSpace
    except ImportError:  # its place has moved between releases
        return []
    with tempfile.TemporaryDirectory() as folder:
        with tf.profiler.experimental.Profile(folder):
            call()
            synchronise()
        files = Path(folder).rglob("*.xplane.pb")
        spaces = [XSpace.FromString(file.read_bytes()) for file in files]
    return [plane for space in spaces for plane in space.planes]
