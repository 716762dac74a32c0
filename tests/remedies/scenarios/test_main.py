from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from remedies.scenarios.__main__ import main

from .conftest import ROOT, command


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--scenario", "nonsense"], "unknown scenario 'nonsense'; choose from: core, keras, "),
        (["--json", "no/such/cells.json"], "no folder 'no/such' to write 'cells.json' in"),
        (["--markdown", "pyproject.toml"], "pyproject.toml: no place for the matrix"),
        (["--remedy", "nonsense"], "unknown remedy 'nonsense'; choose from: control, "),
    ],
)
def test_wrong_argument_is_one_line_and_status_2(
    arguments: list[str],
    said: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(ROOT)
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith(said)
    assert error.count("\n") == 1


def test_stopped_run_says_that_it_can_go_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def run(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("remedies.scenarios.__main__.run", run)
    monkeypatch.setattr("remedies.scenarios.__main__.versions", dict)
    monkeypatch.setattr("remedies.scenarios.__main__._quiet", lambda: None)
    assert main(["--journal", str(tmp_path / "j")]) == 130
    assert "the same command goes on from there" in capsys.readouterr().err


def test_importing_the_package_imports_no_tensorflow() -> None:
    code = (
        "import sys, remedies.scenarios; sys.exit(bool({'keras', 'tensorflow'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False)
    assert done.returncode == 0


def test_command_writes_what_it_prints_and_leaves_no_journal(tmp_path: Path) -> None:
    names = ["--remedy", "control", "tf_cast", "--scenario", "keras", "bare"]
    done = command(*names, "--json", "cells.json", "--markdown", "page.md", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    data: dict[str, Any] = json.loads((tmp_path / "cells.json").read_text("utf-8"))
    assert [cell["outcome"] for cell in data["cells"]] == ["warned", "whole", "loud", "loud"]
    assert {"keras", "tensorflow", "python"} <= set(data["versions"])
    page = (tmp_path / "page.md").read_text("utf-8")
    assert f"Keras {data['versions']['keras']}" in page
    assert "| `keras` | a .keras file | warned* | whole |" in page
    assert "[  4/4] bare · tf_cast: loud" in done.stderr
    assert not list(tmp_path.rglob("*.jsonl"))
