"""Commits: frozen, taken out, and recipes told apart by their code alone."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from remedies import workloads
from reports.gate.claim import read
from scripts.gate import commits, quick
from scripts.gate.__main__ import main
from scripts.gate.commits import CommitError, Recipe, Repository, recipes
from tests.gate.conftest import Commit

RECIPE = (
    'import keras\nfrom .layers import Own\n\n\ndef make():\n    """Make."""\n    return Own()\n'
)
FILES = {
    "remedies/image/control.py": "def make():\n    return 1\n",
    "remedies/image/tf_cast.py": RECIPE,
    "remedies/image/layers.py": "class Own:\n    depth = 1\n",
    "remedies/image/data.py": "BATCH = 4\n",
    "requirements/cpu.txt": "keras==1\n",
    "asv.conf.json": '{"matrix": {}}',
}
CAST = Recipe("image", "tf_cast")


def test_a_commit_is_named_in_full_or_refused(repository: Repository, commit: Commit) -> None:
    first = commit(FILES)
    assert repository.freeze("main", first[:8]) == {"base": first, "head": first}
    for unknown in ("nowhere", "--help", ""):
        with pytest.raises(CommitError, match="unknown commit"):
            repository.freeze(unknown, first)


def test_changes_that_no_commit_holds_are_refused(repository: Repository, commit: Commit) -> None:
    first = commit(FILES)
    (repository.folder / "remedies/image/tf_cast.py").write_text("x = 1\n")
    with pytest.raises(CommitError, match="commit them"):
        repository.freeze(first, "HEAD")
    (repository.folder / "notes.txt").write_text("these do not matter")


def test_pins_are_the_lock_and_the_matrix(repository: Repository, commit: Commit) -> None:
    first = repository.pins(commit(FILES), "cpu")
    assert repository.pins(commit({"notes.txt": "n"}), "cpu") == first
    second = repository.pins(commit({"requirements/cpu.txt": "keras==2\n"}), "cpu")
    third = repository.pins(commit({"asv.conf.json": '{"matrix": {"req": {}}}'}), "cpu")
    assert len({first.name, second.name, third.name}) == 3


@pytest.mark.parametrize(
    ("change", "changed"),
    [
        ({"remedies/image/tf_cast.py": "# why\n" + RECIPE.replace("Make.", "Make it.")}, set()),
        ({"remedies/image/layers.py": "class Own:\n    depth = 2\n"}, {CAST}),
        ({"remedies/image/data.py": "BATCH = 8\n"}, set()),
        ({"remedies/image/tf_cast.py": RECIPE + "x = 1\n"}, {CAST}),
        ({"remedies/image/tf_cast.py": "def make(:\n"}, {CAST}),
    ],
)
def test_what_a_recipe_imports_is_its_code_and_comments_are_not(
    repository: Repository,
    commit: Commit,
    tmp_path: Path,
    change: dict[str, str],
    changed: set[Recipe],
) -> None:
    folders = [
        repository.export(commit(files), tmp_path / str(number))
        for number, files in enumerate((FILES, change))
    ]
    base, head = map(recipes, folders)
    assert {one for one in base if base[one] != head[one]} == changed
    assert set(base) == {CAST, Recipe("image", "control")}


def test_documentation_is_answered_at_once(
    repository: Repository, commit: Commit, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    commits = [commit(FILES), commit({"notes.txt": "more words"})]
    file = tmp_path / "verdict.json"
    assert quick.main([*commits, "--json", str(file)]) == 0
    assert "**none regressed**" in capsys.readouterr().out
    assert read(file).compared == {"counts": 2}
    head = commit({"requirements/cpu.txt": "keras==2\n"})
    assert quick.main([commits[0], head]) == quick.LEFT_TO_MEASURE
    assert quick.main(["--help"]) == quick.LEFT_TO_MEASURE


def test_a_commit_that_is_unknown_is_one_line_and_status_2(
    repository: Repository, commit: Commit, capsys: pytest.CaptureFixture[str]
) -> None:
    commit(FILES)
    assert main(["nowhere", "HEAD"]) == 2
    said = capsys.readouterr()
    assert said.err.startswith("could not judge: unknown commit 'nowhere'") and not said.out


@pytest.mark.parametrize(
    "words", [["--budget", "0"], ["--budget", "x"], ["--workload", "x"], ["-x"]]
)
def test_bad_arguments_are_refused(words: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["a", "b", *words])
    assert ended.value.code == 2


def test_a_users_workload_in_the_repository_is_taken_from_each_commit(tmp_path, monkeypatch):
    root = tmp_path / "repository"
    for file in ("remedies/__init__.py", "models/mine/data.py", "models/mine/control.py"):
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_text("def make(): ...\n")
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "Add a workload"]):
        own = ["-c", "user.name=a", "-c", "user.email=a@b"]
        subprocess.run([shutil.which("git"), *own, *words], cwd=root, check=True)
    monkeypatch.setenv(commits.FOLDERS, str(root / "models" / "mine"))
    folder = commits.Repository(root).export("HEAD", tmp_path / "out")
    assert commits.Recipe("mine", "control") in commits.recipes(folder)
    assert workloads.FOLDERS == commits.FOLDERS
