"""What a compiled program must do, counted in its HLO: bytes moved and arithmetic."""

from __future__ import annotations

import math
import re
from itertools import product

from benchmarks.engine.hlo import Instruction, Program

_ARRAY = re.compile(r"\b([a-z]+\d*\w*)\[([\d,]*)\]")
_BITS = re.compile(r"\d+")
_FREE = {
    "after-all", "bitcast", "constant", "get-tuple-element", "parameter", "partition-id",
    "replica-id", "tuple",
}  # fmt: skip
_MOVES = _FREE | {
    "bitcast-convert", "broadcast", "concatenate", "copy", "copy-done", "copy-start",
    "dynamic-slice", "dynamic-update-slice", "gather", "iota", "pad", "reshape", "reverse",
    "slice", "transpose",
}  # fmt: skip
_ELEMENTWISE = {
    "abs", "add", "and", "atan2", "cbrt", "ceil", "clamp", "compare", "convert", "cosine",
    "divide", "erf", "exponential", "exponential-minus-one", "floor", "log", "log-plus-one",
    "logistic", "maximum", "minimum", "multiply", "negate", "not", "or", "popcnt", "power",
    "reduce-precision", "remainder", "round-nearest-afz", "round-nearest-even", "rsqrt", "select",
    "shift-left", "shift-right-arithmetic", "shift-right-logical", "sign", "sine", "sqrt",
    "subtract", "tan", "tanh", "xor",
}  # fmt: skip
_BODIES = {
    "async-start", "call", "conditional", "fusion", "while",
}  # fmt: skip


def accessed(program: Program) -> int:
    """Return the bytes that a run of `program` reads and writes between its instructions.

    The sum over all instructions outside fusions of (bytes of each operand + bytes of the result).
    A fusion counts as one instruction, and names for what is there already (bitcast, tuple,
    get-tuple-element, constant, parameter) as nothing. Each loop body counts once; a gather or
    slice counts its whole operand. Caches are not considered.
    """
    return _accessed(program, program.entry)


def operations(program: Program) -> float:
    """Return the arithmetic operations in a run of `program`, or NaN where one has no formula.

    As in XLA's own cost analysis: an elementwise instruction counts 1 per element of its result
    (compare, select and convert too, and a root or exponential like any other), a dot
    2 x result x contracted elements, a convolution 2 x every product whose input is no padding,
    a reduction one body per element folded away, a scatter one body per element of its updates.
    Moving data is free. Each loop body counts once; a library call (custom-call) is NaN.
    """
    return _operations(program, program.entry)


def elements(shape: str) -> int:
    """Return how many numbers an array, or the arrays of a tuple, hold."""
    return sum(math.prod(_dimensions(found[2])) for found in _ARRAY.finditer(shape))


def size(shape: str) -> int:
    """Return the bytes of an array, or of the arrays of a tuple; unknown types count none."""
    found = _ARRAY.finditer(shape)
    return sum(math.ceil(math.prod(_dimensions(m[2])) * _bits(m[1]) / 8) for m in found)


def _dimensions(text: str) -> list[int]:
    return [int(length) for length in text.split(",") if length]


def _bits(dtype: str) -> int:
    if dtype == "pred":
        return 8
    width = _BITS.search(dtype)
    return int(width[0]) if width else 0


def _accessed(program: Program, computation: str) -> int:
    body, total = program.computations[computation], 0
    for instruction in body.values():
        if instruction.opcode in _BODIES - {"fusion"}:
            total += sum(_accessed(program, name) for name in instruction.called)
        elif instruction.opcode not in _FREE:
            operands = (body[name].shape for name in instruction.operands)
            total += size(instruction.shape) + sum(map(size, operands))
    return total


def _operations(program: Program, computation: str) -> float:
    body = program.computations[computation]
    return sum(_arithmetic(program, body, instruction) for instruction in body.values())


def _arithmetic(program: Program, body: dict[str, Instruction], it: Instruction) -> float:
    result = elements(it.shape)
    if it.opcode in _MOVES:
        return 0
    if it.opcode in _ELEMENTWISE:
        return result
    called = sum(_operations(program, name) for name in it.called)
    if it.opcode in _BODIES:
        return called
    operands = [body[name].shape for name in it.operands]
    if it.opcode == "dot":
        return 2 * result * _contracted(operands[0], it.attributes)
    if it.opcode == "convolution":
        return 2 * _products(operands, it)
    if it.opcode == "reduce":
        arrays = len(operands) // 2
        return called * (elements(operands[0]) - result / arrays)
    if it.opcode == "reduce-window":
        return called * result * (math.prod(_lengths(it.attributes, "size")) - 1)
    if it.opcode == "scatter":
        return called * elements(operands[-1])
    return math.nan


def _contracted(left: str, attributes: str) -> int:
    axes = re.search(r"lhs_contracting_dims=\{([\d,]*)\}", attributes)
    shape = _dimensions(_ARRAY.findall(left)[0][1])
    return math.prod(shape[axis] for axis in _dimensions(axes[1] if axes else ""))


def _lengths(attributes: str, field: str) -> list[int]:
    found = re.search(rf"[{{ ]{field}=([\dx]+)", attributes)
    return [int(length) for length in found[1].split("x")] if found else []


def _products(operands: list[str], it: Instruction) -> int:
    """Count a convolution's multiplications, those with padding or a dilation's holes left out."""
    labels = re.search(r"dim_labels=(\w+)_(\w+)->(\w+)", it.attributes)
    window = _lengths(it.attributes, "size")
    assert labels  # noqa: S101 - every convolution has them
    shapes = (*operands, it.shape)
    image, kernel, result = (
        dict(zip(names, _dimensions(_ARRAY.findall(shape)[0][1]), strict=True))
        for names, shape in zip(labels.groups(), shapes, strict=True)
    )
    valid: int = result["b"] * result["f"] * kernel["i"]
    for axis in range(len(window)):
        name = str(axis)
        valid *= _positions(image[name], kernel[name], result[name], axis, it.attributes)
    return valid


def _positions(image: int, kernel: int, result: int, axis: int, attributes: str) -> int:
    def at(field: str) -> int:
        lengths = _lengths(attributes, field)
        return lengths[axis] if lengths else 1

    padded = re.search(r"pad=([\d_x\-]+)", attributes)
    before = int(padded[1].split("x")[axis].split("_")[0]) if padded else 0
    stride, holes, spread = at("stride"), at("lhs_dilate"), at("rhs_dilate")
    places = (
        out * stride + tap * spread - before for out, tap in product(range(result), range(kernel))
    )
    return sum(0 <= place <= (image - 1) * holes and place % holes == 0 for place in places)
