"""The published matrix is what is measured, cell by cell, for the versions that are pinned."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from remedies import registry
from remedies.scenarios import CORE, matrix, scenarios
from remedies.scenarios.cell import Cell
from remedies.scenarios.scenario import Scenario
from remedies.state.roundtrip import RoundTrip
from remedies.state.trip import Outcome

from .conftest import PUBLISHED, ROOT, command, keyed


def shown(cell: Cell) -> dict[str, Any]:
    """Return what must not change; how many output values differ hangs on the processor."""
    lost = cell.to_json().get("defects", {})
    defects = {name: name == "outputs_changed" or value for name, value in lost.items()}
    return {"outcome": cell.word, "defects": defects, "warnings": cell.warnings}


def test_cells_are_as_published(tmp_path: Path) -> None:
    every = os.environ.get("MATRIX") == "all"  # else the core, and what needs a process of its own
    chosen = [] if every else ["--scenario", "core", "mirrored"]
    done = command("--json", "matrix.json", *chosen, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    measured = json.loads((tmp_path / "matrix.json").read_text("utf-8"))
    for name in ("keras", "tensorflow"):
        if measured["versions"][name] != PUBLISHED["versions"][name]:
            pytest.skip(f"published for {name} {PUBLISHED['versions'][name]}")
    cells, published = keyed(measured), keyed(PUBLISHED)
    differing = [key for key, cell in cells.items() if shown(cell) != shown(published[key])]
    assert not differing
    assert len(cells) >= len(CORE) * len(registry.REMEDIES)


def test_published_cells_are_the_matrix() -> None:
    pairs = {(name, remedy) for name in scenarios() for remedy in registry.REMEDIES}
    assert set(keyed(PUBLISHED)) == pairs


def test_core_is_small_and_covers_what_differs_between_remedies() -> None:
    assert set(CORE) <= set(scenarios())
    assert 10 <= len(CORE) <= 15
    assert {"keras", "second_adam", "model_in_model", "two_arguments", "true_dtype"} <= set(CORE)


def test_run_goes_scenario_by_scenario_and_reports_progress(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    prepared: list[str] = []

    class Whole(Scenario):
        def check(self, remedy: str) -> RoundTrip:
            return RoundTrip("trip", {})

    both = {
        name: Whole("group", name, "", prepare=lambda name=name: prepared.append(name))
        for name in ("one", "two")
    }
    monkeypatch.setattr(matrix, "scenarios", lambda: both)
    progress: list[str] = []
    cells = matrix.run(["a", "b"], ["one", "two"], lambda *given: progress.append(f"{given[1:]}"))
    order = [f"{cell.scenario} {cell.remedy}" for cell in cells]
    assert order == ["one a", "one b", "two a", "two b"]
    assert {cell.outcome for cell in cells} == {Outcome.WHOLE}
    assert progress == ["(1, 4)", "(2, 4)", "(3, 4)", "(4, 4)"]
    assert prepared == ["one", "two"]


def test_importing_the_package_imports_no_framework() -> None:
    code = "import sys, remedies.scenarios; print({'keras', 'tensorflow'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "set()\n"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--scenario", "nonsense"], "unknown scenario 'nonsense'; choose from: core, keras, "),
        (["--json", "no/such/cells.json"], "no folder 'no/such' to write 'cells.json' in"),
        (["--markdown", "pyproject.toml"], "no place for the table: "),
        (["--remedy", "nonsense"], "unknown remedy 'nonsense'; choose from: control, "),
    ],
)
def test_wrong_argument_is_one_line_and_status_2(
    arguments: list[str],
    reason: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from remedies.scenarios.__main__ import main

    monkeypatch.chdir(ROOT)
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith(reason)
    assert error.count("\n") == 1


def test_command_writes_a_page_and_its_cells(tmp_path: Path) -> None:
    names = ["--remedy", "control", "tf_cast", "--scenario", "keras", "bare"]
    done = command(*names, "--json", "cells.json", "--markdown", "page.md", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert '"outcome": "warned"' in (tmp_path / "cells.json").read_text("utf-8")
    page = (tmp_path / "page.md").read_text("utf-8")
    assert "| `keras` | a .keras file | warned* | whole |" in page
    assert "[  4/4] bare · tf_cast: loud" in done.stderr
