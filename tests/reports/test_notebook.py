"""The examples of the documentation are run as they stand there."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

from reports import markup
from tests.reports.factory import Folder

ROOT = Path(__file__).parents[2]
OPTIONS = doctest.NORMALIZE_WHITESPACE | doctest.IGNORE_EXCEPTION_DETAIL


@pytest.fixture
def two(folder: Folder) -> Path:
    folder.add()
    folder.add(machine="bench-2")
    return folder.root


def test_the_notebook_examples_give_what_they_say(usual: Path, two: Path) -> None:
    named = {"results": usual, "again": usual, "two_machines": two}
    path = str(ROOT / "docs" / "notebook.md")
    failed, tried = doctest.testfile(path, False, globs=named, optionflags=OPTIONS)
    assert failed == 0 and tried >= 12


def test_the_examples_in_docstrings_give_what_they_say() -> None:
    failed, tried = doctest.testmod(markup)
    assert failed == 0 and tried == 2
