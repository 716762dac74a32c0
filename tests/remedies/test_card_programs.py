"""The compiler as a process, with a program in its place that says and ends as a test wants."""

import sys

import pytest

from remedies.devices import REFUSED, TARGETS, NotHereError
from remedies.steps.card_programs import compiled


@pytest.fixture
def compiler(tmp_path, monkeypatch):
    """Put a program that says and ends as a test wants in place of Python and the compiler."""

    def make(script):
        file = tmp_path / "python"
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(file))

    return make


@pytest.mark.parametrize(
    ("script", "error", "reason"),
    [
        (
            f"echo noise >&2; echo 'h100: unknown' >&2; exit {REFUSED}",
            NotHereError,
            "h100: unknown",
        ),
        ("exec sleep 60", NotHereError, "h100.txtpb: not compiled for in the time left"),
        ("kill -FPE $$", NotHereError, "h100.txtpb: XLA's compiler ended by signal 8"),
        ("echo 'No space left on device' >&2; exit 1", RuntimeError, "No space left on device"),
    ],
)
def test_a_card_that_cannot_be_compiled_for_says_why(tmp_path, compiler, script, error, reason):
    compiler(script)
    with pytest.raises(error) as raised:
        compiled(TARGETS["h100"], tmp_path, 5)
    assert (str(raised.value), type(raised.value)) == (reason, error)
