"""Read XLA's HLO text, and write it so that equal programs are equal text."""

import hashlib
import math
import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property

_QUOTED = r'"(?:[^"\\]|\\.)*"'
_BRACES = rf"\{{(?:[^{{}}\"]|{_QUOTED}|\{{(?:[^{{}}\"]|{_QUOTED})*\}})*\}}"
# Where an instruction came from in Python, which changes nothing about what it does.
_ORIGIN = re.compile(rf",? (?:metadata|frontend_attributes|original_value|origin)={_BRACES}")
_MODULE = re.compile(r"^HloModule [^\s,]+")
_NAME = re.compile(r"%([\w.\-]+)")
_COMPUTATION = re.compile(r"^(ENTRY )?%([\w.\-]+) .*\{$")
_INSTRUCTION = re.compile(
    r"^  (?:ROOT )?%(?P<name>[\w.\-]+) = (?P<shape>\(.*?\)|\S+) (?P<opcode>[a-z][\w\-]*)\("
)
_KEPT = re.compile(r"^(?:HloModule\b|ENTRY |%|  (?:ROOT )?%|\}$)")


@dataclass(frozen=True)
class Instruction:
    """One operation."""

    opcode: str  # as the compiler writes it
    shape: str  # of the result, such as f32[32,2]{1,0}; in brackets where it is a tuple
    operands: tuple[str, ...]  # names of the instructions that it reads
    literal: str = ""  # the value of a constant, or the number of a parameter
    attributes: str = ""  # what else stands in its line
    root: bool = False  # whether it is the result of its computation


_WIDTHS = {"pred": 1, "token": 0, "c64": 8, "c128": 16}
_ARRAY = re.compile(r"([a-z]+\d*\w*)\[([\d,]*)\]")
# Instructions that name memory and move none of it.
_FREE = {"parameter", "constant", "tuple", "get-tuple-element", "bitcast"}


@dataclass(frozen=True)
class Program:
    """A compiled program."""

    # Its HLO in the compiler's own order, without names, numbers and origins that differ from
    # process to process: two programs are the same where these texts are.
    text: str

    @property
    def fingerprint(self) -> str:
        """Return a short name that only the same program has."""
        return digest(self.text)

    @cached_property
    def meaning(self) -> str:
        """Return a short name of what the program computes from its parameters.

        Equal names mean programs that are equal but for dead code, repeated expressions and the
        order of computations, which XLA need not print alike twice.
        """
        return self._meaning(self.entry, {})

    def _meaning(self, computation: str, meanings: dict[str, str]) -> str:
        if computation not in meanings:
            values: dict[str, str] = {}
            body = self.computations[computation]
            for name, it in body.items():
                called = [c for c in _NAME.findall(it.attributes) if c in self.computations]
                inner = [self._meaning(c, meanings) for c in called]
                rest = _NAME.sub("%", it.attributes)
                operands = [values[each] for each in it.operands]
                values[name] = digest(it.opcode, it.shape, it.literal, rest, *inner, *operands)
            meanings[computation] = next(values[name] for name, it in body.items() if it.root)
        return meanings[computation]

    @cached_property
    def computations(self) -> dict[str, dict[str, Instruction]]:
        """Return computation name -> instruction name -> instruction."""
        bodies: dict[str, dict[str, Instruction]] = {}
        for line in self.text.splitlines():
            if heading := _COMPUTATION.match(line):
                bodies[heading[2]] = {}
            elif start := _INSTRUCTION.match(line):
                bodies[list(bodies)[-1]][start["name"]] = _instruction(line, start)
        return bodies

    @property
    def entry(self) -> str:
        """Return the name of the computation that a call of the program runs."""
        return next(
            m[2] for line in self.text.splitlines() if (m := _COMPUTATION.match(line)) and m[1]
        )

    @cached_property
    def opcodes(self) -> Counter[str]:
        """Return how often each operation stands in the program, fused ones included."""
        inner = (body.values() for body in self.computations.values())
        return Counter(instruction.opcode for body in inner for instruction in body)

    @property
    def counts(self) -> dict[str, int]:
        """Return how much of it there is, by the names of `remedies.metrics`."""
        return {
            "instructions": self.opcodes.total(),
            "compares": self.opcodes["compare"],
            "converts": self.opcodes["convert"],
            "fusions": self.opcodes["fusion"],
            "bytes_moved": self.bytes_moved,
        }

    @property
    def bytes_moved(self) -> int:
        """Return the bytes that the entry computation's instructions read and write."""
        body = self.computations[self.entry]
        return sum(
            size(each.shape) + sum(size(body[name].shape) for name in each.operands)
            for each in body.values()
            if each.opcode not in _FREE
        )


def digest(*parts: str) -> str:
    """Return a short name that only equal `parts` have."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def size(shape: str) -> int:
    """Return the bytes of an array, or of all arrays of a tuple.

    Examples
    --------
    >>> size("(f32[32,2]{1,0}, pred[3])")
    259
    """
    return sum(
        math.prod(int(n) for n in dimensions.split(",") if n) * _width(dtype)
        for dtype, dimensions in _ARRAY.findall(shape)
    )


def _width(dtype: str) -> int:
    bits = re.search(r"\d+", dtype)
    return _WIDTHS.get(dtype, max(1, int(bits[0]) // 8) if bits else 0)


def read(text: str) -> Program:
    """Return the program that HLO text describes.

    Parameters
    ----------
    text : str
        As ``experimental_get_compiler_ir(...)(stage="optimized_hlo")`` returns it.
    """
    numbers: dict[str, str] = {}

    def number(name: re.Match[str]) -> str:
        return "%" + numbers.setdefault(name[1], str(len(numbers)))

    lines = [_ORIGIN.sub("", line) for line in text.splitlines() if _KEPT.match(line)]
    lines = [_COMPUTATION.sub(r"\1%\2 {", _MODULE.sub("HloModule", line)) for line in lines]
    return Program("\n".join(_NAME.sub(number, line) for line in lines) + "\n")


def _instruction(line: str, start: re.Match[str]) -> Instruction:
    depth, end = 1, start.end()
    while depth:
        depth += {"(": 1, ")": -1}.get(line[end], 0)
        end += 1
    inside, attributes = line[start.end() : end - 1], line[end:]
    named = start["opcode"] not in {"constant", "parameter"}
    operands = tuple(_NAME.findall(inside)) if named else ()
    root = line.startswith("  ROOT ")
    literal = "" if named else inside
    return Instruction(start["opcode"], start["shape"], operands, literal, attributes, root)
