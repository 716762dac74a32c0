"""One recipe of one commit, alone: what its round trip loses, and which programs its steps are.

Nothing is timed. A recipe that crashes, hangs or runs out of memory costs this session alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import FunctionType
from typing import Any

from benchmarks.axes import JIT, STEP
from benchmarks.engine.fidelity import BATCH, STEPS, numbers, variables_lost
from benchmarks.engine.line import tensors
from benchmarks.engine.pairs import model
from benchmarks.engine.plan import Session
from benchmarks.engine.programs import fingerprint, graph, set_flags
from benchmarks.engine.results import entry
from benchmarks.engine.settings import Setting
from benchmarks.engine.sides import Side, wanted
from remedies import keras_file_twice, round_trip

# What Keras calls when it makes or rebuilds a model, or traces: the program tells of these.
_NOT_A_STEP = {"__init__", "build", "call", "get_config", "from_config", "compile_from_config"}
_NOT_A_STEP |= {"build_from_config", "get_build_config", "compute_output_shape"}


def measure(
    session: Session, setting: Setting, turn: Callable[[], None]
) -> Iterator[dict[str, Any]]:
    """Yield an entry for each defect and for each step's program, for each mask dtype and jit."""
    set_flags(session.device)
    side = Side(wanted().folders[session.side])
    with side.active() as package:
        mask_dtypes = package.REMEDIES[session.remedy].mask_dtypes
    for mask_dtype in mask_dtypes:
        for jit in JIT:
            one = replace(session, jit=jit)
            made = model(one, side, session.remedy)
            for step in STEP:
                program = _program(made, jit, step, *tensors(one, mask_dtype))
                yield entry("program", program, mask_dtype=mask_dtype, jit=jit, step=step)
        for metric, value in _defects(session, side, mask_dtype).items():
            yield entry(metric, value, mask_dtype=mask_dtype)


def _defects(session: Session, side: Side, mask_dtype: str) -> dict[str, float]:
    with side.active() as package:
        data = package.WORKLOADS[session.workload].data(BATCH, mask_dtype)
        made = package.build(session.workload, session.remedy)
        for _ in range(STEPS):
            made.train_on_batch(*data)
        found = numbers(round_trip(made, *data))
        again = round_trip(made, *data, route=keras_file_twice, train=False)
    return found | {"second_generation_lost": variables_lost(again)}


def _program(made: Any, jit: str, step: str, inputs: Any, targets: Any) -> Any:
    """Return a name that only the same program has, with the Python that runs beside it."""
    seen = (fingerprint if jit == "xla" else graph)(made, step, inputs, targets)
    text = f"{seen.fingerprint} {_overridden(type(made))}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _overridden(kind: type) -> list[str]:
    """Return the code of every method that is not Keras' and may run at each step."""
    ours = [base for base in kind.__mro__ if base.__module__.startswith("remedies")]
    methods = {
        name: made.__code__
        for base in reversed(ours)
        for name, made in vars(base).items()
        if isinstance(made, FunctionType) and name not in _NOT_A_STEP
    }
    return [f"{name} {_code(methods[name])}" for name in sorted(methods)]


def _code(code: Any) -> str:
    inner = [_code(each) if hasattr(each, "co_code") else repr(each) for each in code.co_consts]
    return f"{code.co_code.hex()} {code.co_names} {inner}"
