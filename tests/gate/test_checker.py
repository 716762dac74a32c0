"""From commits to an exit status, with the command as a user calls it."""

import pytest

from scripts.gate import __main__ as command
from scripts.gate import check
from scripts.gate.checker import Checker
from scripts.gate.in_turn import InTurn

PACKAGE = """
class Thing:
    def __init__(self, name):
        self.name, self.mask_dtypes, self.batch = name, ("bool",), 4
REMEDIES = {"tf_cast": Thing("tf_cast")}
WORKLOADS = {"image": Thing("image")}
"""
RECIPE = "remedies/image/tf_cast.py"


@pytest.fixture
def checker(repository, tmp_path, monkeypatch):
    monkeypatch.chdir(repository.folder)
    return Checker(repository, "cpu", 1.0, tmp_path / "results")


def test_documentation_is_answered_without_measuring_anything(checker, commit, monkeypatch, capfd):
    monkeypatch.setattr(check, "measure", lambda *_: pytest.fail("something was measured"))
    base = commit({"remedies/__init__.py": PACKAGE, RECIPE: "x = 1\n"})
    head = commit({"notes.txt": "more words", RECIPE: "# why\nx = 1\n"})
    assert checker.check(base, head) == 0
    said = capfd.readouterr().out
    assert "none regressed" in said and "not measured: 6." in said


def test_a_side_that_cannot_be_imported_is_broken(checker, commit, capfd):
    base = commit({"remedies/__init__.py": PACKAGE, RECIPE: "x = 1\n"})
    head = commit({"remedies/__init__.py": "import nowhere\n"})
    assert checker.check(base, head) == 1
    assert "broken head: ModuleNotFoundError: No module named 'nowhere'" in capfd.readouterr().out
    assert checker.check(head, base) == 2
    assert "broken base: ModuleNotFoundError" in capfd.readouterr().out


def test_narrowing_names_the_commit(checker, commit, monkeypatch):
    base = commit({RECIPE: "x = 0\n"})
    commits = [commit({RECIPE: f"x = {number}\n"}) for number in range(1, 8)]
    asked = []
    monkeypatch.setattr(
        Checker, "check", lambda _, __, head: asked.append(head) or int(head in commits[4:])
    )
    assert checker.narrow(base, commits[-1]) == f"The regression came with {commits[4]}."
    assert len(asked) <= 3
    monkeypatch.setattr(Checker, "check", lambda *_: 2)
    assert checker.narrow(base, commits[-1]).startswith(f"Could not judge {commits[3]}")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["HEAD", "nowhere"], "unknown commit 'nowhere'"),
        (["HEAD", "HEAD", "--device", "gpu"], "cannot check on the gpu: "),
        (["HEAD", "HEAD", "--budget", "soon"], "'soon' is not a number of minutes"),
        (["HEAD", "HEAD", "--device", "tpu"], "invalid choice: 'tpu'"),
    ],
)
def test_bad_input_is_one_line_and_status_2(repository, commit, monkeypatch, capsys, words, said):
    commit({"notes.txt": "x"})
    monkeypatch.chdir(repository.folder)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    try:
        status = command.main(words)
    except SystemExit as end:
        status = end.code
    assert status == 2
    line = capsys.readouterr().err.splitlines()[-1]
    assert line.startswith("scripts/pr_check: ") and said in line


def test_outside_of_a_repository_it_says_so(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    assert command.main(["a", "b"]) == 2
    assert "not in a git repository" in capsys.readouterr().err


def test_help_has_examples(capsys):
    with pytest.raises(SystemExit):
        command.main(["--help"])
    assert "scripts/pr_check main HEAD" in capsys.readouterr().out


def test_other_pins_are_launched_in_turn(checker, commit, monkeypatch, capfd):
    base = commit({"requirements/cpu.txt": "keras==1", "asv.conf.json": '{"matrix": {"req": {}}}'})
    head = commit({"requirements/cpu.txt": "keras==2"})
    seen = []
    monkeypatch.setattr(InTurn, "run", lambda self, empty, _: seen.append(self) or empty)
    assert checker.check(base, head) == 2, "no row is no verdict"
    assert seen[0].matrices == {"base": {"req": {}}, "head": {"req": {}}}
    assert "could not judge" in capfd.readouterr().out
