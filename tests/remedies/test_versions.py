from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from remedies import versions
from remedies.scenarios.versions_table import markdown, span
from remedies.versions import InstallError, Lab, chosen, main, survey, tensorflow_for


@pytest.mark.parametrize(
    ("keras", "tensorflow"),
    [
        ("3.0.5", "2.16.2"),
        ("3.5.0", "2.16.2"),
        ("3.6.0", "2.18.1"),
        ("3.9.2", "2.18.1"),
        ("3.10.0", "2.21.0"),
        ("3.99.0", "2.21.0"),
    ],
)
def test_each_keras_has_its_tensorflow(keras: str, tensorflow: str) -> None:
    assert tensorflow_for(keras) == tensorflow


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (["3.4.1"], ["3.4.1"]),
        (["3.10.0", "3.9.2"], ["3.9.2", "3.10.0"]),
        (["3.8..3.10"], ["3.8.0", "3.9.2", "3.10.0"]),
        (["..3.1"], ["3.0.0", "3.0.1", "3.0.2", "3.0.5", "3.1.1"]),
        (["3.14..latest"], ["3.14.1", "3.15.1", "3.16.0"]),
        (["3.15.."], ["3.15.1", "3.16.0"]),
        (["3.1..3.1", "3.1.1"], ["3.1.1"]),
    ],
)
def test_versions_are_named_or_a_range(given: list[str], found: list[str]) -> None:
    assert chosen(given, lambda: "3.16.0") == found


@pytest.mark.parametrize("given", ["2.15.0", "3.4", "newest", "3.5...3.6", "3.5..4.0"])
def test_unknown_version_says_what_is_allowed(given: str) -> None:
    with pytest.raises(ValueError, match=r"write 3\.4\.1, 3\.5\.\.3\.9 or 3\.5\.\.latest"):
        chosen([given], lambda: "3.16.0")


def test_command_refuses_an_unknown_version_with_status_2(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--versions", "newest"]) == 2
    assert capsys.readouterr().err.startswith("unknown version 'newest'; write ")


def test_neighbours_are_a_range() -> None:
    measured = ["3.0.5", "3.1.1", "3.2.1", "3.3.3", "3.4.1"]
    assert span(measured, measured) == "all 5"
    assert span(["3.0.5", "3.2.1", "3.3.3", "3.4.1"], measured) == "3.0.5, 3.2.1 to 3.4.1"


class Machine:
    """Stands in for pip and for the matrix; keeps the commands it was given."""

    def __init__(self) -> None:
        self.commands: list[str] = []

    def __call__(
        self, command: Sequence[str], **environment: str
    ) -> subprocess.CompletedProcess[str]:
        text = " ".join(command)
        self.commands.append(text)
        if "keras==3.1.1" in text:
            return _completed("WARNING: x\nERROR: No matching distribution found for keras==3.1.1")
        if "remedies.scenarios" in command:
            keras = environment["PYTHONPATH"].split("keras-")[1].partition(":")[0]
            _write_cells(Path(command[command.index("--json") + 1]), keras)
        for flag in ("--target", "--clear"):
            if flag in command:
                Path(command[command.index(flag) + 1]).mkdir(exist_ok=True)
        return _completed()


def _completed(error: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.CompletedProcess([], int(bool(error)), "", error)


def _write_cells(path: Path, keras: str) -> None:
    lost = keras != "3.0.5"
    cell = {
        "remedy": "control",
        "scenario": "keras",
        "outcome": "warned" if lost else "whole",
        "defects": {"weights_lost": 2, "silent_defects": 1} if lost else {},
        "warnings": 2 * lost,
        "note": "",
    }
    loud = cell | {"scenario": "pickle", "outcome": "loud", "defects": {}, "note": "Error: a | b"}
    none = cell | {"scenario": "frozen", "outcome": "n/a", "defects": {}, "note": "why"}
    found = {"keras": keras, "tensorflow": "2.16.2", "numpy": "1.26.4", "python": "3.12.1"}
    path.write_text(json.dumps({"versions": found, "cells": [cell, loud, none]}), "utf-8")


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine()
    monkeypatch.setattr(versions, "_run", made)
    return made


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path, lambda text: None)


def test_version_that_does_not_install_costs_itself_alone(machine: Machine, lab: Lab) -> None:
    found = survey(["3.0.5", "3.1.1", "3.2.1"], lab, jobs=2)
    assert [m["versions"]["keras"] for m in found["measured"]] == ["3.0.5", "3.2.1"]
    assert found["failed"] == {"3.1.1": "No matching distribution found for keras==3.1.1"}


def test_tensorflow_is_installed_once(machine: Machine, lab: Lab) -> None:
    survey(["3.0.5", "3.2.1"], lab, jobs=2)
    assert sum("tensorflow-cpu==2.16.2" in command for command in machine.commands) == 1


def test_what_was_measured_is_not_measured_again(machine: Machine, lab: Lab) -> None:
    first = survey(["3.0.5", "3.2.1"], lab, jobs=1)
    machine.commands.clear()
    assert survey(["3.0.5", "3.2.1"], lab, jobs=1) == first
    assert not machine.commands


def test_measured_again_when_what_measures_it_changed(
    machine: Machine, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.measure("3.0.5")
    machine.commands.clear()
    monkeypatch.setattr(versions, "digest", lambda facts: "another")
    lab.measure("3.0.5")
    assert len(machine.commands) == 1


def test_another_keras_than_asked_for_is_a_failure(
    machine: Machine, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = _write_cells
    monkeypatch.setitem(globals(), "_write_cells", lambda path, keras: write(path, "3.15.1"))
    with pytest.raises(InstallError, match=r"Keras 3\.15\.1 was found in its place"):
        lab.measure("3.0.5")


def test_page_is_as_pinned(machine: Machine, lab: Lab) -> None:
    found: dict[str, Any] = survey(["3.0.5", "3.1.1", "3.2.1", "3.3.3"], lab, jobs=1)
    golden = Path(__file__).with_name("versions.md")
    assert markdown(found) == golden.read_text("utf-8")
