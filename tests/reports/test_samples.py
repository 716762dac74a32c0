from __future__ import annotations

import pytest

from reports import samples
from tests.reports.factory import Folder, evidence_of


def test_the_files_of_the_shown_runs_get_names_of_our_own(folder: Folder) -> None:
    folder.add(machine="../../x", folder="m", commit="a" * 40, started_at=1)
    path = folder.add(machine="../../x", folder="m", commit="b" * 40)
    (found,) = samples.samples(evidence_of(folder.root))
    assert (found.name, found.run, found.path) == ("run-1-1.json", "../../x", path)


def test_what_is_too_large_is_not_copied(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "MOST_BYTES", 10)
    folder.add()
    assert samples.samples(evidence_of(folder.root)) == []
