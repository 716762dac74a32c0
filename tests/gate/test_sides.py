"""Two copies of `remedies` in one process: nothing of one gets into the other."""

import shutil
import sys
from pathlib import Path

import pytest

import remedies
from benchmarks.engine import side as side_session
from benchmarks.engine.file_pairs import measure as measure_files
from benchmarks.engine.pairs import EFFORTS, Effort
from benchmarks.engine.pairs import measure as measure_steps
from benchmarks.engine.plan import Session
from benchmarks.engine.settings import SETTINGS
from benchmarks.engine.sides import Side, Wanted
from scripts.gate.recipes import Recipe, catalogue, changed, rows

OWN = Path(remedies.__file__).parent
STEPS = Session("pairs", "image", "cpu", "graph", 4)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Return this checkout's recipes, and a copy whose `tf_cast` has a wider layer."""
    made = {}
    for name in ("base", "head"):
        folder = tmp_path_factory.mktemp(name)
        shutil.copytree(OWN, folder / "remedies", ignore=shutil.ignore_patterns("__pycache__"))
        made[name] = str(folder)
    recipe = Path(made["head"], "remedies", "image", "tf_cast.py")
    recipe.write_text(recipe.read_text().replace("Flatten()", "Flatten(name='head_flatten')"))
    return made


def layers(model):
    return [layer.name for layer in model.layers]


def test_each_side_builds_and_loads_its_own(folders, tmp_path):
    import keras

    sides = {name: Side(folder) for name, folder in folders.items()}
    models = {}
    for name, side in sides.items():
        with side.active() as package:
            assert package is not remedies
            models[name] = package.build("image", "tf_cast")
            models[name].train_on_batch(*package.WORKLOADS["image"].data(2))
            models[name].save(tmp_path / f"{name}.keras")
    assert sys.modules["remedies"] is remedies
    assert "head_flatten" in layers(models["head"])
    for name, side in sides.items():
        with side.active():
            loaded = keras.saving.load_model(tmp_path / f"{name}.keras")
        assert type(loaded) is type(models[name]), "and not the other side's class of this name"


def test_only_the_changed_recipe_is_to_be_measured(folders):
    sides = {name: catalogue(Path(folder)) for name, folder in folders.items()}
    assert changed(sides) == [Recipe("image", "tf_cast")]
    open_rows = [row for row in rows(sides) if row.fingerprints[0] is None]
    assert {row.remedy for row in open_rows} == {"tf_cast"}
    assert {row.metric for row in open_rows} == {"train_step", "predict_step", "save", "load"}


def test_a_launch_measures_both_sides_and_what_is_slowed_down(folders, monkeypatch):
    monkeypatch.setitem(EFFORTS, "train_step", Effort(0, 0, 3, 0))
    monkeypatch.setitem(EFFORTS, "predict_step", Effort(0, 0, 3, 0))
    lines = (("train_step", "tf_cast", "bool"), ("train_step", "placebo", "bool"))
    monkeypatch.setenv("REMEDIES_SIDES", "")
    Wanted(folders, lines, ((9.0, "tf_cast"),)).tell()
    found = list(measure_steps(STEPS, SETTINGS["quick"], lambda: None))
    about = [(e["parameters"]["remedy"], e["parameters"]["slowed"]) for e in found]
    assert about == [("tf_cast", 0.0), ("tf_cast", 9.0), ("placebo", 0.0)]
    before, after = found[1]["measured"]["samples"]
    assert after > 3 * before, "it waits nine times as long as it works"


def test_a_launch_of_files_saves_and_loads_both_sides(folders, monkeypatch):
    monkeypatch.setenv("REMEDIES_SIDES", "")
    monkeypatch.setattr("benchmarks.engine.file_pairs.EFFORT", Effort(0, 0, 1, 0))
    Wanted(folders, (("save", "tf_cast", ""), ("load", "tf_cast", ""))).tell()
    session = Session("file_pairs", "image", "cpu")
    found = list(measure_files(session, SETTINGS["quick"], lambda: None))
    assert [entry["metric"] for entry in found] == ["save", "load"]


def test_programs_and_defects_of_a_side_are_found_alone(folders, monkeypatch):
    monkeypatch.setenv("REMEDIES_SIDES", "")
    monkeypatch.setenv("XLA_FLAGS", "")
    Wanted(folders).tell()
    found = {}
    for name in folders:
        session = Session("side", "image", "cpu", "", 4, 0, name, "control")
        entries = list(side_session.measure(session, SETTINGS["quick"], lambda: None))
        found[name] = [entry for entry in entries if entry["metric"] == "program"]
        lost = {entry["metric"]: entry["measured"] for entry in entries if entry not in found[name]}
        assert (lost["weights_lost"], lost["optimizer_variables_lost"]) == (2, 4)
    assert [entry["parameters"] for entry in found["base"]] == [
        {"mask_dtype": "bool", "jit": jit, "step": step}
        for jit in ("graph", "xla")
        for step in ("train", "predict")
    ]
    assert len({entry["measured"] for entry in found["base"]}) == 4
