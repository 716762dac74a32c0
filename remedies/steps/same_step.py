"""What a step is, exactly: its program and the Python around it. Equal steps cost the same.

A step is what `train_on_batch` or `predict_on_batch` does once it is warm. Two steps with equal
programs that are run by equal sequences of Python calls are one step under two names, and cost the
same on any machine at any load; only others need a clock.
"""

import os
import sys
from collections import Counter
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise
from pathlib import PurePath
from types import FrameType
from typing import Any, TypeVar

from remedies.steps import executed_graphs, hlo
from remedies.steps.sampling import no_garbage_collection

STEPS = ("train", "predict")
Calls = tuple[str, ...]
Key = TypeVar("Key", bound=Hashable)

# Neither changes a CPU's HLO, but machine code that nobody times need not be good. A GPU's would
# hold the winners of a race between kernels.
_XLA_FLAGS = {
    "cpu": "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true",
    "gpu": "--xla_gpu_autotune_level=0",
}


_COMPILED: dict[str, tuple[str, dict[str, int]]] = {}  # HLO -> its optimized program


@dataclass(frozen=True)
class Step:
    """One warm step: what the device is given, and the Python around it."""

    # Equal for equal programs, in every process: a name of the optimized HLO, or without XLA of the
    # graph that TensorFlow's executor runs.
    program: str
    counts: Mapping[str, int]  # of what is in the program, by the names of `remedies.metrics`
    calls: Calls | None  # in their order; None where two warm steps in a row differ in them

    @property
    def python(self) -> str:
        """Return a short name that equal sequences of calls have in common; empty without one."""
        return "" if self.calls is None else hlo.digest("\n".join(self.calls))


def use_fast_compilation(device: str) -> None:
    """Have XLA compile quickly and always alike, in a process that looks at programs.

    Call it before TensorFlow is imported, and never where programs are timed.
    """
    os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {_XLA_FLAGS[device]}".strip()


def identify(model: Any, step: str, inputs: Any, targets: Any) -> Step:
    """Trace, compile and run one step of a compiled model until it is warm; return what it is.

    Grappler orders operations by the names of nodes: call `keras.utils.clear_session` before
    `model` is made, and give all models that are compared one name.
    """
    data = prepare(model, step, inputs, targets)

    def run() -> object:
        return getattr(model, f"{step}_on_batch")(*data)

    if model.jit_compile:
        compiler = compiler_of(model, step, data)
        source = hlo.read(compiler(stage="hlo")).fingerprint
        if source not in _COMPILED:
            optimized = hlo.read(compiler(stage="optimized_hlo"))
            _COMPILED[source] = optimized.fingerprint, optimized.counts
        program, counts = _COMPILED[source]
        run()
    else:
        graph = executed_graphs.executed(run)
        program, counts = executed_graphs.fingerprint(graph), executed_graphs.counts(graph)
    return Step(program, counts, warm(run))


def prepare(model: Any, step: str, inputs: Any, targets: Any) -> tuple[Any, ...]:
    """Make the variables and the function of a step of `model`, and return what it is fed."""
    if not model.built:
        model(inputs)  # a step that makes variables while it is traced is another program
    if getattr(model, "optimizer", None) is not None:
        model.optimizer.build(model.trainable_variables)
    getattr(model, f"make_{step}_function")(force=True)
    return (inputs, targets) if step == "train" else (inputs,)


def compiler_of(model: Any, step: str, data: tuple[Any, ...]) -> Callable[..., Any]:
    """Return what TensorFlow says of a prepared step at each stage of compiling."""
    import keras
    import tensorflow as tf

    functions, seen = [getattr(model, f"{step}_function")], set[int]()
    while functions:
        function = functions.pop()
        if function is None or id(function) in seen or isinstance(function, keras.Model):
            continue
        seen.add(id(function))
        traced = isinstance(function, tf.types.experimental.PolymorphicFunction)
        if traced and function._jit_compile:
            batch = (*data, None) if step == "train" else data
            return function.experimental_get_compiler_ir(batch)  # type: ignore[no-any-return]
        # Keras wraps the function several times: look inside, the outermost first.
        wrapped = [getattr(function, name, None) for name in ("__wrapped__", "python_function")]
        cells = getattr(function, "__closure__", None) or ()
        inner = [cell.cell_contents for cell in cells if callable(cell.cell_contents)]
        functions += reversed([*wrapped, *inner])
    raise RuntimeError(f"{model.name}: no {step} step that XLA compiles")


