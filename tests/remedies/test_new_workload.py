import os
import subprocess
import sys
from pathlib import Path

import pytest

from remedies.new_workload import write
from remedies.problem import BadInputError
from remedies.workloads import FOLDERS, WorkloadError, add, load, own

ROOT = Path(__file__).parents[2]


def python(code, folders):
    environment = os.environ | {FOLDERS: folders, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, cwd=ROOT
    )
    return done.stdout + done.stderr


def test_a_new_folder_is_in_the_plan_the_parameters_of_asv_and_the_gate(tmp_path):
    write(tmp_path / "mine")
    assert load(tmp_path / "mine").batch == 32
    said = python(
        "from benchmarks import suite, settings, plan;"
        "from reports.gate.verdict import schema;"
        "print(any('mine' in cell for cell in suite.Steps.params[0]),"
        "      'mine-' in ' '.join(map(str, plan.exact(settings.setting('smoke')))),"
        "      \"'mine'\" in str(schema()))",
        str(tmp_path / "mine"),
    )
    assert said.strip() == "True True True"


@pytest.mark.parametrize("name", ["image", "Own Model", "x-y"])
def test_a_name_that_clashes_or_is_no_word_is_refused(name, tmp_path):
    with pytest.raises(BadInputError):
        write(tmp_path / name)
    with pytest.raises(WorkloadError):
        add(tmp_path / name)


def test_a_path_with_dots_is_resolved_before_it_is_named(tmp_path):
    write(tmp_path / "other" / ".." / "mine")
    assert (tmp_path / "mine" / "data.py").is_file()
    with pytest.raises(BadInputError, match="is there already"):
        write(tmp_path / "mine")


def test_a_folder_that_cannot_be_used_is_one_line_for_who_measures(tmp_path):
    assert own() == ()
    command = [sys.executable, "-m", "benchmarks", "--workload", str(tmp_path / "mine")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 2 and "no data.py" in done.stderr and "Traceback" not in done.stderr
    said = python("import remedies.workloads as w\ntry: w.own()\nexcept w.WorkloadError as e: "
                  "print(e)", str(tmp_path / "mine"))  # fmt: skip
    assert said.startswith("no workload: no data.py")
