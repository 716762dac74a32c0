"""The published matrix is what is measured, cell by cell, for the versions that are pinned."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from remedies import registry
from remedies import scenarios as matrix
from remedies.scenarios import CORE, scenarios
from remedies.scenarios.__main__ import main
from remedies.scenarios.scenario import Scenario
from remedies.state.roundtrip import RoundTrip

from .conftest import PUBLISHED, command, keyed


def shown(cell: Mapping[str, Any]) -> dict[str, Any]:
    """Return what must not change; how many output values differ hangs on the processor."""
    lost = cell.get("defects", {})
    defects = {name: name == "outputs_changed" or value for name, value in lost.items()}
    return {"outcome": cell["outcome"], "defects": defects, "warnings": cell.get("warnings")}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the command wrote the core, and what needs a process of its own; or all."""
    made = tmp_path_factory.mktemp("matrix")
    every = os.environ.get("MATRIX") == "all"
    chosen = [] if every else ["--scenario", "core", "mirrored"]
    done = command("--output", ".", *chosen, cwd=made)
    assert done.returncode == 0, done.stderr
    (made / "progress").write_text(done.stderr, "utf-8")
    return made


def test_cells_are_as_published(folder: Path) -> None:
    measured = json.loads((folder / "fidelity.json").read_text("utf-8"))
    for name in ("keras", "tensorflow"):
        if measured["versions"][name] != PUBLISHED["versions"][name]:
            pytest.skip(f"published for {name} {PUBLISHED['versions'][name]}")
    cells, published = keyed(measured["cells"]), keyed(PUBLISHED["cells"])
    differing = [key for key, cell in cells.items() if shown(cell) != shown(published[key])]
    assert not differing
    assert len(cells) >= len(CORE) * len(registry.REMEDIES)


def test_command_writes_a_page_and_tells_its_progress(folder: Path) -> None:
    page = (folder / "fidelity.md").read_text("utf-8")
    assert "| `keras` | a .keras file | warned* | whole | whole |" in page
    assert "keras · control: warned" in (folder / "progress").read_text("utf-8")


def test_published_cells_are_the_matrix() -> None:
    pairs = {(name, remedy) for name in scenarios() for remedy in registry.REMEDIES}
    assert set(keyed(PUBLISHED["cells"])) == pairs


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
    order = [f"{cell['scenario']} {cell['remedy']} {cell['outcome']}" for cell in cells]
    assert order == ["one a whole", "one b whole", "two a whole", "two b whole"]
    assert progress == ["(1, 4)", "(2, 4)", "(3, 4)", "(4, 4)"]
    assert prepared == ["one", "two"]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--scenario", "nonsense"], "unknown scenario 'nonsense'; choose from: core, keras, "),
        (["--output", "no/such"], "no folder 'no/such'"),
        (["--output", "bad"], "no place for the table: "),
        (["--keras", "3.4"], "unknown version '3.4'; write it as 3.4.1"),
        (["--remedy", "nonsense"], "unknown remedy 'nonsense'; choose from: control, "),
    ],
)
def test_wrong_argument_is_one_line_and_status_2(
    arguments: list[str],
    reason: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("bad").mkdir()
    Path("bad/fidelity.md").write_text("# A page\n")
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith(reason)
    assert error.count("\n") == 1
