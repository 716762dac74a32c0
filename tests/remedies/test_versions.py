"""The survey of Keras' versions: which are run with what, and one that fails costs itself alone."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from remedies import versions
from remedies.scenarios.matrix import CORE
from remedies.scenarios.rendering import BARE_PAGE, span, survey_page
from remedies.versions import InstallError, main, measure, merged, survey, tensorflow_for, to_json

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize(
    ("keras", "tensorflow"),
    [("3.0.5", "2.16.2"), ("3.6.0", "2.18.1"), ("3.9.2", "2.18.1"), ("3.99.0", "2.21.0")],
)
def test_each_keras_has_its_tensorflow(keras: str, tensorflow: str) -> None:
    assert tensorflow_for(keras) == tensorflow


@pytest.mark.parametrize("word", ["2.15.0", "3.4", "newest", "3.5..3.6", "../3.4.1"])
def test_unknown_version_is_one_line_and_status_2(
    word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--versions", word]) == 2
    assert capsys.readouterr().err == f"unknown version {word!r}; write it as 3.4.1\n"


def test_neighbours_are_a_range() -> None:
    measured = ["3.0.5", "3.1.1", "3.2.1", "3.3.3", "3.4.1"]
    assert span(measured, measured) == "3.0.5 to 3.4.1"
    assert span(["3.0.5", "3.2.1", "3.3.3", "3.4.1"], measured) == "3.0.5, 3.2.1 to 3.4.1"


class Machine:
    """Stands in for pip and for the matrix; keeps the commands it was given."""

    def __init__(self) -> None:
        self.commands: list[str] = []
        self.installed = ""
        self.instead = ""

    def __call__(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        text = " ".join(command)
        self.commands.append(text)
        if "keras==3.1.1" in text:
            error = "WARNING: x\nERROR: No matching distribution found for keras==3.1.1\n"
            return subprocess.CompletedProcess(command, 1, "", error)
        for word in command:
            if word.startswith("keras=="):
                self.installed = self.instead or word.removeprefix("keras==")
        if "venv" in command:
            Path(command[-1]).mkdir()
        if "remedies.scenarios" in command:
            Path(command[-1]).write_text(json.dumps(cells(self.installed)), "utf-8")
        return subprocess.CompletedProcess(command, 0, "", "")


def cells(keras: str) -> dict[str, Any]:
    lost = {"outcome": "warned", "defects": {"weights_lost": 2, "silent_defects": 1}, "warnings": 2}
    outcome = {"outcome": "whole"} if keras == "3.0.5" else lost
    rows = [("keras", outcome), ("pickle", {"outcome": "loud"}), ("frozen", {"outcome": "n/a"})]
    return {
        "versions": {"keras": keras, "tensorflow": "2.16.2"},
        "cells": [{"remedy": "control", "scenario": name} | data for name, data in rows],
    }


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine()
    monkeypatch.setattr(versions, "_run", made)
    return made


def test_version_that_does_not_install_costs_itself_alone(machine: Machine, tmp_path: Path) -> None:
    found = survey(["3.0.5", "3.1.1", "3.2.1"], tmp_path)
    assert [m["versions"]["keras"] for m in found["measured"]] == ["3.0.5", "3.2.1"]
    assert found["failed"] == {"3.1.1": "No matching distribution found for keras==3.1.1"}
    assert sum("venv" in command for command in machine.commands) == 1, "one for a TensorFlow"


def test_what_was_measured_is_not_measured_again(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = survey(["3.0.5", "3.2.1"], tmp_path)
    machine.commands.clear()
    assert survey(["3.0.5", "3.2.1"], tmp_path) == first
    assert not machine.commands
    monkeypatch.setattr(versions, "_digest", lambda: "another")
    measure("3.0.5", tmp_path)
    assert machine.commands, "what measures it has changed"


def test_another_keras_than_asked_for_is_a_failure(machine: Machine, tmp_path: Path) -> None:
    machine.instead = "3.15.1"
    with pytest.raises(InstallError, match=r"Keras 3\.15\.1 was installed in its place"):
        measure("3.0.5", tmp_path)
    assert not list(tmp_path.glob("*.json")), "nothing of it is kept"


def test_page_says_which_versions_show_an_outcome(machine: Machine, tmp_path: Path) -> None:
    page = survey_page(survey(["3.0.5", "3.1.1", "3.2.1", "3.3.3"], tmp_path))
    assert "Keras 3.0.5 to 3.3.3 on TensorFlow 2.16.2. Where" in page
    assert "| `keras` | a .keras file | whole: 3.0.5; warned*: 3.2.1 to 3.3.3 |" in page
    assert "| `pickle` | pickle.loads(pickle.dumps(model)) | loud |" in page
    assert "- Keras 3.1.1: No matching distribution found for keras==3.1.1" in page


def test_command_adds_a_version_to_what_is_published(machine: Machine, tmp_path: Path) -> None:
    output = tmp_path / "docs"
    output.mkdir()
    (output / "keras_versions.md").write_text(BARE_PAGE)
    first = {"measured": [cells("3.2.1"), cells("3.10.0")], "failed": {"3.1.1": "x", "3.0.5": "y"}}
    (output / "keras_versions.json").write_text(to_json(first))
    arguments = ["--output", str(output), "--folder", str(tmp_path / "kept")]
    assert main(["--versions", "3.0.5", *arguments]) == 0
    found = json.loads((output / "keras_versions.json").read_text())
    assert [m["versions"]["keras"] for m in found["measured"]] == ["3.0.5", "3.2.1", "3.10.0"]
    assert found["failed"] == {"3.1.1": "x"}
    assert "whole: 3.0.5; warned*: 3.2.1 to 3.10.0" in (output / "keras_versions.md").read_text()
    assert main(["--versions", "3.1.1", *arguments]) == 1
    assert merged(found, survey([], tmp_path)) == found | {"failed": {"3.1.1": "x"}}


def test_published_survey_is_on_the_page_a_version_a_line() -> None:
    text = (DOCS / "keras_versions.json").read_text("utf-8")
    found = json.loads(text)
    assert to_json(found) == text
    assert len(text.splitlines()) < len(found["measured"]) + 5
    assert {cell["scenario"] for cell in found["measured"][-1]["cells"]} == set(CORE)
    page = (DOCS / "keras_versions.md").read_text("utf-8")
    assert survey_page(found, page) == page
    assert survey_page(found, BARE_PAGE) != page
