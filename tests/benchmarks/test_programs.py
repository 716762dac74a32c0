"""Steps compiled for cards that are not here, for real where the extra is installed."""

import shutil
from pathlib import Path

import pytest

import remedies
from benchmarks import programs
from benchmarks.session import Session
from benchmarks.settings import SETTINGS, targets
from remedies.devices import uncompiled


def recipes(folder, old="", new=""):
    """Copy the workload `image` of `tf_cast` and the reference into `folder`."""
    place = folder / "image"
    others = shutil.ignore_patterns("control.py", "build_*", "functional_*")
    shutil.copytree(Path(remedies.__file__).with_name("image"), place, ignore=others)
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
        entries = list(programs.measure(session, SETTINGS["default"]))
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
