"""Step times of a base and a head commit's recipes, in turn in one process: one launch."""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from benchmarks.axes import PLACEBO
from benchmarks.engine.line import clock, make_variables, tensors
from benchmarks.engine.plan import Session
from benchmarks.engine.results import entry
from benchmarks.engine.sampling import Budget, ratios, sample
from benchmarks.engine.settings import Setting
from benchmarks.engine.sides import NAMES, Side, wanted
from benchmarks.engine.trials import slowed


class Effort(NamedTuple):
    """How long a launch samples: seconds a series, but at least seconds and rounds in all."""

    seconds: float
    least: float
    rounds: int
    sample_seconds: float


EFFORTS = {"train_step": Effort(0.35, 6, 9, 0.001), "predict_step": Effort(0.15, 3, 9, 0.001)}


class Row(NamedTuple):
    """What base and head are compared in; the placebo is a step that holds no recipe."""

    metric: str
    remedy: str
    mask_dtype: str


def measure(
    session: Session, setting: Setting, turn: Callable[[], None]
) -> Iterator[dict[str, Any]]:
    """Yield, for each row, base's median seconds and head's: base's times the paired ratio."""
    asked = wanted()
    sides = {name: Side(asked.folders[name]) for name in NAMES}
    known = [Row(metric, *line) for metric in EFFORTS for line in lines(sides)]
    rows = [row for row in known if asked.takes(*row)]
    models = _models(session, sides, rows)
    data = {line: _data(session, *line) for line in models}
    for line, pair in models.items():
        for each in pair.values():
            make_variables(each, data[line][0])
            each.train_on_batch(*data[line])
        _equalise(*pair.values())
    calls = {
        (row, name): _call(row.metric, models[row[1:]][name], data[row[1:]])
        for row in rows
        for name in NAMES
    }
    for call in calls.values():
        call()
    turn()
    for metric, effort in EFFORTS.items():
        chosen = [row for row in rows if row.metric == metric]
        yield from compare(chosen, calls, effort, clock(session.device))


def compare(
    rows: Sequence[Row],
    calls: Mapping[tuple[Row, str], Callable[[], object]],
    effort: Effort,
    now: Callable[[], float],
) -> Iterator[dict[str, Any]]:
    """Sample base's and head's calls of `rows` in turn, and yield an entry for each pair.

    An entry's samples are two, in seconds: base's median, and that times the median of the paired
    ratios. ``slowed`` is the share by which head was slowed down on purpose.
    """
    asked, series, chosen = wanted(), dict[str, Callable[[], object]](), []
    for row in rows:
        for share in (0.0, *asked.shares(row.remedy)):
            # A base of its own for each: a model that is called more often than another is faster.
            head = calls[row, "head"]
            series[f"{row} {share} base"] = calls[row, "base"]
            series[f"{row} {share}"] = slowed(head, share) if share else head
            chosen.append((row, share))
    if not rows:
        return
    seconds = max(effort.seconds * len(series), effort.least)
    budget = Budget(seconds, 0, effort.rounds, effort.sample_seconds)
    pairs = {f"{row} {share}": f"{row} {share} base" for row, share in chosen}
    found = sample(series, pairs, budget, clock=now)
    for row, share in chosen:
        base = found.samples[f"{row} {share} base"]
        before = statistics.median(base)
        after = before * statistics.median(ratios(found.samples[f"{row} {share}"], base))
        measured = {"samples": [before, after], "number": found.number}
        about = {"remedy": row.remedy, "mask_dtype": row.mask_dtype, "slowed": share}
        yield entry(row.metric, measured, **about)


def lines(sides: dict[str, Side]) -> list[tuple[str, str]]:
    """Return each remedy, with each mask dtype, that both sides have, and the placebo."""
    both = []
    for side in sides.values():
        with side.active() as package:
            both.append(
                [(r.name, kind) for r in package.REMEDIES.values() for kind in r.mask_dtypes]
            )
    return [*(line for line in both[0] if line in both[1]), (PLACEBO, "bool")]


def _models(
    session: Session, sides: dict[str, Side], rows: list[Row]
) -> dict[tuple[str, str], dict[str, Any]]:
    """Return (remedy, mask dtype) -> side -> model, made in an order drawn anew each launch."""
    needed = sorted({row[1:] for row in rows})
    each = [(line, name) for line in needed for name in NAMES]
    models: dict[tuple[str, str], dict[str, Any]] = {line: {} for line in needed}
    for line, name in random.sample(each, len(each)):
        models[line][name] = model(session, sides[name], line[0])
    return models


def model(session: Session, side: Side, remedy: str) -> Any:
    """Return a fresh, compiled model of one side; for the placebo one that holds no recipe."""
    import keras

    if remedy != PLACEBO:
        with side.active() as package:
            return package.build(session.workload, remedy, jit=session.jit == "xla")
    made = keras.Sequential([keras.layers.Dense(64, "relu"), keras.layers.Dense(2)])
    made.compile(optimizer="adam", loss="mse", jit_compile=session.jit == "xla")
    return made


def _data(session: Session, remedy: str, mask_dtype: str) -> tuple[Any, Any]:
    if remedy != PLACEBO:
        return tensors(session, mask_dtype)
    from keras import random as draw

    return draw.normal((session.batch, 3072), seed=0), draw.normal((session.batch, 2), seed=1)


def _equalise(base: Any, head: Any) -> None:
    """Give head base's state, where it has the same variables: equal numbers take equal time."""
    shapes = [[variable.shape for variable in one.variables] for one in (base, head)]
    if shapes[0] == shapes[1]:
        for ours, theirs in zip(head.variables, base.variables, strict=True):
            ours.assign(theirs)


def _call(metric: str, model: Any, data: tuple[Any, Any]) -> Callable[[], object]:
    inputs, targets = data
    if metric == "train_step":
        return lambda: model.train_on_batch(inputs, targets)
    return lambda: model.predict_on_batch(inputs)
