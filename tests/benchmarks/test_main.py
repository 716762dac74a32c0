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
        *(
            (["--shard", text], f"{text!r} is not I/N with I from 1 to N")
            for text in ("", "3", "0/3", "4/3", "1/0", "a/b", "1/2/3")
        ),
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


def test_exact_sessions_come_first_then_steps_then_what_runs_alone(tmp_path):
    exact, steps, *others = Measurement("default", path=tmp_path).rounds()
    kinds = {session.kind for session in exact} - {"programs"}  # where the extra is installed
    assert kinds == {"recipes", "identity", "fidelity"}
    assert {(session.kind, session.launch) for session in steps} == {
        ("step_times", 0), ("step_times", 1)
    }  # fmt: skip
    assert [{session.kind for session in each} for each in others] == [
        {"first_steps", "saving", "kernels"}
    ]


def test_what_the_wall_clock_times_runs_alone_and_so_does_a_gpu(monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    together = {("identity", "cpu"), ("step_times", "cpu")}  # the latter in one thread each
    for kind, device in together | {("saving", "cpu"), ("identity", "gpu"), ("step_times", "gpu")}:
        session = Session(kind, "image", device)
        assert measurement.at_once([session, session]) == 1 + ((kind, device) in together)
