"""The survey of Keras' versions: which are run with what, and one that fails costs itself alone."""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from remedies.scenarios import CORE, versions
from remedies.scenarios.rendering import BARE_PAGE, listed, survey_page
from remedies.scenarios.versions import survey, tensorflow_for

from .conftest import ROOT


@pytest.mark.parametrize(
    ("keras", "tensorflow"),
    [("3.0.5", "2.16.2"), ("3.6.0", "2.18.1"), ("3.9.2", "2.18.1"), ("3.99.0", "2.21.0")],
)
def test_each_keras_has_its_tensorflow(keras: str, tensorflow: str) -> None:
    assert tensorflow_for(keras) == tensorflow


@pytest.mark.parametrize("word", ["2.15.0", "3.4", "newest", "3.5..3.6", "../3.4.1"])
def test_unknown_version_is_refused(word: str) -> None:
    with pytest.raises(ValueError, match=r"unknown version .*; write it as 3\.4\.1"):
        survey([word])


class Machine:
    """Stands in for pip and for the matrix; keeps the commands it was given."""

    def __init__(self) -> None:
        self.commands: list[str] = []
        self.installed = ""
        self.instead = ""

    def __call__(self, command: Sequence[str], **_: Any) -> subprocess.CompletedProcess[str]:
        text = " ".join(command)
        self.commands.append(text)
        if "keras==3.1.1" in text:
            error = "WARNING: x\nERROR: No matching distribution found for keras==3.1.1\n"
            return subprocess.CompletedProcess(command, 1, "", error)
        for word in command:
            if word.startswith("keras=="):
                self.installed = self.instead or word.removeprefix("keras==")
        if "venv" in command:
            Path(command[-1]).mkdir(parents=True)
        if "remedies.scenarios" in command:
            path = Path(command[-1]) / "fidelity.json"
            path.write_text(json.dumps(cells(self.installed)), "utf-8")
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
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Machine:
    """Replace what a survey starts, where it installs, and where it publishes: nothing so far."""
    made = Machine()
    monkeypatch.setattr(versions.subprocess, "run", made)
    monkeypatch.setattr(versions, "ENVIRONMENTS", tmp_path / "environments")
    monkeypatch.setattr(versions, "PAGE", tmp_path / "page.md")
    publish()
    return made


def publish(*measured: str) -> None:
    versions.PAGE.write_text(BARE_PAGE, "utf-8")
    versions.PAGE.with_suffix(".json").write_text(listed("measured", [*map(cells, measured)]))


def published() -> list[str]:
    data = json.loads(versions.PAGE.with_suffix(".json").read_text("utf-8"))
    return [run["versions"]["keras"] for run in data["measured"]]


def test_version_that_does_not_install_costs_itself_alone(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    publish("3.2.1", "3.10.0")
    assert survey(["3.0.5", "3.3.3", "3.1.1"]) == 1
    assert published() == ["3.0.5", "3.2.1", "3.3.3", "3.10.0"]
    said = "Keras 3.1.1: FAILED, No matching distribution found for keras==3.1.1"
    assert said in capsys.readouterr().err
    assert sum("venv" in command for command in machine.commands) == 1, "one for a TensorFlow"
    page = versions.PAGE.read_text("utf-8")
    assert "Keras 3.0.5 to 3.10.0 on TensorFlow 2.16.2." in page
    assert "| `keras` | a .keras file | whole: 3.0.5; warned*: 3.2.1 to 3.10.0 |" in page
    assert "| `pickle` | pickle.loads(pickle.dumps(model)) | loud |" in page
    assert survey([]) == 0, "all of them again"


def test_what_is_measured_is_published_though_the_next_is_interrupted(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*command: str) -> None:
        raise KeyboardInterrupt

    assert survey(["3.0.5"]) == 0
    monkeypatch.setattr(versions, "_run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        survey(["3.2.1"])
    assert published() == ["3.0.5"]


def test_another_keras_than_asked_for_is_a_failure(machine: Machine) -> None:
    machine.instead = "3.15.1"
    assert survey(["3.0.5"]) == 1 and published() == []


def test_published_survey_is_on_the_page_a_version_a_line() -> None:
    page = ROOT / "docs" / "keras_versions.md"
    text = page.with_suffix(".json").read_text("utf-8")
    runs = json.loads(text)["measured"]
    assert listed("measured", runs) == text
    assert {cell["scenario"] for cell in runs[-1]["cells"]} == set(CORE)
    assert survey_page(page.read_text("utf-8"), runs) == page.read_text("utf-8")
    assert survey_page(BARE_PAGE, runs) != page.read_text("utf-8")
