"""New files as one pull request, and nothing but the files that were named."""

from __future__ import annotations

from pathlib import Path

import pytest

from reports.github.api import GitHub
from reports.github.proposal import propose
from reports.github.verdict import HostileError
from tests.github.conftest import Hub

Fake = tuple[Hub, GitHub]
PATHS = ["docs/a.json", "docs/a.md"]


@pytest.fixture
def found(tmp_path: Path) -> Path:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/a.json").write_text("[1]")
    (tmp_path / "docs/a.md").write_text("new")
    (tmp_path / "docs/evil.yml").write_text("x")
    return tmp_path


def offer(github: GitHub, folder: Path) -> str:
    return propose(github, folder, PATHS, "keras-watch", "A column", "Why")


def test_the_files_named_go_on_a_branch_and_ask_to_be_merged(hub: Fake, found: Path) -> None:
    hub[0].files = {("main", "docs/a.md"): b"old", ("main", "docs/a.json"): b"[1]"}
    assert offer(hub[1], found) == "opened pull request 1"
    assert hub[0].files["keras-watch", "docs/a.md"] == b"new"
    assert ("keras-watch", "docs/a.json") not in hub[0].files  # as it was
    assert not any("evil" in path for _, path in hub[0].files)
    assert hub[0].files["main", "docs/a.md"] == b"old"


def test_the_next_week_renews_the_same_pull_request(hub: Fake, found: Path) -> None:
    offer(hub[1], found)
    (found / "docs/a.md").write_text("newer")
    assert offer(hub[1], found) == "updated pull request 1"
    assert hub[0].files["keras-watch", "docs/a.md"] == b"newer"
    assert len(hub[0].pulls) == 1


def test_nothing_new_asks_for_nothing(hub: Fake, found: Path) -> None:
    large = b'"' + b"x" * 2000 + b'"'
    (found / "docs/a.json").write_bytes(large)
    hub[0].files = {("main", "docs/a.md"): b"new", ("main", "docs/a.json"): large}
    assert offer(hub[1], found).startswith("nothing is new")
    assert all(method == "GET" for method, _ in hub[0].asked)


@pytest.mark.parametrize("kind", ["missing", "large", "no json", "link", "outside"])
def test_what_is_no_plain_file_of_that_name_is_refused(hub: Fake, found: Path, kind: str) -> None:
    file = found / "docs/a.json"
    file.unlink()
    if kind == "large":
        file.write_bytes(b" " * (5 << 20))
    elif kind == "no json":
        file.write_text("[" * 100_000)
    elif kind == "link":
        file.symlink_to(found / "docs/a.md")
    elif kind == "outside":
        (found / "docs/a.md").unlink()
        (found / "docs/a.md").symlink_to("/etc/passwd")
        file.write_text("[]")
    with pytest.raises(HostileError, match="docs/a"):
        offer(hub[1], found)
    assert all(method == "GET" for method, _ in hub[0].asked)
