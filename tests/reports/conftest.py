"""Fixtures of the reports' tests: folders of results, and pictures that are not drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reports import bars, curves, exhibit, forest, heatmap
from reports.plot import Drawing
from tests.reports.factory import Folder

DRAWERS = ((forest, "intervals"), (heatmap, "grid"), (bars, "stacks"), (curves, "panels"))


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw in the tests' own process, which has threads; a command of its own may share."""
    monkeypatch.setattr(exhibit, "MOST_PROCESSES", 1)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "results")


@pytest.fixture(scope="session")
def usual(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One machine, one commit: what a first run of the suite leaves behind."""
    made = Folder(tmp_path_factory.mktemp("usual") / "results")
    made.add()
    return made.root


def draw_nothing(title: str, *_: Any, **__: Any) -> Drawing:
    return Drawing('<svg width="1pt" height="1pt" viewBox="0 0 1 1"></svg>')


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the pictures empty: drawing takes most of a report's time."""
    for module, name in DRAWERS:
        monkeypatch.setattr(module, name, draw_nothing)
