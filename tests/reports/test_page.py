"""The page and its Markdown: what they say, and that nothing in them is not escaped."""

import csv
import re
import time

import pytest

from reports import OutputError
from reports.frame import COLUMNS
from reports.page import render, update
from reports.results import gather
from tests.reports.factory import FACTS, SMALL, Made, only, scale

HOSTILE = """<script>alert(1)</script>"><img src=x onerror=alert(2)>|`*_$x^2$\n& "'"""


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return render(gather(Made(**SMALL).write(tmp_path_factory.mktemp("small"))))


def test_the_markdown_is_as_it_was(small, golden):
    golden("report.md", small["report.md"])


def test_every_value_is_in_a_table(small):
    head, *rows = csv.reader(small["results.csv"].splitlines())
    assert head == [*COLUMNS] and len(rows) > 500


def test_the_page_is_one_small_file_that_asks_for_nothing(report):
    page = (report / "index.html").read_text()
    assert len(page) < 600_000
    assert "default-src 'none'" in page and "<script" not in page
    assert re.findall(r'(?:src|href|srcset)="(?!data:|#)[^"]*"', page) == []


def test_every_section_but_the_first_is_folded_and_begins_with_its_answer(report):
    page = (report / "index.html").read_text()
    assert page.count('<details class="section">') == 5
    assert page.count('<details class="section">\n<summary><h2>') == 5
    assert " open" not in re.sub(r'class="[^"]*"', "", page[: page.index("<figure>")])
    for answer in re.findall(r"<summary><h2>.*?</h2><p>(.*?)</p></summary>", page):
        assert answer.endswith(".") and len(answer) < 300


def test_whatever_a_file_says_is_escaped(folder, undrawn):
    facts = {**FACTS, "cpu": HOSTILE, HOSTILE: HOSTILE}

    def edit(session, made):
        for axis, value in made["axes"].items():
            if isinstance(value, str) and value in ("image", "functional_bool_input", "frozen"):
                made["axes"][axis] = HOSTILE[:99]
        made["text"] = made["text"] and HOSTILE

    made = Made(**SMALL | {"workloads": ("image", HOSTILE[:99])}, machine=HOSTILE[:99],
                facts=facts, edit=edit)  # fmt: skip
    made.write(folder)
    files = render(gather(folder))
    for name in ("index.html", "report.md"):
        assert "alert(1)" in files[name]
        assert "<script" not in files[name] and "<img src=x" not in files[name]
    table = [line for line in files["report.md"].splitlines() if line.startswith("|")]
    assert all("`" not in re.sub(r"\\`", "", line) for line in table)


def test_a_figure_takes_a_name_for_no_formula(folder):
    names = only("recipe_lines", lambda made: made["axes"].update(remedy="$x^{$"))
    render(gather(Made(**SMALL, edit=names).write(folder)))


@pytest.mark.parametrize("kind", ["recipes", "situations", "fidelity", "identity", "step_times",
                                  "first_steps", "saving", "loads", "kernels"])  # fmt: skip
@pytest.mark.parametrize("alone", [True, False])
def test_each_kind_of_session_may_be_alone_or_missing(folder, kind, alone, undrawn):
    made = Made(**SMALL, edit=lambda session, _: (session["kind"] == kind) is alone)
    files = render(gather(made.write(folder)))
    assert "## What to do" in files["report.md"] and "nan" not in files["report.md"]


def test_a_cost_that_crosses_zero_seconds_was_not_shown(folder, undrawn):
    tiny = only("python_extra_seconds", scale(1e-3), remedy="functional_bool_input")
    text = render(gather(Made(**SMALL, edit=tiny).write(folder)))["report.md"]
    assert re.search(r"no difference shown \(up to \d+\sns a step not ruled out\)", text)


def test_only_what_is_between_the_markers_of_the_readme_changes(folder, tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text("mine")
    results = gather(Made(**SMALL).write(folder))
    with pytest.raises(OutputError, match="has no"):
        update(results, tmp_path)
    assert readme.read_text() == "mine"
    readme.write_text("before\n<!-- results: begin -->\nold\n<!-- results: end -->\nafter\n")
    for _ in range(2):
        assert update(results, tmp_path) == readme
        text = readme.read_text()
        assert text.startswith("before\n<!-- results: begin -->\n\n**Cast the mask first")
        assert text.endswith("\n<!-- results: end -->\nafter\n") and "old" not in text
        assert "| tf_cast" in text and "No GPU was run, and none was compiled for." in text
        assert "The 9 situations: a .keras file, saved and loaded once; " in text


def test_time_grows_with_the_values_and_no_faster(folder, undrawn):
    taken = []
    for many in (1, 4):
        made = Made(workloads=tuple(f"w{i}" for i in range(14 * many)), launches=6,
                    edit=lambda session, _: session["kind"] == "step_times")  # fmt: skip
        made.write(folder)
        start = time.process_time()
        results = gather(folder)
        render(results)
        assert len(results.run.frame) > 9_000 * many
        taken.append((time.process_time() - start) / len(results.run.frame))
    assert taken[1] < 2 * taken[0]
