"""The data that models are fed, and folders that are workloads."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from remedies import WORKLOADS
from remedies.problem import BadInputError
from remedies.registry import FOLDERS, add, load, own, own_classes, recipe, write

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("workload", WORKLOADS.values(), ids=list(WORKLOADS))
@pytest.mark.parametrize("mask_dtype", ["bool", "float32"])
def test_data_has_the_batch_and_the_dtype_asked_for_and_is_drawn_from_the_seed(
    workload, mask_dtype
):
    (inputs, targets), (again, _) = (workload.data(5, mask_dtype) for _ in range(2))
    assert {len(leaf) for leaf in (*inputs.values(), targets)} == {5}
    assert inputs["mask"].dtype == mask_dtype
    assert set(np.unique(inputs["mask"])) == {0, 1}
    assert all(np.array_equal(inputs[name], again[name]) for name in inputs)
    assert len(np.unique(targets)) > 1


def test_inpaint_has_one_hole_of_8_to_16_pixels_in_each_image():
    mask = WORKLOADS["inpaint"].data(64)[0]["mask"]
    rows, columns = (~mask[..., 0]).any(axis=2), (~mask[..., 0]).any(axis=1)
    holes = (~mask).sum(axis=(1, 2, 3))
    np.testing.assert_array_equal(holes, rows.sum(1) * columns.sum(1))
    sides = np.concatenate([rows.sum(1), columns.sum(1)])
    assert sides.min() >= 8 and sides.max() <= 16


def test_attention_masks_padding_at_the_end_and_uses_the_whole_vocabulary():
    from remedies.attention.data import LENGTH, VOCABULARY

    inputs, _ = WORKLOADS["attention"].data(64)
    assert (np.diff(inputs["mask"].astype(int), axis=1) <= 0).all()
    assert inputs["tokens"].shape[1] == LENGTH
    assert 0.99 * VOCABULARY < inputs["tokens"].max() < VOCABULARY


def test_any_folder_with_data_is_a_workload(tmp_path):
    folder = shutil.copytree(WORKLOADS["image"].folder, tmp_path / "mine")
    (folder / "data.py").write_text(
        '"""Mine.\n\nLong."""\nLOSS = "mae"\ndef draw(rng, batch): ...\n'
    )
    mine = load(folder)
    assert (mine.name, mine.description, mine.batch, mine.loss) == ("mine", "Mine.", 32, "mae")
    assert mine.draw is not WORKLOADS["image"].draw


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (None, "no data.py in folder"),
        ("x = 1", "no function draw"),
        ("raise OSError('no disk')", r"data.py cannot be imported \(OSError: no disk\)"),
    ],
)
def test_a_folder_that_is_no_workload_says_why(tmp_path, data, reason):
    if data:
        (tmp_path / "data.py").write_text(data)
    with pytest.raises(BadInputError, match=reason):
        load(tmp_path)


def test_each_of_two_folders_keeps_its_own_classes_under_one_name(tmp_path):
    folders = [tmp_path / name / "image" for name in ("base", "head")]
    for folder in folders:
        shutil.copytree(WORKLOADS["image"].folder, folder)
    recipes = [recipe(folder, "build_from_config_pair") for folder in folders]
    own = [own_classes(folder) for folder in folders]
    assert own[0].keys() == own[1].keys() >= {"remedies.image>BuildFromConfigPair"}
    for module, classes in zip(recipes, own, strict=True):
        assert classes["remedies.image>BuildFromConfigPair"] is module.BuildFromConfigPair
        assert "remedies.image>BuildFromConfig" in classes  # of its sibling


def python(code, folders, **more):
    environment = os.environ | {FOLDERS: folders, "PYTHONPATH": str(ROOT)} | more
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, cwd=ROOT
    )
    return done.stdout + done.stderr


def test_a_new_folder_is_in_the_plan_the_parameters_of_asv_and_the_gate(tmp_path):
    write(tmp_path / "other" / ".." / "mine")  # it is resolved before it is named
    with pytest.raises(BadInputError, match="is there already"):
        write(tmp_path / "mine")
    assert load(tmp_path / "mine").batch == 32
    said = python(
        "from benchmarks import suite, settings;"
        "from reports.gate.verdict import schema;"
        "print(any('mine' in cell for cell in suite.Steps.params[0]),"
        "      'mine-' in ' '.join(map(str, settings.setting('smoke').sessions())),"
        "      \"'mine'\" in str(schema()))",
        "mine",
        ASV_CONF_DIR=str(tmp_path),  # asv imports benchmarks in a folder of its own
    )
    assert said.strip() == "True True True"


@pytest.mark.parametrize("name", ["image", "Own Model", "x-y"])
def test_a_name_that_clashes_or_is_no_word_is_refused(name, tmp_path):
    with pytest.raises(BadInputError):
        write(tmp_path / name)
    with pytest.raises(BadInputError):
        add(tmp_path / name)


def test_a_folder_that_cannot_be_used_is_one_line_for_who_measures(tmp_path):
    assert own() == ()
    said = python("from benchmarks.__main__ import main; print(main([]))", str(tmp_path / "mine"))
    assert said.startswith("2\nno workload: no data.py") and len(said.splitlines()) == 2
