"""The commands as a workflow calls them: on a bare Python, with GitHub's variables."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from reports.github.__main__ import main
from reports.github.api import GitHub, GitHubError
from tests.github.conftest import HEAD, Hub, row, verdict

ROOT = Path(__file__).parents[2]
Fake = tuple[Hub, GitHub]


@pytest.fixture
def variables(hub: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, value in {
        "GITHUB_API_URL": hub[1].url,
        "GITHUB_REPOSITORY": "o/r",
        "GITHUB_TOKEN": "secret",
        "GITHUB_SERVER_URL": "https://github.example",
        "GITHUB_RUN_ID": "10",
        "GITHUB_REF_NAME": "main",
        "GITHUB_OUTPUT": str(tmp_path / "output"),
    }.items():
        monkeypatch.setenv(name, value)
    return tmp_path


def test_it_runs_on_a_python_with_nothing_installed(hub: Fake, variables: Path) -> None:
    file = variables / "verdict.json"
    file.write_text(json.dumps(verdict(row(word="broken"), status=1)))
    command = [sys.executable, "-S", "-m", "reports.github", "issue", str(file)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=os.environ)
    assert (done.stdout, done.stderr, done.returncode) == ("opened issue 1\n", "", 0)


def test_previous_tells_the_later_steps(hub: Fake, variables: Path) -> None:
    assert main(["previous"]) == 0
    hub[0].runs = [{"id": 4, "head_sha": HEAD}]
    hub[0].artifacts = {4: [{"expired": False}]}
    assert main(["previous"]) == 0
    assert (variables / "output").read_text() == f"run=\ncommit=\nrun=4\ncommit={HEAD}\n"


@pytest.mark.parametrize("text", ["{}", "", "[1]"])
def test_a_refusal_is_one_line_and_status_2(
    variables: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    file = variables / "verdict.json"
    file.write_text(text)
    assert main(["issue", str(file)]) == 2
    assert main(["issue", str(variables / "missing.json")]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 2


def test_a_missing_variable_is_named(
    monkeypatch: pytest.MonkeyPatch, variables: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("GITHUB_TOKEN")
    assert main(["previous"]) == 2
    assert "GITHUB_TOKEN" in capsys.readouterr().err


def test_github_refusing_or_away_is_one_line_without_the_token(hub: Fake) -> None:
    for url, why in ((hub[1].url, "401"), ("http://127.0.0.1:9", "reached")):
        with pytest.raises(GitHubError, match=why) as told:
            GitHub("o/r", "another-secret", url).call("GET", "issues")
        assert "another-secret" not in str(told.value)
