"""Scenarios that need a process of their own, with TensorFlow not yet started."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from remedies.roundtrip import Outcome
from remedies.scenarios.cell import Cell, measure
from remedies.scenarios.scenario import Scenario

_LOGICAL_DEVICES = 2


def measure_apart(remedies: Sequence[str], scenario: Scenario) -> Iterator[Cell]:
    """Measure `scenario` for each remedy in one new process with two logical CPU devices."""
    root = str(Path(__file__).parents[2])
    paths = os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH"), root]))
    done = subprocess.run(  # noqa: S603 - our own module, by our own interpreter
        [sys.executable, "-m", __name__, scenario.name, *remedies],
        env=os.environ | {"PYTHONPATH": paths, "CUDA_VISIBLE_DEVICES": "-1"},
        capture_output=True,
        text=True,
        check=False,
    )
    cells = [Cell.from_json(json.loads(text)) for text in done.stdout.splitlines()]
    yield from cells
    for remedy in remedies[len(cells) :]:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        yield Cell(remedy, scenario.name, Outcome.LOUD, note=f"its process died: {last}")


def main() -> None:
    """Measure the scenario and remedies of the command line; print a cell per line."""
    import tensorflow as tf

    from remedies.scenarios.matrix import SCENARIOS

    cpu = tf.config.list_physical_devices("CPU")[0]
    logical = [tf.config.LogicalDeviceConfiguration()] * _LOGICAL_DEVICES
    tf.config.set_logical_device_configuration(cpu, logical)
    name, *remedies = sys.argv[1:]
    for remedy in remedies:
        print(json.dumps(measure(remedy, SCENARIOS[name]).to_json()), flush=True)


if __name__ == "__main__":
    main()
