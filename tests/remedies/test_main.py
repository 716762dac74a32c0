import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from remedies import __main__ as command
from remedies.__main__ import main
from remedies.registry import REMEDIES
from remedies.target import load_module

SUBJECTS = Path(__file__).parent / "subjects" / "models.py"
CUSTOM = ["--custom-objects", str(SUBJECTS)]


def failing(capsys, *arguments):
    """Run a command that must fail; return its one line on stderr."""
    assert main(arguments) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    lines = [one for one in shown.err.splitlines() if one.startswith("remedies: ")]
    assert len(lines) == 1
    assert "Traceback" not in shown.err
    return lines[0]


def test_list_names_every_remedy_and_show_prints_its_recipe(capsys):
    assert main(["list"]) == 0
    assert {*REMEDIES} <= {text.partition(" ")[0] for text in capsys.readouterr().out.splitlines()}
    assert main(["show", "tf_cast"]) == 0
    shown = capsys.readouterr().out
    assert 'tf.cast(inputs["mask"], "bool")' in shown
    compile(shown, "recipe", "exec")


def test_help_and_usage_errors_start_no_tensorflow():
    program = (
        "import sys, remedies, remedies.__main__ as m\n"
        "for a in (['--help'], ['check', '--help'], ['list'], ['show', 'tf_cast'], ['x'], []):\n"
        "    try: m.main(a)\n"
        "    except SystemExit: pass\n"
        "assert m.main(['show', 'nope']) == 2 and m.main(['rescue', 'no.keras']) == 2\n"
        "assert not {'tensorflow', 'keras'} & set(sys.modules), 'TensorFlow was imported'\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)


@pytest.mark.parametrize("command", ["list", "show", "check", "compare", "new", "rescue"])
def test_every_command_has_help_with_examples(capsys, command):
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    assert "examples:" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["show", "nope"], "unknown remedy 'nope'; choose from: control"),
        (["show", "tf_cast", "--workload", "nope"], "unknown workload 'nope'"),
        (["check", "no.keras"], "no.keras: no such file"),
        (["check", "no.py:make"], "no.py: no such file"),
        (["check", "no_such_module_here:make"], "No module named 'no_such_module_here'"),
        (["check", "json:nope"], "has no function 'nope'"),
        (["check", "nonsense"], "nonsense: no such file"),
        (["rescue", "no.keras"], "no.keras: no such file"),
        (["check", f"{SUBJECTS}:a_number"], "returned a int; it must return a built keras.Model"),
        (["check", f"{SUBJECTS}:raising"], "RuntimeError: no such data set (raised at models.py:"),
        (["check", f"{SUBJECTS}:never_called"], "not built"),
    ],
)
def test_a_wrong_name_or_factory_is_one_line(capsys, arguments, says):
    assert says in failing(capsys, *arguments)


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04 cut off"])
@pytest.mark.parametrize("command", ["check", "rescue"])
def test_a_damaged_file_is_one_line_and_stays(capsys, tmp_path, command, content):
    path = tmp_path / "m.keras"
    path.write_bytes(content)
    assert "m.keras: " in failing(capsys, command, str(path))
    assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


def test_check_as_json_has_the_users_line_the_cause_and_what_was_lost(capsys):
    assert main(["check", f"{SUBJECTS}:masked", *CUSTOM, "--json"]) == 1
    made = json.loads(capsys.readouterr().out)
    assert next(iter(made)) == "verdict" and made["exit_status"] == 1 and not made["whole"]
    assert made["advice"][0]["cause"] == "dtype"
    assert "tf.where(inputs" in made["swallowed"][0]["source"]
    assert len([path for path in made["trips"][0]["lost"] if path.startswith("dense.")]) == 2


def test_check_of_a_whole_model_is_short(capsys):
    assert main(["check", f"{SUBJECTS}:functional"]) == 0
    assert len(capsys.readouterr().out.splitlines()) <= 5


def test_a_factory_leaves_no_bytecode_beside_the_users_file(tmp_path, capsys):
    path = tmp_path / "mine.py"
    path.write_text("def make():\n    return 1\n")
    failing(capsys, "check", f"{path}:make")
    assert list(tmp_path.iterdir()) == [path]


def test_rescue_and_check_of_a_file(capsys, tmp_path):
    path = tmp_path / "masked.keras"
    load_module(str(SUBJECTS)).masked()[0].save(path)
    assert main(["check", str(path), *CUSTOM]) == 1
    assert "Cause: dtype" in capsys.readouterr().out
    assert "not registered" in failing(capsys, "rescue", str(path))
    arguments = ["rescue", str(path), *CUSTOM]
    # A path through a file is an OSError of the system itself, for root as well.
    for folder in (tmp_path / "no", path):
        out = ["--out", str(folder / "m.keras")]
        assert "no such folder" in failing(capsys, *arguments, *out)
    assert main([*arguments, "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert made["whole"] and not made["loads_whole"]
    assert "exists already" in failing(capsys, *arguments)


def test_what_the_disk_refuses_is_one_line(capsys, monkeypatch):
    def _list(_):
        raise OSError(28, "No space left on device", "out/m.keras")

    monkeypatch.setattr(command, "_list", _list)
    assert failing(capsys, "list") == "remedies: out/m.keras: No space left on device"


def test_a_fault_of_this_tool_is_one_line_with_a_status_of_its_own(capsys, monkeypatch):
    def _list(_):
        raise KeyError("no\nsuch thing")

    monkeypatch.setattr(command, "_list", _list)
    assert main(["list"]) == 4
    shown = capsys.readouterr().err
    assert shown.startswith("remedies: a fault of this tool, please report it")
    assert len(shown.splitlines()) == 1


def test_a_process_prints_its_verdict_alone():
    words = [sys.executable, "-m", "remedies", "check", f"{SUBJECTS}:frozen", *CUSTOM]
    done = subprocess.run(words, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, "")
    do = "loses state; what to do: set it where the layers are made"
    assert do in done.stdout.splitlines()[0]


def test_files_say_what_they_are_and_what_to_do(capsys, tmp_path):
    model, _, _ = load_module(str(SUBJECTS)).functional()
    model.export(tmp_path / "exported", verbose=False)
    assert "SavedModel" in failing(capsys, "check", str(tmp_path / "exported"))
    model.save_weights(tmp_path / "m.weights.h5")
    weights = ["check", str(tmp_path / "m.weights.h5")]
    assert "--factory" in failing(capsys, *weights)
    assert main([*weights, "--factory", f"{SUBJECTS}:functional"]) == 0
    capsys.readouterr()
    assert main([*weights, "--factory", f"{SUBJECTS}:frozen"]) == 1
    assert "cannot be saved and loaded" in capsys.readouterr().out
    model.save(tmp_path / "m.keras")
    shutil.unpack_archive(tmp_path / "m.keras", tmp_path / "folder", "zip")
    assert main(["check", str(tmp_path / "folder")]) == 0
    capsys.readouterr()
    model.save(tmp_path / "old.h5")
    assert "in the old HDF5 format" in failing(capsys, "check", str(tmp_path / "old.h5"))
