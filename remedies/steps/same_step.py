"""What a step is, exactly: its program and the Python around it. Equal steps cost the same.

A step is what `train_on_batch` or `predict_on_batch` does once it is warm. Two steps with equal
programs that are run by equal sequences of Python calls are one step under two names, and cost the
same on any machine at any load; only others need a clock.
"""

import os
from collections.abc import Callable, Hashable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any, TypeVar

from remedies.steps import executed_graphs, hlo, python_calls

STEPS = ("train", "predict")
Key = TypeVar("Key", bound=Hashable)

# Neither changes a CPU's HLO, but machine code that nobody times need not be good. A GPU's would
# hold the winners of a race between kernels.
_XLA_FLAGS = {
    "cpu": "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true",
    "gpu": "--xla_gpu_autotune_level=0",
}


class NoStepError(RuntimeError):
    """Keras keeps the step of a model where nobody has looked for it yet."""


@dataclass(frozen=True)
class Program:
    """What the device is given for one step."""

    # Equal for equal programs, in every process. With XLA of the optimized HLO, without it of the
    # graph that TensorFlow's executor runs.
    fingerprint: str
    counts: Mapping[str, int]  # how much of what is in it, by the names of `remedies.metrics`


@dataclass(frozen=True)
class Step:
    """One warm step: what the device is given, and the Python around it, call by call."""

    program: Program
    calls: python_calls.Calls | None  # None where two warm steps in a row differ in it


def use_fast_compilation(device: str) -> None:
    """Have XLA compile quickly and always alike in this process, before TensorFlow is imported.

    It is for processes that look at programs, never for one that times them.
    """
    flags = f"{os.environ.get('XLA_FLAGS', '')} {_XLA_FLAGS[device]}"
    os.environ["XLA_FLAGS"] = flags.strip()


def identify(
    model: Any,
    step: str,
    inputs: Any,
    targets: Any = None,
    compiled: MutableMapping[str, Program] | None = None,
) -> Step:
    """Trace, compile and run one step of `model` until it is warm, and return what it is.

    Grappler orders operations by the names of nodes: call `keras.utils.clear_session` before
    `model` is made, and give all models that are compared one name.

    Parameters
    ----------
    model : keras.Model
        Compiled by ``model.compile``. A training step trains it.
    step : str
        ``"train"`` or ``"predict"``.
    inputs, targets : tensors, or structures of them
        One batch.
    compiled : dict, optional
        Programs by what they were compiled from. Models that share it are compiled once where
        TensorFlow hands XLA the same text.

    Raises
    ------
    NoStepError
        Where the model hides its step.
    """
    data = prepare(model, step, inputs, targets)

    def run() -> object:
        return getattr(model, f"{step}_on_batch")(*data)

    if model.jit_compile:
        program = _optimized(model, step, data, {} if compiled is None else compiled)
        run()
    else:
        program = _executed(run)
    return Step(program, python_calls.warm(run))


def prepare(model: Any, step: str, inputs: Any, targets: Any = None) -> tuple[Any, ...]:
    """Make the variables and the function of a step of `model`, and return what it is fed."""
    if not model.built:
        model(inputs)  # a step that makes variables while it is traced is another program
    if getattr(model, "optimizer", None) is not None:
        model.optimizer.build(model.trainable_variables)
    getattr(model, f"make_{step}_function")(force=True)
    return (inputs, targets) if step == "train" else (inputs,)


def same(step: Step, other: Step) -> bool:
    """Return whether two steps are one: equal programs, and equal Python that was seen twice."""
    return step.program.fingerprint == other.program.fingerprint and same_python(step, other)


def same_python(step: Step, other: Step) -> bool:
    """Return whether two steps make the same calls in the same order."""
    return step.calls is not None and step.calls == other.calls


def calls_that_differ(step: Step, reference: Step) -> int | None:
    """Return how many calls one makes and the other does not; None where either is withheld."""
    if step.calls is None or reference.calls is None:
        return None
    added, removed = python_calls.changes(step.calls, reference.calls)
    return added.total() + removed.total()


