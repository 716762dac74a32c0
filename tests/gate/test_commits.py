"""Commits: frozen, taken out, and refused in one line where they cannot be compared."""

import pytest

from scripts.gate.commits import CommitError
from tests.gate.conftest import git


def test_names_become_hashes_and_recipes_are_taken_out(repository, commit, tmp_path):
    base = commit({"remedies/a.py": "1", "other.py": "x"})
    head = commit({"remedies/a.py": "2"})
    assert repository.freeze("HEAD~1", "main") == (base, head)
    out = repository.export(base, tmp_path / "out")
    assert [path.relative_to(out).as_posix() for path in out.rglob("*.py")] == ["remedies/a.py"]
    assert (out / "remedies" / "a.py").read_text() == "1"


def test_an_unknown_commit_is_named(repository, commit):
    commit({"remedies/a.py": "1"})
    with pytest.raises(CommitError, match="unknown commit 'nowhere'"):
        repository.freeze("nowhere", "HEAD")
    with pytest.raises(CommitError, match="unknown commit '--all'"):
        repository.freeze("--all", "HEAD")


def test_commits_without_common_history_are_refused(repository, commit):
    commit({"remedies/a.py": "1"})
    git(repository.folder, "checkout", "--quiet", "--orphan", "other")
    commit({"remedies/a.py": "2"})
    with pytest.raises(CommitError, match="main and other share no history"):
        repository.freeze("main", "other")


def test_changes_that_no_commit_holds_are_refused(repository, commit):
    base, _ = commit({"remedies/a.py": "1"}), commit({"remedies/a.py": "2", "notes.txt": ""})
    (repository.folder / "notes.txt").write_text("nothing that is measured")
    assert repository.freeze(base, "HEAD")
    (repository.folder / "remedies" / "a.py").write_text("3")
    with pytest.raises(CommitError, match="changes that no commit holds"):
        repository.freeze(base, "HEAD")
    assert repository.freeze(base, base), "what is not checked out is not touched by them"


def test_a_commit_without_recipes_is_named(repository, commit, tmp_path):
    only = commit({"other.py": "x"})
    with pytest.raises(CommitError, match="has no package remedies"):
        repository.export(only, tmp_path / "out")


def test_pins_are_the_locks_and_asvs_matrix(repository, commit):
    base = commit({"requirements/cpu.txt": "keras==1", "notes.txt": "a"})
    same = commit({"notes.txt": "b"})
    other = commit({"requirements/cpu.txt": "keras==2"})
    assert repository.pins(base) == repository.pins(same) != repository.pins(other)


def test_only_commits_that_touch_the_recipes_are_between(repository, commit):
    base = commit({"remedies/a.py": "1"})
    first, _, last = (
        commit({"remedies/a.py": "2"}),
        commit({"notes.txt": "x"}),
        commit({"remedies/a.py": "3"}),
    )
    assert repository.between(base, "HEAD", "remedies") == [first, last]
