"""The matrix is what it was, cell by cell, for the versions that are pinned."""

from __future__ import annotations

import json
from typing import Any

import pytest

from remedies import registry
from remedies.roundtrip import Defects, Outcome, RoundTrip
from remedies.scenarios import CORE, REMEDIES, SCENARIOS, Cell, matrix
from remedies.scenarios.journal import Journal
from remedies.scenarios.scenario import Scenario

from .conftest import GOLDEN, Cells, keyed

PINNED = keyed(json.loads(GOLDEN.read_text("utf-8"))) if GOLDEN.exists() else {}


def shown(cell: Cell) -> dict[str, Any]:
    """Return what must not change; how many output values differ hangs on the processor."""
    data = cell.to_json()
    defects = {k: v if k != "outputs_changed" else True for k, v in data["defects"].items()}
    return {"outcome": cell.word, "defects": defects, "warnings": cell.warnings}


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("remedy", REMEDIES)
def test_cell_is_as_pinned(
    remedy: str, scenario: str, cells: Cells, measured: dict[str, Any], golden: dict[str, Any]
) -> None:
    for name in ("keras", "tensorflow"):
        if measured["versions"][name] != golden["versions"][name]:
            pytest.skip(f"pinned for {name} {golden['versions'][name]}")
    assert shown(cells[scenario, remedy]) == shown(PINNED[scenario, remedy])


def test_pinned_cells_are_the_matrix() -> None:
    assert set(PINNED) == {(scenario, remedy) for scenario in SCENARIOS for remedy in REMEDIES}


def test_every_remedy_of_the_package_is_put_through_it() -> None:
    assert set(registry.REMEDIES) <= set(REMEDIES)


def test_core_is_small_and_covers_what_differs_between_remedies() -> None:
    assert 10 <= len(CORE) <= 15
    assert {"keras", "second_adam", "model_in_model", "two_arguments", "true_dtype"} <= set(CORE)


def _whole(remedy: str) -> RoundTrip:
    return RoundTrip(Defects(), 2, 6)


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Stand in for the scenarios: two that need no Keras; return what is measured."""
    made = {name: Scenario(name, "group", "about", _whole) for name in ("one", "two")}
    monkeypatch.setattr(matrix, "SCENARIOS", made)
    measured: list[str] = []

    def measure(remedy: str, scenario: Scenario) -> Cell:
        measured.append(f"{scenario.name} {remedy}")
        return Cell(remedy, scenario.name, Outcome.WHOLE)

    monkeypatch.setattr(matrix, "measure", measure)
    return measured


def test_run_goes_scenario_by_scenario_and_tells_progress(two: list[str]) -> None:
    told: list[tuple[int, int]] = []
    cells = matrix.run(
        ["a", "b"], ["one", "two"], lambda cell, done, all_: told.append((done, all_))
    )
    assert [f"{cell.scenario} {cell.remedy}" for cell in cells] == two
    assert two == ["one a", "one b", "two a", "two b"]
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_interrupted_run_measures_only_what_is_missing(two: list[str], tmp_path: Any) -> None:
    journal = Journal(tmp_path / "journal.jsonl", "key")

    def stop(cell: Cell, done: int, total: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        matrix.run(["a", "b"], ["one", "two"], stop, journal)
    two.clear()
    assert len(matrix.run(["a", "b"], ["one", "two"], journal=journal)) == 4
    assert two == ["two b"]


def test_scenario_with_its_own_process_is_measured_there(
    two: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    apart = Scenario("one", "group", "about", _whole, own_process=True)
    monkeypatch.setitem(matrix.SCENARIOS, "one", apart)
    asked = []
    monkeypatch.setattr(
        matrix, "measure_apart", lambda names, scenario: asked.append((names, scenario)) or iter(())
    )
    matrix.run(["a", "b"], ["one"])
    assert asked == [(["a", "b"], apart)]
    assert not two
