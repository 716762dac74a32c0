"""The survey of Keras' versions: which are run with what, and what is published of them."""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from remedies.scenarios import CORE, __main__
from remedies.scenarios.__main__ import main
from remedies.scenarios.rendering import BARE_PAGE, listed, put, table

from .conftest import ROOT


def cells(keras: str) -> dict[str, Any]:
    lost = {"outcome": "warned", "defects": {"weights_lost": 2, "silent_defects": 1}, "warnings": 2}
    outcome = {"outcome": "whole"} if keras == "3.0.5" else lost
    rows = [("keras", outcome), ("pickle", {"outcome": "loud"}), ("frozen", {"outcome": "n/a"})]
    return {
        "versions": {"keras": keras, "tensorflow": "2.16.2"},
        "cells": [{"remedy": "control", "scenario": name} | data for name, data in rows],
    }


class Machine:
    """Stands in for pip and for the matrix; keeps the commands it was given."""

    def __init__(self) -> None:
        self.commands: list[str] = []

    def __call__(self, command: Sequence[str], **_: Any) -> None:
        text = " ".join(map(str, command))
        self.commands.append(text)
        if "keras==3.1.1" in text:
            raise subprocess.CalledProcessError(1, command)
        for word in text.split():
            if word.startswith("keras=="):
                self.installed = word.removeprefix("keras==")
        if "venv" in command:
            Path(command[-1]).mkdir(parents=True, exist_ok=True)
        if "remedies.scenarios" in command:
            path = Path(command[-1]) / "fidelity.json"
            path.write_text(json.dumps(cells(self.installed)), "utf-8")


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Machine:
    """Replace what a survey starts, where it installs, and where it publishes: two so far."""
    made, page = Machine(), tmp_path / "page.md"
    monkeypatch.setattr(__main__.subprocess, "run", made)
    monkeypatch.setattr(__main__, "ENVIRONMENTS", tmp_path / "environments")
    monkeypatch.setattr(__main__, "PAGE", page)
    page.write_text(BARE_PAGE, "utf-8")
    page.with_suffix(".json").write_text(listed("measured", [cells("3.2.1"), cells("3.10.0")]))
    return made


def published() -> list[str]:
    data = json.loads(__main__.PAGE.with_suffix(".json").read_text("utf-8"))
    return [run["versions"]["keras"] for run in data["measured"]]


def test_versions_are_published_among_the_others_up_to_the_first_that_fails(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--keras", "3.3.3", "3.0.5"]) == 0
    assert published() == ["3.0.5", "3.2.1", "3.3.3", "3.10.0"]
    page = __main__.PAGE.read_text("utf-8")
    assert "Keras 3.0.5 to 3.10.0 on TensorFlow 2.16.2." in page
    assert "| `keras` | a .keras file | whole: 3.0.5; warned*: 3.2.1 to 3.10.0 |" in page
    assert "| `pickle` | pickle.loads(pickle.dumps(model)) | loud |" in page
    assert main(["--keras", "3.1.1", "3.0.9", "3.4.0"]) == 1
    assert "FAILED: " in capsys.readouterr().err
    assert published() == ["3.0.5", "3.0.9", "3.2.1", "3.3.3", "3.10.0"]
    machine.commands.clear()
    assert main(["--keras"]) == 0 and "keras==3.3.3" in " ".join(machine.commands)


@pytest.mark.parametrize(
    ("keras", "tensorflow"),
    [("3.0.5", "2.16.2"), ("3.6.0", "2.18.1"), ("3.9.2", "2.18.1"), ("3.99.0", "2.21.0")],
)
def test_each_keras_has_its_tensorflow(machine: Machine, keras: str, tensorflow: str) -> None:
    assert main(["--keras", keras]) == 0
    assert f"keras=={keras} tensorflow-cpu=={tensorflow} " in " ".join(machine.commands)


@pytest.mark.parametrize("word", ["2.15.0", "newest", "3.5..3.6", "../3.4.1"])
def test_unknown_version_is_refused(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--keras", word]) == 2
    assert capsys.readouterr().err == f"unknown version {word!r}; write it as 3.4.1\n"


def test_published_survey_is_on_the_page_a_version_a_line() -> None:
    page = ROOT / "docs" / "keras_versions.md"
    text = page.with_suffix(".json").read_text("utf-8")
    runs = json.loads(text)["measured"]
    assert listed("measured", runs) == text
    assert {cell["scenario"] for cell in runs[-1]["cells"]} == set(CORE)
    command = "python -m remedies.scenarios --keras"
    assert put(page.read_text("utf-8"), command, runs, table(runs, CORE)) == page.read_text("utf-8")
