"""What a program computes, apart from how XLA groups it, and from the dtype of a mask."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from benchmarks.engine.hlo import Instruction, Program

_INLINED = {"fusion", "call"}
_MOVES = {"bitcast", "broadcast", "copy", "reshape", "transpose"}
_INPUT, _ZERO = "input ", "zero "
_CALLED = re.compile(r"%[\w.\-]+")
_DTYPE = re.compile(r"^[a-z]+\w*(?=\[)")


def dataflow(program: Program) -> str:
    """Return a hash of what `program` computes from its parameters.

    Two programs have the same hash where they apply the same instructions to the same values,
    whichever fusion each stands in and however often it is repeated there. A comparison of a
    parameter with zero (``compare(mask, 0), direction=NE``) counts as the parameter itself, and
    the dtype of a parameter does not count: so a program that takes a float mask has the hash of
    the one that takes a bool mask, where it differs by exactly that comparison.
    """
    return _value(program, program.entry, None)


def _value(program: Program, computation: str, given: Sequence[str] | None) -> str:
    """Return the hash of a computation's root; `given` are its arguments', None in the entry."""
    values: dict[str, str] = {}
    root = ""
    for name, instruction in program.computations[computation].items():
        operands = [values[operand] for operand in instruction.operands]
        values[name] = _result(program, instruction, operands, given)
        root = values[name] if instruction.root else root
    return root


def _result(
    program: Program, it: Instruction, operands: list[str], given: Sequence[str] | None
) -> str:
    if it.opcode == "parameter":
        own = _INPUT + _hash(it.literal, _DTYPE.sub("", it.shape))
        return own if given is None else given[int(it.literal)]
    if it.opcode in _INLINED:
        return _value(program, it.called[0], operands)
    if it.opcode in _MOVES and operands[0].startswith(_INPUT):
        return _INPUT + _hash(it.opcode, _DTYPE.sub("", it.shape), it.attributes, *operands)
    if _is_zero(it, operands):
        return _ZERO + _hash(it.shape)
    if it.opcode == "compare" and _asks_for_truth(it, *operands):
        return operands[0]
    places = [str(place) for place in range(len(it.operands))]
    bodies = [_value(program, name, places) for name in it.called]
    return _hash(
        it.opcode, it.shape, it.literal, _CALLED.sub("", it.attributes), *bodies, *operands
    )


def _asks_for_truth(it: Instruction, left: str, right: str) -> bool:
    whether = "direction=NE" in it.attributes and left.startswith(_INPUT)
    return whether and right.startswith(_ZERO)


def _is_zero(it: Instruction, operands: list[str]) -> bool:
    if it.opcode == "constant":
        return it.literal in {"0", "false"}
    return it.opcode in _MOVES and operands[0].startswith(_ZERO)


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
