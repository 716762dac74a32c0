"""Save and load of a base and a head commit's recipes, in turn in one process: one launch."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.axes import PLACEBO
from benchmarks.engine.line import clock, make_variables
from benchmarks.engine.pairs import Effort, Row, compare, lines, model
from benchmarks.engine.plan import Session
from benchmarks.engine.settings import Setting
from benchmarks.engine.sides import NAMES, Side, wanted

METRICS = ("save", "load")
EFFORT = Effort(0.35, 3, 3, 0)


def measure(
    session: Session, setting: Setting, turn: Callable[[], None]
) -> Iterator[dict[str, Any]]:
    """Yield, for each remedy's save and load, base's median seconds and head's, as `pairs` does."""
    asked = wanted()
    sides = {name: Side(asked.folders[name]) for name in NAMES}
    remedies = dict.fromkeys(remedy for remedy, _ in lines(sides) if remedy != PLACEBO)
    rows = [Row(metric, remedy, "") for metric in METRICS for remedy in remedies]
    rows = [row for row in rows if asked.takes(*row)]
    with tempfile.TemporaryDirectory() as folder:
        calls: dict[tuple[Row, str], Callable[[], object]] = {}
        for remedy in dict.fromkeys(row.remedy for row in rows):
            for name in NAMES:
                file = Path(folder, f"{remedy}-{name}.keras")
                save, load = _calls(session, sides[name], remedy, file)
                calls[Row("save", remedy, ""), name] = save
                calls[Row("load", remedy, ""), name] = load
        turn()
        for metric in METRICS:
            chosen = [row for row in rows if row.metric == metric]
            yield from compare(chosen, calls, EFFORT, clock(session.device))


def _calls(
    session: Session, side: Side, remedy: str, file: Path
) -> tuple[Callable[[], object], Callable[[], object]]:
    """Return what saves and what loads a trained model, having saved and loaded it once."""
    import keras

    made = model(session, side, remedy)
    with side.active() as package:
        data = package.WORKLOADS[session.workload].data(4)
        make_variables(made, data[0])
        made.train_on_batch(*data)

    def save() -> object:
        with side.active():
            return made.save(file)

    def load() -> object:
        with side.active():
            return keras.saving.load_model(file)

    save()
    load()
    return save, load
