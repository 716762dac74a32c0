"""What XLA makes of each remedy's step, and whether it is the same program as the reference's."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.axes import STEP
from benchmarks.engine import costs, hlo
from benchmarks.engine.dataflow import dataflow
from benchmarks.engine.line import tensors
from benchmarks.engine.plan import Session
from benchmarks.engine.results import entry
from benchmarks.engine.settings import Setting
from remedies import REFERENCE, REMEDIES, build

Cell = tuple[str, str, str]
# Neither changes a CPU's HLO, but machine code that nobody runs need not be good; a GPU's would
# hold the winners of a race between kernels.
_FLAGS = {
    "cpu": "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true",
    "gpu": "--xla_gpu_autotune_level=0",
}

# TensorFlow numbers the functions of a process, whatever they are.
_COUNTED = re.compile(r"(?<=_)\d+(?=[\"_])")


class NoCompiledStepError(RuntimeError):
    """A model's step is not compiled with XLA, or Keras keeps it where nobody has looked yet."""


def measure(
    session: Session, setting: Setting, turn: Callable[[], None]
) -> Iterator[dict[str, Any]]:
    """Yield an entry for each number of each remedy's program, train and predict.

    Nothing is timed, so it asks for no turn: other sessions may work beside it.
    """
    set_flags(session.device)
    compiled = dict(_programs(session))
    temporary: dict[str, float] = {}
    for (remedy, mask_dtype, step), (program, again) in compiled.items():
        if program.text not in temporary:
            temporary[program.text] = temporary_memory(again)
        reference, _ = compiled[REFERENCE, mask_dtype, step]
        boolean, _ = compiled[REFERENCE, "bool", step]
        numbers = describe(program) | {
            "xla_differs": int(program.text != reference.text),
            "xla_rest_differs": int(dataflow(program) != dataflow(boolean)),
            "xla_temporary": temporary[program.text],
        }
        for metric, value in numbers.items():
            if not math.isnan(value):
                yield entry(metric, value, remedy=remedy, mask_dtype=mask_dtype, step=step)


def set_flags(device: str) -> None:
    """Have XLA compile so that the same step is the same program each time; call it first."""
    flags = (os.environ.get("XLA_FLAGS", ""), _FLAGS[device])
    os.environ["XLA_FLAGS"] = " ".join(flags).strip()


def describe(program: hlo.Program) -> dict[str, float]:
    """Return the numbers that a program's text holds by itself."""
    return {
        "xla_instructions": program.opcodes.total(),
        "xla_converts": program.opcodes["convert"],
        "xla_compares": program.opcodes["compare"],
        "xla_fusions": program.opcodes["fusion"],
        "xla_bytes": costs.accessed(program),
        "xla_flops": costs.operations(program),
    }


def fingerprint(model: Any, step: str, inputs: Any, targets: Any) -> hlo.Program:
    """Compile the step that `train_on_batch` or `predict_on_batch` would run, without running it.

    Parameters
    ----------
    model : keras.Model
        Compiled with ``jit_compile=True``; it is built if it is not yet, and keeps its state.
    step : str
        ``"train"`` or ``"predict"``.
    inputs, targets : tensors, or structures of them
        One batch. Only shapes and dtypes matter.

    Returns
    -------
    hlo.Program
        After XLA's optimisation for this machine's device; its `fingerprint` is the same in every
        process.

    Raises
    ------
    NoCompiledStepError
        Where the model's step is not compiled with XLA, or Keras hides it.
    """
    return hlo.read(compiler(model, step, inputs, targets)(stage="optimized_hlo"))


def compiler(model: Any, step: str, inputs: Any, targets: Any) -> Callable[..., Any]:
    """Return what compiles a step and shows it at a ``stage``; arguments as of `fingerprint`."""
    data = _prepared(model, step, inputs, targets)
    for function in _functions(getattr(model, f"{step}_function"), set()):
        if function._jit_compile:
            return function.experimental_get_compiler_ir(data)  # type: ignore[no-any-return]
    raise NoCompiledStepError(f"{model.name}: found no {step} step that is compiled with XLA")


def graph(model: Any, step: str, inputs: Any, targets: Any) -> hlo.Program:
    """Trace the step of a model that XLA does not compile; arguments as of `fingerprint`.

    Returns
    -------
    hlo.Program
        Of TensorFlow's graph, which names its layers: a renamed layer is another program.
    """
    data = _prepared(model, step, inputs, targets)
    functions = list(_functions(getattr(model, f"{step}_function"), set()))
    if not functions:
        raise NoCompiledStepError(f"{model.name}: found no {step} step that is traced")
    definition = functions[-1].get_concrete_function(data).graph.as_graph_def(add_shapes=True)
    return hlo.Program(_COUNTED.sub("", str(definition)))


def _prepared(model: Any, step: str, inputs: Any, targets: Any) -> tuple[Any, ...]:
    """Make the step function, and return the data that the function inside it is called with."""
    # As `train_on_batch` does: a step that makes variables while it is traced is another program.
    model(inputs)
    model.optimizer.build(model.trainable_variables)
    getattr(model, f"make_{step}_function")()
    return (inputs, targets, None) if step == "train" else (inputs,)


def temporary_memory(compiler: Callable[..., Any]) -> float:
    """Return the bytes that XLA sets aside for a run's intermediate results; NaN if it tells not.

    Its buffers that are neither inputs, outputs nor constants; it compiles once more to tell them.
    """
    try:
        from tensorflow.compiler.xla.service import hlo_pb2

        told = compiler(stage="optimized_hlo_proto_serialized")
    except (ImportError, ValueError):
        return math.nan
    buffers = hlo_pb2.HloProto.FromString(told).buffer_assignment.buffer_allocations
    return float(sum(buffer.size for buffer in buffers if _is_temporary(buffer)))


def _is_temporary(buffer: Any) -> bool:
    return not (
        buffer.is_entry_computation_parameter
        or buffer.is_constant
        or buffer.is_thread_local
        or buffer.maybe_live_out
    )


def _programs(session: Session) -> Iterator[tuple[Cell, tuple[hlo.Program, Callable[..., Any]]]]:
    for remedy in REMEDIES.values():
        for mask_dtype in remedy.mask_dtypes:
            data = tensors(session, mask_dtype)
            model = build(session.workload, remedy.name, jit=True)
            for step in STEP:
                shown = compiler(model, step, *data)
                program = hlo.read(shown(stage="optimized_hlo"))
                yield (remedy.name, mask_dtype, step), (program, shown)


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
