"""What a remedy's steps cost on this machine, beside the control's: nothing, exactly, or a time."""

import functools
import itertools
import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from remedies.arguments import spreading
from remedies.comparing.original import Original
from remedies.comparing.rewriting import CONTROL
from remedies.devices import missing
from remedies.feed import Feed
from remedies.libraries import overrides
from remedies.problem import reason
from remedies.registry import PLACEBO
from remedies.state.methods import patched
from remedies.steps import card_compiler, same_step
from remedies.steps.same_step import STEPS, Step
from remedies.steps.sampling import Budget, clock_for, sample

SAME, SAME_PROGRAM = "same step", "same program"
LAUNCHES = 3
BUDGET = Budget(1.5, half_width=0.001, rounds=8)  # of sampling in each launch


def identify(
    model: Any, fed: Feed, folder: Path | None
) -> tuple[dict[str, Step | str], dict[str, str]]:
    """Return what each step of `model` is and, with a `folder`, the file there that XLA is handed.

    Where either cannot be said, a line says why.
    """
    steps, files = {}, {}
    model.name = "model"  # Grappler orders operations by the names of nodes
    with _feeding(model, fed):
        for step in STEPS if model.compiled else STEPS[1:]:
            data = model, step, fed.x, fed.y
            steps[step] = _tried(same_step.identify, *data)
            if folder:
                files[step] = _tried(card_compiler.lower, *data, folder)
    return steps, files


def _tried(do: Callable[..., Any], *args: Any) -> Any:
    try:
        return do(*args)
    except Exception as error:  # it is a user's step: it may raise anything
        return reason(error, 100)


def compared(step: Step | str, control: Step | str) -> tuple[str, bool | None]:
    """Say what differs between two steps, and whether that is Python alone; None where nothing."""
    if isinstance(step, str) or isinstance(control, str):
        return f"not compared: {step if isinstance(step, str) else control}", None
    if not (words := same_step.difference(step, control)):
        return SAME, None
    return words, step.program == control.program


def on_cards(files: Mapping[str, str], control: Mapping[str, str], cards: Mapping[str, Any]) -> str:
    """Say whether steps are the control's programs on `cards`: what each made of which file."""
    said = []
    for (card, made), step in itertools.product(cards.items(), files):
        own, other = (
            Step(made[name]["meaning"], made[name]["counts"], ()) if name in made else name
            for name in (files[step], control[step])
        )
        if (words := compared(own, other)[0]) != SAME:
            said.append(f"{card} {step}: {words}")
    return "; ".join(said) or SAME_PROGRAM


def measure(
    original: Original, remedy: str, steps: Mapping[str, bool], until: float, launch: float
) -> dict[str, str]:
    """Return in words how long each step takes beside the control's, in models made anew.

    Of `steps` whose Python alone differs, that is timed. No launch starts that would end after
    `until`, a `time.monotonic`; the first may take `launch` seconds.
    """
    values = {step: {remedy: list[float](), PLACEBO: list[float]()} for step in steps}
    clock, fed = clock_for("cpu" if missing("gpu") else "gpu"), original.fed
    try:
        for _ in range(LAUNCHES):
            began = time.monotonic()
            if began + launch > until:
                break
            series: Any = defaultdict(dict)
            for name in random.sample([CONTROL, remedy, PLACEBO], 3):
                written = CONTROL if name == PLACEBO else name
                with original.live(written) as model, _feeding(model, fed):
                    for step, alone in steps.items():
                        series[step][name] = _warm(model, step, fed, alone)
            for step, alone in steps.items():
                sampled = sample(series[step], CONTROL, BUDGET, clock=clock)
                for name, own in values[step].items():
                    own.append(sampled.compared(name, CONTROL, ratio=not alone))
            launch = time.monotonic() - began
        return {step: _said(values[step], remedy, not alone) for step, alone in steps.items()}
    except Exception as error:  # it is a user's step: it may raise anything
        return dict.fromkeys(steps, f"not timed: {reason(error, 100)}")


def _warm(model: Any, step: str, fed: Feed, alone: bool) -> Callable[[], object]:
    """Return one call of a warm step, which goes through no method of the user's any more.

    `alone` it has no program: that returns its last result.
    """
    data = (fed.x, fed.y) if step == "train" else (fed.x,)
    run: Callable[[], object] = functools.partial(getattr(model, f"{step}_on_batch"), *data)
    run()
    if alone:
        given = iter([(*data, None)]) if step == "train" else [data]
        result = getattr(model, f"{step}_function")(given)
        setattr(model, f"{step}_function", lambda iterator: result)
    return run


def _said(values: Mapping[str, list[float]], remedy: str, ratios: bool) -> str:
    if (number := len(values[remedy])) < 2:
        return "not timed: the budget is spent"
    from remedies.intervals import intervals, judge  # scipy need not be there

    made = intervals([values], ratios)[0][remedy]
    shown = [made.center, made.low, made.high]
    text = "{:+.0f} µs a step [{:.0f}, {:.0f}]".format(*(1e6 * value for value in shown))
    if ratios:
        text = "{:+.1f} % [{:.1f}, {:.1f}]".format(*(100 * (value - 1) for value in shown))
        text = f"{judge(made.low, made.high).value}, {text}"
    return f"{text}, {number} makings in one process"


@contextmanager
def _feeding(model: Any, fed: Feed) -> Iterator[None]:
    """Feed `model` as `fit` does: several arguments, and no third part where there are no weights.

    A `train_step` of the user's own unpacks what `fit` gives; `train_on_batch` adds a None to it.
    """
    cls = type(model)
    original = cls.train_step

    def train_step(self: Any, data: Any) -> Any:
        return original(self, data[:2] if len(data) == 3 and data[2] is None else data)

    own = {"train_step": train_step} if overrides(cls, "train_step") else {}
    several = fed.spread or (fed.call and len(fed.call[0]) != 1)
    with spreading(cls) if several else nullcontext(), patched(cls, own):
        yield
