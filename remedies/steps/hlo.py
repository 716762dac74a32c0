"""Read XLA's HLO text, and write it so that equal programs are equal text."""

import hashlib
import math
import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cached_property
from itertools import count

_QUOTED = r'"(?:[^"\\]|\\.)*"'
_BRACES = rf"\{{(?:[^{{}}\"]|{_QUOTED}|\{{(?:[^{{}}\"]|{_QUOTED})*\}})*\}}"
# Where an instruction came from in Python, which changes nothing about what it does.
_ORIGIN = re.compile(rf",? (?:metadata|frontend_attributes|original_value|origin)={_BRACES}")
_MODULE = re.compile(r"^HloModule [^\s,]+")
_NAME = re.compile(r"%([\w.\-]+)")
_COMPUTATION = re.compile(r"^(ENTRY )?%([\w.\-]+) .*\{$")
_INSTRUCTION = re.compile(
    r"^  (?P<root>ROOT )?%(?P<name>[\w.\-]+) = (?P<shape>\(.*?\)|\S+) (?P<opcode>[a-z][\w\-]*)"
    r"\((?P<inside>.*?)\)(?P<attributes>(?:, \w+=.*)?)$"
)
_KEPT = re.compile(r"^(?:HloModule\b|ENTRY |%|  (?:ROOT )?%|\}$)")
_ARRAY = re.compile(r"([a-z]+)(\d*)\w*\[([\d,]*)\]")
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
    def computations(self) -> dict[str, dict[str, re.Match[str]]]:
        """Return computation -> name -> instruction in parts; what is called or read comes first.

        Inside its brackets are its operands, the value of a constant or the number of a parameter.
        """
        bodies: dict[str, dict[str, re.Match[str]]] = {}
        for line in self.text.splitlines():
            if heading := _COMPUTATION.match(line):
                body = bodies.setdefault("ENTRY" if heading[1] else heading[2], {})
            elif it := _INSTRUCTION.match(line):
                body[it["name"]] = it
        return bodies

    @property
    def meaning(self) -> str:
        """Return a short name of what the program computes from its parameters.

        Equal names mean programs that are equal but for dead code, repeated expressions and the
        order of computations, which XLA need not print alike twice.
        """
        meanings: dict[str, str] = {}
        for computation, body in self.computations.items():
            values: dict[str, str] = {}
            for name, it in body.items():
                called = [c for c in _NAME.findall(it["attributes"]) if c in self.computations]
                operands = _NAME.findall(it["inside"])
                inner = [meanings[each] for each in called] + [values[each] for each in operands]
                rest = "" if operands else it["inside"], _NAME.sub("%", it["attributes"])
                values[name] = digest(it["opcode"], it["shape"], *rest, *inner)
                if it["root"]:
                    meanings[computation] = values[name]
        return meanings["ENTRY"]

    @property
    def counts(self) -> dict[str, int]:
        """Return how much there is in it, fused or not, by the names of `remedies.metrics`."""
        bodies = self.computations.values()
        opcodes = Counter(it["opcode"] for body in bodies for it in body.values())
        entry = self.computations["ENTRY"]
        moving = [it for it in entry.values() if it["opcode"] not in _FREE]
        names = (name for it in moving for name in [it["name"], *_NAME.findall(it["inside"])])
        return {
            "instructions": opcodes.total(),
            "compares": opcodes["compare"],
            "converts": opcodes["convert"],
            "fusions": opcodes["fusion"],
            "bytes_moved": sum(size(entry[name]["shape"]) for name in names),
        }


def digest(*parts: str) -> str:
    """Return a short name that only equal `parts` have."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def size(shape: str) -> int:
    """Return the bytes of an array, or of all arrays of a tuple.

    >>> size("(f32[32,2]{1,0}, pred[3])")
    259
    """
    total = 0
    for kind, bits, dimensions in _ARRAY.findall(shape):
        width = max(1, int(bits) // 8) if bits else int(kind == "pred")  # a token has none
        total += width * math.prod(int(n) for n in dimensions.split(",") if n)
    return total


def read(text: str) -> Program:
    """Return the program of HLO text, as `experimental_get_compiler_ir` returns its stages."""
    numbers: dict[str, int] = defaultdict(count().__next__)
    lines = [_ORIGIN.sub("", line) for line in text.splitlines() if _KEPT.match(line)]
    lines = [_COMPUTATION.sub(r"\1%\2 {", _MODULE.sub("HloModule", line)) for line in lines]
    return Program(_NAME.sub(lambda name: f"%{numbers[name[1]]}", "\n".join(lines) + "\n"))
