"""The published matrix is what is measured, cell by cell, for the versions that are pinned."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from remedies.registry import REMEDIES
from remedies.scenarios import CORE, scenarios
from remedies.scenarios.__main__ import main
from remedies.scenarios.rendering import BARE_PAGE, listed, matrix_page

from .conftest import CELLS, PUBLISHED, ROOT, command, keyed


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
    cells = keyed(measured["cells"])
    differing = [key for key, cell in cells.items() if shown(cell) != shown(CELLS[key])]
    assert not differing
    assert len(cells) >= len(CORE) * len(REMEDIES)


def test_command_writes_a_page_and_tells_its_progress(folder: Path) -> None:
    page = (folder / "fidelity.md").read_text("utf-8")
    assert "| `keras` | a .keras file | warned* | whole | whole |" in page
    assert "keras · control: warned" in (folder / "progress").read_text("utf-8")


def test_published_cells_are_the_matrix() -> None:
    pairs = {(name, remedy) for name in scenarios() for remedy in REMEDIES}
    assert set(CELLS) == pairs


def test_published_page_shows_the_published_cells() -> None:
    page = (ROOT / "docs" / "fidelity.md").read_text("utf-8")
    command = "python -m remedies.scenarios --output docs"
    assert matrix_page(page.replace("| `keras` |", "| `old` |"), command, PUBLISHED) == page
    text = listed("cells", PUBLISHED["cells"], versions=PUBLISHED["versions"])
    assert (ROOT / "docs" / "fidelity.json").read_text("utf-8") == text


def test_page_without_a_core_situation_has_one_table() -> None:
    cells = [cell for cell in PUBLISHED["cells"] if cell["scenario"] not in CORE]
    page = matrix_page(BARE_PAGE, "x", PUBLISHED | {"cells": cells})
    assert "core" not in page and page.count("| situation | what is done |") == 1


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--scenario", "nonsense"], "unknown scenario 'nonsense'; choose from: core, keras, "),
        (["--output", "no/such"], "[Errno 2] No such file or directory: 'no/such'"),
        (["--output", "bad"], "no place for the table: "),
        (["--keras", "3.4"], "unknown version '3.4'; write it as 3.4.1"),
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
