"""What there is to compare, recipes of any folder, and how a wrong name is answered."""

import shutil
import subprocess
import sys

import pytest

from remedies import REMEDIES, WORKLOADS, BadInputError, build
from remedies.registry import lines_changed, recipe, recipes


@pytest.fixture
def folder(tmp_path):
    """Return a copy of the folder `attention`, whose recipes import their siblings."""
    return shutil.copytree(WORKLOADS["attention"].folder, tmp_path / "attention")


@pytest.mark.parametrize(
    ("workload", "remedy", "named"),
    [("image", "prayer", "ops_where"), ("sound", "control", "attention"), ("image", "data", "tf")],
)
def test_an_unknown_name_is_named_with_all_that_are_allowed(workload, remedy, named):
    with pytest.raises(BadInputError, match=named):
        build(workload, remedy)


def test_importing_the_packages_imports_no_framework():
    code = "import remedies.scenarios, sys; print({'tensorflow', 'keras'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_a_recipe_of_another_folder_is_another_module(folder):
    text = (folder / "transformer.py").read_text().replace("UNITS = 64", "UNITS = 32")
    (folder / "transformer.py").write_text(text)
    pair = recipe(folder, "build_from_config_pair")
    assert pair.BuildFromConfig is recipe(folder, "build_from_config").BuildFromConfig
    shipped = recipe(WORKLOADS["attention"].folder, "build_from_config")
    assert pair.BuildFromConfig is not shipped.BuildFromConfig
    assert build("attention", "control", folder=folder).embed.output_dim == 32
    assert build("attention", "control").embed.output_dim == 64
    assert build("mine", "control", folder=folder).loss == "mse"


def test_a_users_recipe_may_have_any_name_and_no_path_leads_out(folder):
    shutil.copy(folder / "tf_cast.py", folder / "my_way.py")
    assert recipes(folder) == (*REMEDIES, "my_way")
    assert recipe(folder, "my_way").make
    for name in ("../attention/control", "transformer", "data"):
        with pytest.raises(BadInputError, match="my_way"):
            recipe(folder, name)


def test_a_recipe_that_raises_is_named_in_one_line(folder):
    (folder / "tf_cast.py").write_text("def make(): ...\nraise RuntimeError('one\\ntwo')\n")
    with pytest.raises(BadInputError, match=r"tf_cast\.py cannot be imported \(RuntimeError: one"):
        recipe(folder, "tf_cast")
    (folder / "control.py").write_text("def make(:")
    with pytest.raises(BadInputError, match=r"control\.py cannot be imported \(SyntaxError"):
        recipe(folder, "control")


@pytest.mark.parametrize(
    ("workload", "lines"), [("image", [0, 4, 10, 1, 12, 2]), ("attention", [0, 11, 17, 1, 12, 2])]
)
def test_lines_that_a_user_changes(workload, lines):
    assert [lines_changed(WORKLOADS[workload].folder, remedy) for remedy in REMEDIES] == lines


def test_only_code_is_counted(folder):
    path = folder / "tf_cast.py"
    text = path.read_text().replace("TfCast", "Mine").replace("import keras", "#\n\nimport keras")
    path.write_text(text)
    assert lines_changed(folder, "tf_cast") == 1
    path.write_text(text + "\n\nprint()\n")
    assert lines_changed(folder, "tf_cast") == 2
