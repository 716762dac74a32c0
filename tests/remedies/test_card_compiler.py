"""Compiling for a card that is not here: what is refused is refused in a line."""

import json
import os
import subprocess
import sys

import pytest

from remedies.devices import TARGETS, NotHereError, uncompiled
from remedies.steps.card_compiler import PROCESS, REFUSED, compiled


def compiler(target, folder, **more):
    words = [sys.executable, "-c", PROCESS, str(target), str(folder)]
    return subprocess.run(words, capture_output=True, text=True, env=os.environ | more)


H100 = TARGETS["h100"].read_bytes()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no description of a card"),
        (b"\xff\xfe\x00", "can't decode"),
        (H100.replace(b'"CUDA"', b'"ROCM"'), "lacks platform_name"),
        (H100.replace(b"core_count", b"cores"), "lacks core_count"),
    ],
)
def test_a_file_that_describes_no_card_is_refused_in_a_line(tmp_path, content, reason):
    (tmp_path / "card.txtpb").write_bytes(content)
    done = compiler(tmp_path / "card.txtpb", tmp_path)
    [said] = done.stderr.splitlines()
    assert done.returncode == REFUSED and said.startswith("card.txtpb: not compiled for: ")
    assert reason in said
    assert not done.stdout


def test_a_folder_that_cannot_be_written_is_said_and_may_be_tried_again(tmp_path):
    done = compiler(TARGETS["h100"], tmp_path / "nowhere")
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)


@pytest.mark.skipif(bool(uncompiled()), reason=uncompiled() or "-")
def test_an_unreadable_description_is_refused_by_the_compiler(tmp_path):
    text = TARGETS["a100"].read_text() + "no_such_field: 1\n"
    (tmp_path / "card.txtpb").write_text(text)
    done = compiler(tmp_path / "card.txtpb", tmp_path)
    assert done.returncode == REFUSED and "GpuTargetConfigProto" in done.stderr.splitlines()[-1]


@pytest.mark.skipif(bool(uncompiled()), reason=uncompiled() or "-")
def test_the_process_needs_no_tensorflow(tmp_path):
    (tmp_path / "tensorflow.py").write_text("raise SystemExit('TensorFlow was imported')")
    done = compiler(TARGETS["h100"], tmp_path, PYTHONPATH=str(tmp_path))
    assert (done.returncode, json.loads(done.stdout)) == (0, {})


@pytest.mark.parametrize(
    ("script", "error", "reason"),
    [
        (f"echo 'noise\nh100: unknown' >&2; exit {REFUSED}", NotHereError, "h100: unknown"),
        ("exec sleep 60", NotHereError, "h100.txtpb: not compiled for in the time left"),
        ("kill -FPE $$", NotHereError, "h100.txtpb: XLA's compiler ended by signal 8"),
        ("echo 'No space left on device' >&2; exit 1", RuntimeError, "No space left on device"),
    ],
)
def test_a_card_that_cannot_be_compiled_for_says_why(tmp_path, monkeypatch, script, error, reason):
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\n{script}\n")
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    with pytest.raises(error) as raised:
        compiled(TARGETS["h100"], tmp_path, 5)
    assert (str(raised.value), type(raised.value)) == (reason, error)
