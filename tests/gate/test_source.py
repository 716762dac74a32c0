"""Equal code has an equal name, and only equal code has."""

from pathlib import Path

import pytest

from scripts.gate.source import fingerprint

RECIPE = 'from remedies.image.shared import rate\n\ndef make():\n    """Make it."""\n    return 1\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    package = tmp_path / "remedies"
    (package / "image").mkdir(parents=True)
    (package / "image" / "tf_cast.py").write_text(RECIPE)
    (package / "image" / "shared.py").write_text("rate = 1\n")
    (package / "registry.py").write_text("import remedies.check\n")
    (package / "check.py").write_text("x = 1\n")
    return tmp_path


@pytest.mark.parametrize(
    ("file", "text", "same"),
    [
        ("image/tf_cast.py", "# why\n" + RECIPE.replace("Make it.", "Make the model."), True),
        ("image/tf_cast.py", RECIPE.replace("return 1", "return 2"), False),
        ("image/shared.py", "rate = 2\n", False),
        ("registry.py", "import remedies.check\nx = 1\n", False),
        ("check.py", "x = 2\n", True),
        ("image/other.py", "x = 1\n", True),
    ],
)
def test_what_counts_is_the_code_that_a_step_runs(folder, file, text, same):
    before = fingerprint(folder, "image", "tf_cast")
    (folder / "remedies" / file).write_text(text)
    assert (fingerprint(folder, "image", "tf_cast") == before) == same


def test_a_file_that_is_no_python_says_so(folder):
    (folder / "remedies" / "image" / "tf_cast.py").write_text("def")
    with pytest.raises(SyntaxError, match="tf_cast"):
        fingerprint(folder, "image", "tf_cast")
