"""Docs that are made from code, and files that the README names."""

import doctest
import importlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from remedies import metrics
from reports.wording import prose

ROOT = Path(__file__).parents[1]
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
BEGIN, END = "<!-- metrics: begin -->\n", "<!-- metrics: end -->"


def test_the_table_of_metrics_is_that_of_the_code():
    rows = ["| metric | unit | what it is |", "|---|---|---|"]
    rows += [f"| `{m.name}` | {m.unit} | {m.definition} |" for m in metrics.METRICS.values()]
    file, made = ROOT / "docs" / "method.md", "\n".join(rows) + "\n"
    before, _, rest = file.read_text(encoding="utf-8").partition(BEGIN)
    table, _, after = rest.partition(END)
    if os.environ.get("UPDATE_GOLDEN"):
        file.write_text(before + BEGIN + made + END + after, encoding="utf-8")
    else:
        assert table == made


def test_every_link_in_the_docs_leads_to_a_file():
    for file in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        for link in re.findall(r"\]\((?!https?:|#)([^)#\s]+)", file.read_text(encoding="utf-8")):
            assert (file.parent / link).exists(), f"{file.name} links {link}"


def test_the_models_of_the_readme_loses_what_is_shown_and_what_the_page_quotes(tmp_path):
    """The README's model is checked, and loaded: both outputs hold the lines that are quoted."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    [model] = re.findall(r"```python\n(# models.py\n.*?)```", readme, re.DOTALL)
    [shown] = re.findall(r"```text\n(.*?)```", readme, re.DOTALL)
    (tmp_path / "models.py").write_text(model, encoding="utf-8")
    code = (
        "import keras, models, sys, remedies.__main__ as m; model, x, y = models.make_model();"
        "model.fit(x, y, verbose=0); model.save('a.keras');"
        "keras.saving.load_model('a.keras');"
        "sys.exit(m.main(['check', 'models.py:make_model']))"
    )
    away = {"PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}", "CUDA_VISIBLE_DEVICES": "-1"}
    done = subprocess.run(
        [sys.executable, "-W", "always", "-c", code],
        cwd=tmp_path, env=os.environ | away, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    for text in filter(None, map(str.strip, shown.splitlines())):
        assert text.partition(" ...")[0] in done.stdout
    quoted = re.findall('"(.+?)"', prose("problem")[2])
    assert len(quoted) == 2 and all(text in done.stderr for text in quoted)


MODULES = [
    path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".")
    for folder in ("benchmarks", "remedies", "reports")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if ">>>" in path.read_text(encoding="utf-8")
]


@pytest.mark.parametrize("module", MODULES)
def test_every_example_in_a_docstring_runs(module):
    name = module.removesuffix(".__init__")
    failed, _ = doctest.testmod(importlib.import_module(name), optionflags=OPTIONS)
    assert failed == 0
