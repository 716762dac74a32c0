from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from reports.history import HistoryError, commits, publish
from tests.reports.factory import Folder
from tests.reports.machine import altered
from tests.reports.repository import Repository, git

FEW = {"remedies": ["control", "ops_where"]}


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    made = Repository(tmp_path_factory.mktemp("history") / "repository")
    for number in range(4):
        made.commit()
        endless = altered(
            lambda metric, cell, value: math.inf if metric == "weights_lost" else value
        )
        made.measure(endless, **FEW, workloads=["image"] if number else ["image", "attention"])
    return made


def test_asv_is_given_nothing_that_makes_it_hang(repository: Repository, tmp_path: Path) -> None:
    html, copied, known = publish(repository.config, repository.results.root, tmp_path)
    index = json.loads((html / "index.json").read_text())
    assert copied.files == 4 and len(index["revision_to_hash"]) == 4
    assert set(index["revision_to_hash"].values()) == set(known)
    lost = "fidelity.Fidelity.track_weights_lost"
    assert lost not in index["benchmarks"]
    step = next(html.rglob("steps.ImageSteps.track_train_step.json"))
    points = json.loads(step.read_text())
    assert [revision for revision, _ in points] == [0, 1, 2, 3]
    workloads = index["benchmarks"]["steps.ImageSteps.track_train_step"]["params"][0]
    assert workloads == ["'image'", "'attention'"]
    assert copied.notes == []


def test_a_shallow_clone_is_told_and_so_is_what_it_lacks(
    repository: Repository, tmp_path: Path
) -> None:
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "--depth=1", repository.root.as_uri(), str(clone))
    (clone / "asv.conf.json").write_text(repository.config.read_text())
    (tmp_path / "into").mkdir()
    published = publish(clone / "asv.conf.json", repository.results.root, tmp_path / "into")
    shallow, lacking = published[1].notes
    assert shallow.startswith("this clone is shallow, it holds 1 commit") and "\n" not in shallow
    assert "leaves out results of 3 commits" in lacking


def test_commits_are_those_of_the_branch_and_the_tags(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repository")
    first, second = repository.commit(), repository.commit()
    git(repository.root, "tag", "v1")
    git(repository.root, "reset", "--quiet", "--hard", first)
    third = repository.commit()
    known = commits(repository.root, ["HEAD"])
    assert set(known) == {first, second, third}
    assert known[third].subject == "Change number 2 <b>"
    assert known[third].date == 1_790_000_000_000 + 2 * 86_400_000


def test_without_a_repository_there_is_one_line(usual: Path, tmp_path: Path) -> None:
    (tmp_path / "asv.conf.json").write_text('{"project": "x", "repo": "."}')
    with pytest.raises(HistoryError, match=r"^no history without the repository [^\n]*$"):
        publish(tmp_path / "asv.conf.json", usual, tmp_path)


@pytest.mark.parametrize("text", ["{", "[]", '"text"'])
def test_settings_that_are_not_asvs_are_one_line(folder: Folder, tmp_path: Path, text: str) -> None:
    (tmp_path / "asv.conf.json").write_text(text)
    with pytest.raises(HistoryError, match=r"^'[^\n]*asv\.conf\.json' is not [^\n]*$"):
        publish(tmp_path / "asv.conf.json", folder.root, tmp_path)


def test_what_asv_says_when_it_fails_is_passed_on(repository: Repository, tmp_path: Path) -> None:
    settings = {"version": 7, "project": "x", "repo": str(repository.root), "branches": ["HEAD"]}
    (tmp_path / "asv.conf.json").write_text(json.dumps(settings))
    with pytest.raises(HistoryError, match=r"^asv publish failed: [^\n]+$"):
        publish(tmp_path / "asv.conf.json", repository.results.root, tmp_path)
