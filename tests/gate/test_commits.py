"""Commits: frozen, taken out, and recipes told apart by their code alone."""

from dataclasses import replace

import pytest

from remedies import WORKLOADS
from reports.gate.verdict import read
from scripts.pull_request.checks import main
from scripts.pull_request.commits import Recipe, export, freeze, pins, recipes

RECIPE = 'from .layers import Own\n\n\ndef make():\n    """Make."""\n    return Own()\n'
FILES = {
    "remedies/image/control.py": "def make():\n    return 1\n",
    "remedies/image/tf_cast.py": RECIPE,
    "remedies/image/layers.py": "class Own:\n    depth = 1\n",
    "remedies/image/data.py": "BATCH = 4\n",
    "requirements/cpu.txt": "keras==1\n",
}
CAST = Recipe("image", "tf_cast")


def test_a_commit_is_named_in_full_or_refused_in_one_line(repository, commit, capsys):
    first = commit(FILES)
    assert freeze("main", first[:8]) == {"base": first, "head": first}
    for unknown in ("--help", ""):
        with pytest.raises(ValueError, match="unknown commit"):
            freeze(unknown, first)
    assert main(["nowhere", "HEAD"]) == 2
    said = capsys.readouterr()
    assert said.err.startswith("could not judge: unknown commit 'nowhere'") and not said.out


def test_changes_that_no_commit_holds_are_refused(repository, commit):
    first = commit(FILES)
    (repository / "remedies/image/tf_cast.py").write_text("x = 1\n")
    with pytest.raises(ValueError, match="commit them"):
        freeze(first, "HEAD")


def test_pins_are_the_lock(repository, commit):
    assert pins(commit(FILES), "cpu") == "keras==1\n"
    assert pins(commit({"requirements/cpu.txt": "keras==2\n"}), "cpu") == "keras==2\n"


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
def test_what_a_recipe_imports_is_its_code_and_comments_are_not(commit, tmp_path, change, changed):
    base, head = (recipes(export(commit(files), tmp_path / name))
                  for name, files in (("base", FILES), ("head", change)))  # fmt: skip
    assert {each for each in base if base[each] != head[each]} == changed
    assert set(base) == {CAST, Recipe("image", "control")}


def test_documentation_is_answered_and_nothing_is_measured(commit, tmp_path, capsys):
    base, head = commit(FILES), commit({"notes.txt": "more words"})
    file = tmp_path / "verdict.json"
    assert main([base, head, "--json", str(file)]) == 0
    assert "**none regressed**" in capsys.readouterr().out
    assert read(file).compared == {"counts": 2}


@pytest.mark.parametrize("words", [["a"], ["--budget", "x", "a", "b"], ["a", "b", "-x"]])
def test_bad_arguments_are_refused(words):
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2


def test_a_users_workload_in_the_repository_is_taken_from_each_commit(
    repository, commit, tmp_path, monkeypatch
):
    mine = replace(WORKLOADS["image"], folder=repository / "models" / "mine")
    monkeypatch.setitem(WORKLOADS, "mine", mine)
    own = {"remedies/__init__.py": "", "models/mine/control.py": "def make(): ...\n"}
    assert Recipe("mine", "control") in recipes(export(commit(own), tmp_path / "out"))
