"""The command: what it prints, what it refuses, and that it leaves no half report."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from reports import page
from reports.__main__ import main, newest
from tests.reports.factory import SMALL, Made


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


@pytest.fixture
def build(folder, out, undrawn):
    """Return the words of a command that builds a small report."""
    return ["build", "--sessions", str(Made(**SMALL).write(folder)), "--out", str(out)]


def test_equal_results_give_equal_files(folder, tmp_path):
    Made(**SMALL).write(folder)
    for name in ("a", "b"):
        assert main(["build", "--sessions", str(folder), "--out", str(tmp_path / name)]) == 0
    for path in (tmp_path / "a").rglob("*.*"):
        other = tmp_path / "b" / path.relative_to(tmp_path / "a")
        assert path.read_bytes() == other.read_bytes()


def test_the_newest_folder_is_taken_by_itself(tmp_path, monkeypatch, undrawn):
    monkeypatch.chdir(tmp_path)
    for age, name in enumerate(("new", "old")):
        made = Made(**SMALL).write(tmp_path / ".asv" / "sessions" / name)
        os.utime(made, (1e9 - age, 1e9 - age))
    assert newest(Path(".asv/sessions")).name == "new"
    assert main(["build"]) == 0 and (tmp_path / ".asv/report/index.html").is_file()


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["build", "--sessions", "nowhere"], "no folder 'nowhere'"),
        (["build", "--sessions", "empty"], "nothing to report in 'empty': no session file"),
        (["build", "--out", "file"], "cannot use 'file': Not a directory"),
        (["build", "--out", "mine"], "'mine' holds 'precious.txt', which this command did not"),
        (["build", "--png"], "unrecognized arguments: --png"),
        (["destroy"], "invalid choice: 'destroy'"),
        ([], "required"),
        (["build"], "no folder '.asv/sessions'"),
    ],
)
def test_a_refusal_is_one_line_and_status_2(tmp_path, monkeypatch, capsys, arguments, reason):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "precious.txt").write_text("keep")
    (tmp_path / "file").write_text("keep")
    try:
        status = main(arguments)
    except SystemExit as stopped:
        status = stopped.code
    said = capsys.readouterr().err
    assert status == 2 and reason in said and said.count("\n") == 1
    assert (tmp_path / "mine" / "precious.txt").read_text() == "keep"
    assert not (tmp_path / ".asv").exists()


def test_help_answers_at_once_with_examples():
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-X", "importtime", "-m", "reports", "--help"],
                          capture_output=True, text=True, check=True)  # fmt: skip
    assert time.perf_counter() - start < 5
    assert "examples:" in done.stdout and "pandas" not in done.stderr


def test_what_was_left_out_is_said(build, folder, out, capsys):
    (folder / "broken.json").write_text("{")
    assert main(build) == 0
    assert "reports: left out: broken.json: cannot be used: Expect" in capsys.readouterr().err
    assert "broken.json: cannot be used: Expecting" in (out / "report.md").read_text()


def test_a_report_replaces_an_earlier_one_and_nothing_else(build, out, capsys):
    assert main(build) == 0
    assert capsys.readouterr().out == f"{out / 'index.html'}\n"
    names = {path.relative_to(out).as_posix() for path in out.rglob("*.*")}
    assert {"index.html", "report.md", "results.csv", "figures/steps-dark.svg"} <= names
    (out / "notes.txt").write_text("mine")
    (out / "index.html").write_text("old")
    assert main(build) == 0 and (out / "notes.txt").read_text() == "mine"
    assert (out / "index.html").read_text() != "old"


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError(28, "No space left on device")])
def test_a_report_that_was_not_finished_leaves_the_old_one(
    build, out, tmp_path, monkeypatch, error
):
    assert main(build) == 0
    before = (out / "index.html").read_bytes()

    def fails(*_):
        raise error

    monkeypatch.setattr(page, "claims", fails)
    assert main(build) == (130 if error is KeyboardInterrupt else 2)
    assert (out / "index.html").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_the_old_report(build, out, number):
    out.mkdir()
    process = subprocess.Popen([sys.executable, "-m", "reports", *build], stderr=subprocess.PIPE)
    time.sleep(1.0)
    process.send_signal(number)
    process.communicate(timeout=60)
    if process.returncode:  # it may have been quicker
        # Interrupted inside some C extensions' imports, Python ends by SIGINT after main's 130.
        assert process.returncode in (130, -number, -signal.SIGINT) and [*out.iterdir()] == []
    else:
        assert {path.name for path in out.iterdir()} >= {".made-by-reports.json", "index.html"}
