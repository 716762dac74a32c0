"""Docs that are made from code, and files that the README names."""

import doctest
import importlib
import os
import re
from pathlib import Path

import pytest

from remedies import metrics

ROOT = Path(__file__).parents[1]
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
BEGIN, END = "<!-- metrics: begin -->\n", "<!-- metrics: end -->"


def test_the_table_of_metrics_is_that_of_the_code():
    file = ROOT / "docs" / "method.md"
    before, _, rest = file.read_text(encoding="utf-8").partition(BEGIN)
    table, _, after = rest.partition(END)
    if os.environ.get("UPDATE_GOLDEN"):
        file.write_text(before + BEGIN + metrics.as_markdown() + END + after, encoding="utf-8")
        return
    assert table == metrics.as_markdown()


def test_every_link_in_the_docs_leads_to_a_file():
    for file in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        for link in re.findall(r"\]\((?!https?:|#)([^)#\s]+)", file.read_text(encoding="utf-8")):
            assert (file.parent / link).exists(), f"{file.name} links {link}"


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
