"""Compiling for a card that is not here: what is refused is refused in a line."""

import json
import os
import subprocess
import sys

import pytest

from remedies.devices import REFUSED, TARGETS, uncompiled


def compiler(target, folder, **more):
    words = [sys.executable, "-m", "remedies.steps.card_compiler", str(target), str(folder)]
    return subprocess.run(words, capture_output=True, text=True, env=os.environ | more)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no description of a card"),
        (b"\xff\xfe\x00", "can't decode"),
        (TARGETS["h100"].read_bytes().replace(b'"CUDA"', b'"ROCM"'), "lacks platform_name"),
        (TARGETS["h100"].read_bytes().replace(b"core_count", b"cores"), "lacks core_count"),
    ],
)
def test_a_file_that_describes_no_card_is_refused_in_a_line(tmp_path, content, reason):
    (tmp_path / "card.txtpb").write_bytes(content)
    done = compiler(tmp_path / "card.txtpb", tmp_path)
    [said] = done.stderr.splitlines()
    assert done.returncode == REFUSED and said.startswith("card.txtpb: not compiled for: ")
    assert reason in said
    assert not (tmp_path / "card.json").exists()


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
    assert (done.returncode, json.loads((tmp_path / "h100.json").read_text())) == (0, {})
