"""The answer in the README."""

import pytest

from reports.page import ReadmeError, update
from reports.results import gather
from tests.reports.factory import Made

SMALL = {"workloads": ("image",), "jits": ("xla",), "batches": (32,), "launches": 2}


def test_only_what_is_between_the_markers_changes(folder, tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text("before\n<!-- results: begin -->\nold\n<!-- results: end -->\nafter\n")
    results = gather(Made(**SMALL).write(folder))
    assert update(results, tmp_path) == readme
    text = readme.read_text()
    assert text.startswith("before\n<!-- results: begin -->\n\n**Cast the mask first")
    assert text.endswith("\n<!-- results: end -->\nafter\n") and "old" not in text
    assert "| tf_cast" in text and "No GPU was run, and none was compiled for." in text
    update(results, tmp_path)
    assert readme.read_text() == text


def test_a_readme_without_markers_is_left_alone(folder, tmp_path):
    (tmp_path / "README.md").write_text("mine")
    with pytest.raises(ReadmeError, match="has no"):
        update(gather(Made(**SMALL).write(folder)), tmp_path)
    assert (tmp_path / "README.md").read_text() == "mine"