def warm(call: Callable[[], object]) -> Calls | None:
    """Return what `call` calls once two recordings in a row are equal; None where none are.

    Then the evidence is withheld: something besides the step decides what runs.
    """
    recordings = (record(call) for _ in range(5))
    return next((now for before, now in pairwise(recordings) if now == before), None)


def record(call: Callable[[], object]) -> Calls:
    """Return the functions that `call` calls, in their order, Python's and built-in ones.

    >>> record(lambda: len("four"))[1:]
    ('builtins len',)
    """
    seen: list[str] = []

    def note(frame: FrameType, event: str, argument: Any) -> None:
        if event == "call":
            code = frame.f_code
            # Without what differs from machine to machine.
            _, packages, place = code.co_filename.rpartition("-packages/")
            place = place if packages else "/".join(PurePath(place).parts[-2:])
            seen.append(f"{place} {code.co_name}")
        elif event == "c_call" and argument is not sys.setprofile:
            owner = getattr(argument, "__module__", None) or "builtins"
            seen.append(f"{owner} {getattr(argument, '__qualname__', '')}")

    with no_garbage_collection():  # it calls back into libraries when it pleases
        sys.setprofile(note)
        try:
            call()
        finally:
            sys.setprofile(None)
    return tuple(seen)


def group(steps: Mapping[Key, Step], reference: Key) -> dict[Key, int]:
    """Return the number of each step: equal steps share one, and the reference step's is 0."""
    names = {key: (step.program, step.calls or key) for key, step in steps.items()}
    distinct = [*dict.fromkeys([names[reference], *names.values()])]
    return {key: distinct.index(name) for key, name in names.items()}


def calls_that_differ(calls: Calls | None, reference: Calls | None) -> int | None:
    """Return how many calls one makes and the other does not; None where either is withheld."""
    if calls is None or reference is None:
        return None
    return sum(counter.total() for counter in changes(calls, reference))


def changes(calls: Calls, reference: Calls) -> tuple[Counter[str], Counter[str]]:
    """Return the calls that `calls` makes beyond `reference`, and those that it leaves out.

    >>> changes(("a", "b", "b"), ("a", "c"))
    (Counter({'b': 2}), Counter({'c': 1}))
    """
    added, removed = Counter[str](), Counter[str]()
    for kind, a, b, c, d in SequenceMatcher(None, reference, calls, autojunk=False).get_opcodes():
        if kind != "equal":
            removed.update(reference[a:b])
            added.update(calls[c:d])
    return added, removed


def difference(step: Step, reference: Step) -> str:
    """Say in a line what `step` has that `reference` has not; empty only for one step."""
    said = []
    if step.program != reference.program:
        changed = [
            f"{amount:+,d} {name.removesuffix('s') if abs(amount) == 1 else name}".replace("_", " ")
            for name in ("compares", "converts", "fusions", "instructions", "bytes_moved")
            if (amount := step.counts.get(name, 0) - reference.counts.get(name, 0))
        ]
        said.append(", ".join(changed) or "another program of the same size")
    if step.calls is None or reference.calls is None:
        said.append("Python not compared: two warm steps in a row made other calls")
    else:
        for sign, counter in zip("+-", changes(step.calls, reference.calls), strict=True):
            if counter:
                most = max(counter, key=lambda call: (".py " in call, counter[call], call))
                plural = "s" * (counter.total() != 1)
                said.append(f"{sign}{counter.total()} Python call{plural}, most of {most}")
    return "; ".join(said)
