"""The Python of a step: the sequence of calls that the interpreter makes in one warm step."""

import gc
import hashlib
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from difflib import SequenceMatcher
from pathlib import PurePath
from types import FrameType
from typing import Any

Calls = tuple[str, ...]


def record(call: Callable[[], object]) -> Calls:
    """Return the functions that `call` calls, in their order, Python's and built-in ones.

    The garbage collector is off meanwhile: it calls back into libraries when it pleases.

    Examples
    --------
    >>> record(lambda: len("four"))[1:]
    ('builtins len',)
    """
    seen: list[str] = []

    def note(frame: FrameType, event: str, argument: Any) -> None:
        if event == "call":
            code = frame.f_code
            seen.append(f"{place(code.co_filename)} {code.co_name}")
        elif event == "c_call" and argument is not sys.setprofile:
            owner = getattr(argument, "__module__", None) or "builtins"
            seen.append(f"{owner} {getattr(argument, '__qualname__', '')}")

    collecting = gc.isenabled()
    gc.disable()
    sys.setprofile(note)
    try:
        call()
    finally:
        sys.setprofile(None)
        if collecting:
            gc.enable()
    return tuple(seen)


def warm(call: Callable[[], object], tries: int = 5) -> Calls | None:
    """Return what `call` calls once two recordings in a row are equal; None where none are.

    Then the evidence is withheld: something besides the step decides what runs.
    """
    before: Calls | None = None
    for _ in range(tries):
        now = record(call)
        if now == before:
            return now
        before = now
    return None


def fingerprint(calls: Calls | None) -> str:
    """Return a short name that equal sequences have in common; empty where there is none."""
    return "" if calls is None else hashlib.sha256("\n".join(calls).encode()).hexdigest()[:16]


def changes(calls: Calls, reference: Calls) -> tuple[Counter[str], Counter[str]]:
    """Return the calls that `calls` makes beyond `reference`, and those that it leaves out.

    Examples
    --------
    >>> changes(("a", "b", "b"), ("a", "c"))
    (Counter({'b': 2}), Counter({'c': 1}))
    """
    added, removed = Counter[str](), Counter[str]()
    head = _common(calls, reference)
    tail = _common(calls[head:][::-1], reference[head:][::-1])
    ours, theirs = calls[head : len(calls) - tail], reference[head : len(reference) - tail]
    for kind, a, b, c, d in SequenceMatcher(None, theirs, ours, autojunk=False).get_opcodes():
        if kind != "equal":
            removed.update(theirs[a:b])
            added.update(ours[c:d])
    return added, removed


def main(counter: Counter[str]) -> str:
    """Return the function that `counter` counts most, a Python function if there is one.

    Examples
    --------
    >>> main(Counter({"builtins id": 9, "keras/layer.py metrics": 6, "keras/model.py fit": 1}))
    'keras/layer.py metrics'
    """
    return max(counter, key=lambda call: (".py " in call, counter[call], call))


def place(file: str) -> str:
    """Return a file's path without what differs from machine to machine."""
    parts = PurePath(file).parts
    for root in ("site-packages", "dist-packages"):
        if root in parts:
            return "/".join(parts[parts.index(root) + 1 :])
    return "/".join(parts[-2:])


def _common(first: Sequence[str], second: Sequence[str]) -> int:
    pairs = zip(first, second, strict=False)
    same = next((n for n, (a, b) in enumerate(pairs) if a != b), None)
    return min(len(first), len(second)) if same is None else same
