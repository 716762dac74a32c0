"""Steps compiled for cards that are not here: for real with the extra, failures with fakes."""

import json
import shutil
import sys
from pathlib import Path

import pytest

import remedies
from benchmarks import programs
from benchmarks.plan import targets
from benchmarks.session import Folder, Session
from benchmarks.settings import SETTINGS
from remedies.card_compiler import REFUSED
from remedies.devices import TARGETS, NotHereError, uncompiled


def recipes(folder, old="", new=""):
    """Copy the workload `image` of `tf_cast` and the reference into `folder`."""
    place = folder / "image"
    shutil.copytree(Path(remedies.__file__).with_name("image"), place)
    for file in place.glob("*.py"):
        if file.stem not in ("__init__", "data", "ops_where", "tf_cast", "layers"):
            file.unlink()
    text = (place / "tf_cast.py").read_text()
    assert old in text
    (place / "tf_cast.py").write_text(text.replace(old, new))
    return str(folder)


@pytest.mark.skipif(bool(uncompiled()), reason=uncompiled() or "-")
def test_a_compare_added_to_a_recipe_is_another_program_on_every_card(tmp_path):
    sides = (
        ("base", recipes(tmp_path / "base")),
        ("head", recipes(tmp_path / "head", 'tf.cast(inputs["mask"], "bool")',
                         'tf.cast(inputs["mask"], "bool") & (inputs["image"] > 0.5)')),
    )  # fmt: skip
    assert {"a100", "h100"} <= set(targets())
    for card in targets():
        session = Session("programs", "image", card, batch=8, sources=sides)
        entries = list(
            programs.measure(session, SETTINGS["default"], Folder(tmp_path / "run", "mark"))
        )
        values = {
            (e.metric, e.axes["source"], e.axes["remedy"]): e
            for e in entries
            if (e.axes["step"], e.axes["mask_dtype"]) == ("train", "bool")
        }
        other, own = (values["program_differs", side, "tf_cast"] for side in ("head", "base"))
        assert (other.value, own.value) == (1, 0) and other.text != own.text
        before, after = (values["compares", side, "tf_cast"].value for side in ("base", "head"))
        assert after == before + 1
        for side in ("base", "head"):  # the reference is the same program on both
            assert values["program_differs", side, "ops_where"].value == 0
            assert values["program_differs", side, "ops_where"].text == own.text
        kernels = (values["kernels", "base", remedy] for remedy in ("ops_where", "tf_cast"))
        assert len({(each.value, each.text) for each in kernels}) == 1
        assert values["kernels", "base", "tf_cast"].value > 0


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
        ("kill -FPE $$", NotHereError, "h100.txtpb: XLA's compiler ended by signal 8"),
        ("echo 'No space left on device' >&2; exit 1", RuntimeError, "No space left on device"),
    ],
)
def test_a_card_that_cannot_be_compiled_for_says_why(tmp_path, compiler, script, error, reason):
    compiler(script)
    with pytest.raises(error) as raised:
        programs.compiled(TARGETS["h100"], tmp_path)
    assert (str(raised.value), type(raised.value)) == (reason, error)


def test_steps_are_lowered_once_for_all_cards(tmp_path):
    index = [["train", "", "tf_cast", "bool", "file"]]
    (tmp_path / "steps.json").write_text(json.dumps(index))
    session = Session("programs", "image", "h100", batch=8)
    assert list(programs.lowered(session, tmp_path)["train"].values()) == ["file"]
