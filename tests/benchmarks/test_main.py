"""The command: help at once, one line for bad input, and an interruption that keeps everything."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import measurement
from benchmarks.__main__ import INTERRUPTED, main
from benchmarks.measurement import Measurement
from benchmarks.session import Session
from remedies import BadInputError

ROOT = Path(__file__).parents[2]


def command(*words):
    return subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "benchmarks", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )


def test_help_has_examples_and_imports_neither_tensorflow_nor_keras():
    done = command("--help")
    assert done.returncode == 0
    assert "python -m benchmarks --setting full --shard 2/3" in done.stdout
    assert "tensorflow" not in done.stderr
    assert "keras" not in done.stderr.replace("keras#", "")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--setting", "huge"], "invalid choice: 'huge' (choose from"),
        (["--shard", "4/3"], "'4/3' is not I/N with I from 1 to N"),
        (["--made-up"], "unrecognized arguments: --made-up"),
    ],
)
def test_bad_input_is_said_in_one_line(capsys, words, said):
    with pytest.raises(SystemExit) as end:
        main(words)
    assert end.value.code == 2
    assert said in capsys.readouterr().err.splitlines()[-1].replace("from: ", "from ")


def test_an_unknown_setting_for_asv_lists_those_that_exist():
    with pytest.raises(BadInputError, match="smoke, default, full"):
        Measurement("huge")


def test_an_interruption_says_what_is_kept(tmp_path, monkeypatch, capsys):
    def interrupted(*arguments, at_once):
        raise KeyboardInterrupt

    monkeypatch.setattr(measurement, "run", interrupted)
    assert main(["--setting", "smoke", "--sessions", str(tmp_path)]) == INTERRUPTED
    assert "finished sessions are kept; the same command goes on" in capsys.readouterr().err


def test_a_failed_session_is_named_and_ends_with_2(tmp_path, monkeypatch, capsys):
    def failing(sessions, *rest, at_once):
        return {sessions[0]: "no luck"} if sessions else {}

    monkeypatch.setattr(measurement, "run", failing)
    assert main(["--setting", "smoke", "--sessions", str(tmp_path)]) == 2
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 1, "one reason is one line"
    assert errors[0].startswith("recipes-cpu, ") and errors[0].endswith(" failed: no luck")


def test_what_is_exact_comes_first_and_what_is_timed_launch_by_launch(tmp_path):
    exact, *launches = Measurement("default", path=tmp_path).rounds()
    kinds = {session.kind for session in exact} - {"programs"}  # where the extra is installed
    assert kinds == {"recipes", "identity", "fidelity"}
    assert [{session.launch for session in sessions} for sessions in launches] == [{0}, {1}]


@pytest.mark.parametrize(
    ("session", "alone"),
    [
        (Session("identity", "image"), False),
        (Session("step_times", "image"), True),
        (Session("identity", "image", "gpu"), True),
    ],
)
def test_what_is_timed_runs_alone_and_so_does_a_gpu(monkeypatch, session, alone):
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    assert measurement._at_once([session, session]) == (1 if alone else 2)
