"""Docs that are made from code, and files that the README names."""

import os
import re
from pathlib import Path

from remedies import metrics

ROOT = Path(__file__).parents[1]
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