def group(steps: Mapping[Key, Step], reference: Key) -> dict[Key, int]:
    """Return the number of each step: equal steps share one, and the reference step's is 0."""
    distinct = [steps[reference]]
    numbers = {}
    for key, step in steps.items():
        number = next((n for n, other in enumerate(distinct) if same(step, other)), None)
        if number is None and key != reference:
            distinct.append(step)
            number = len(distinct) - 1
        numbers[key] = number or 0
    return numbers


def difference(step: Step, reference: Step) -> str:
    """Say in a line what `step` has that `reference` has not; empty where they are one step."""
    return "; ".join((*_program_difference(step, reference), *_python_difference(step, reference)))


def _program_difference(step: Step, reference: Step) -> Iterator[str]:
    ours, theirs = step.program, reference.program
    if ours.fingerprint == theirs.fingerprint:
        return
    changed = [
        f"{amount:+,d} {name.removesuffix('s') if abs(amount) == 1 else name}".replace("_", " ")
        for name in ("compares", "converts", "fusions", "instructions", "bytes_moved")
        if (amount := ours.counts.get(name, 0) - theirs.counts.get(name, 0))
    ]
    yield ", ".join(changed) or "another program of the same size"


def _python_difference(step: Step, reference: Step) -> Iterator[str]:
    if step.calls is None or reference.calls is None:
        yield "Python not compared: two warm steps in a row made other calls"
    elif step.calls != reference.calls:
        changes = python_calls.changes(step.calls, reference.calls)
        for sign, counter in zip("+-", changes, strict=True):
            if counter:
                called = f"{sign}{counter.total()} Python call" + "s" * (counter.total() != 1)
                yield f"{called}, most of {python_calls.main(counter)}"


def _executed(run: Callable[[], object]) -> Program:
    graph = executed_graphs.executed(run)
    nodes = executed_graphs.operations(graph)
    counts = {
        "instructions": nodes.total(),
        "compares": sum(nodes[name] for name in executed_graphs.COMPARES),
        "converts": nodes["Cast"],
        "fusions": sum(count for name, count in nodes.items() if name.startswith("_Fused")),
    }
    return Program(executed_graphs.fingerprint(graph), counts)


def compiler_of(model: Any, step: str, data: tuple[Any, ...]) -> Callable[..., Any]:
    """Return what TensorFlow says of a step at each stage of compiling, for a model that has it.

    Raises
    ------
    NoStepError
        Where the model hides its step.
    """
    batch = (*data, None) if step == "train" else data
    for function in _functions(getattr(model, f"{step}_function"), set()):
        if function._jit_compile:
            return function.experimental_get_compiler_ir(batch)  # type: ignore[no-any-return]
    raise NoStepError(f"{model.name}: no {step} step that XLA compiles")


def _optimized(
    model: Any, step: str, data: tuple[Any, ...], compiled: MutableMapping[str, Program]
) -> Program:
    compiler = compiler_of(model, step, data)
    source = hlo.read(compiler(stage="hlo")).text
    if source not in compiled:
        program = hlo.read(compiler(stage="optimized_hlo"))
        compiled[source] = Program(program.fingerprint, program.counts)
    return compiled[source]


def _functions(function: Any, seen: set[int]) -> Iterator[Any]:
    """Search what a step function is wrapped around for traced functions, the outermost first."""
    import keras
    import tensorflow as tf

    if function is None or id(function) in seen or isinstance(function, keras.Model):
        return
    seen.add(id(function))
    if isinstance(function, tf.types.experimental.PolymorphicFunction):
        yield function
    cells = getattr(function, "__closure__", None) or ()
    inner = [cell.cell_contents for cell in cells if callable(cell.cell_contents)]
    wrapped = (getattr(function, name, None) for name in ("__wrapped__", "python_function"))
    for candidate in (*wrapped, *inner):
        yield from _functions(candidate, seen)
