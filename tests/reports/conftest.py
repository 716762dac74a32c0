"""Fixtures of the reports' tests."""

from pathlib import Path

import pytest

from reports import figures
from reports.__main__ import main
from tests.reports.factory import Made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "sessions"


@pytest.fixture(scope="session")
def usual(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The session files that a first run of the suite leaves behind."""
    return Made().write(tmp_path_factory.mktemp("usual") / "sessions")


@pytest.fixture(scope="session")
def report(usual: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of the usual sessions."""
    out = tmp_path_factory.mktemp("report") / "report"
    assert main(["build", "--sessions", str(usual), "--out", str(out)]) == 0
    return out


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the figures empty: drawing takes most of a report's time."""
    monkeypatch.setattr(figures, "svg", lambda *_: b"<svg/>")
