"""The Python of a step alone: the program is replaced by one that returns its last result.

A difference in Python does not grow with the model, so it is given in seconds, not as a ratio.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from benchmarks.health import Watch
from benchmarks.identity import Classes
from benchmarks.session import Entry, Session, comparison
from benchmarks.settings import Setting
from benchmarks.variants import Variant, make, make_variables, placebo, reference
from remedies.registry import PLACEBO
from remedies.steps.same_step import calls_that_differ, warm
from remedies.steps.sampling import sample, work_clock

METRIC = "python_extra_seconds"


def measure(
    session: Session,
    setting: Setting,
    members: Classes,
    trained: tuple[Any, str],
    data: dict[str, tuple[Any, Any]],
    axes: dict[str, Any],
    watch: Watch,
) -> Iterator[Entry]:
    """Yield the seconds that each other Python takes beyond what it is compared with.

    Parameters
    ----------
    trained : model and mask dtype
        Of the reference step; it gives the result that takes the program's place.
    """
    chosen = members.other_python()
    if not chosen:
        return
    step, jit = axes["step"], axes["jit"]
    model, dtype = trained
    result = _result(step, model, *data[dtype])
    bases = {v: reference(v) for v in chosen}
    needed = dict.fromkeys([*chosen, *bases.values()])
    series = {str(v): _call(session, v, jit, step, result, data) for v in needed}
    base = bases[chosen[0]]
    series[PLACEBO] = _call(session, base, jit, step, result, data)
    sampled = sample(series, str(base), setting.python, clock=work_clock(session.device))
    watch.clock(sampled.clock_share)
    yield comparison(METRIC, sampled, PLACEBO, str(base), {**axes, **placebo(base).axes})
    for v in chosen:
        if _holds(members, series, v):
            extra = comparison(METRIC, sampled, str(v), str(bases[v]), axes)
            for member in members.program:
                if members.python.get(member) == members.python[v]:
                    yield replace(extra, axes={**axes, **member.axes})


def _holds(members: Classes, series: dict[str, Callable[[], object]], variant: Variant) -> bool:
    """Return whether all calls that differ are outside the program, and so were timed."""
    own = (warm(series[str(each)]) for each in (variant, reference(variant)))
    return calls_that_differ(*own) == members.calls[variant]


def _result(step: str, model: Any, inputs: Any, targets: Any) -> Any:
    if step == "train":
        return model.train_function(iter([(inputs, targets, None)]))
    return model.predict_function([(inputs,)])


def _call(
    session: Session,
    variant: Variant,
    jit: str,
    step: str,
    result: Any,
    data: dict[str, tuple[Any, Any]],
) -> Callable[[], object]:
    """Return one call of a step of a new model whose program is replaced by its `result`."""
    model = make(session, variant, jit)
    inputs, targets = data[variant.mask_dtype]
    make_variables(model, inputs)
    setattr(model, f"{step}_function", lambda iterator: result)
    if step == "train":
        return lambda: model.train_on_batch(inputs, targets)
    return lambda: model.predict_on_batch(inputs)
