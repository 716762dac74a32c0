"""Sessions that failed are named in the report, with their reason."""

from pathlib import Path

from reports.results import read
from tests.reports.factory import Folder

NAME = "environment.Failures.track_recorded"


def recorded(folder: Folder, *failures: str) -> list[tuple[str, str]]:
    def row(values, names):
        return [values, [[repr(name) for name in names]], "1", 0, 1.0]

    folder.add()
    folder.benchmarks[NAME] = {"name": NAME, "param_names": ["failure"], "version": "1"}
    values = [int(name != "none") for name in failures]
    folder.write({NAME: row(values, failures)}, commit="b" * 40)
    return [(problem.where, problem.reason) for problem in read(folder.root).problems]


def test_a_failed_session_is_named_with_its_reason(folder: Folder) -> None:
    found = recorded(
        folder, "steps-image-cpu MemoryError: 3 GiB", "storage-image-gpu still running"
    )
    assert found == [
        ("bench-1 bbbbbbbb: session steps-image-cpu", "failed: MemoryError: 3 GiB"),
        ("bench-1 bbbbbbbb: session storage-image-gpu", "failed: still running"),
    ]


def test_no_failure_is_no_problem(folder: Folder) -> None:
    assert recorded(folder, "none") == []


def test_what_a_failure_says_becomes_a_printable_line(folder: Folder) -> None:
    assert recorded(folder, "steps two\nlines\x1b[31m")[0][1] == "failed: two\ufffdlines\ufffd[31m"


def test_many_failures_are_counted_not_listed(folder: Folder) -> None:
    found = recorded(folder, *(f"steps-{i} boom" for i in range(150)))
    assert len(found) == 101 and found[-1][1] == "50 more sessions failed"


def test_the_report_shows_them(folder: Folder, tmp_path: Path, undrawn: None) -> None:
    from reports.__main__ import main

    recorded(folder, "steps-image-cpu MemoryError: 3 GiB")
    assert main(["build", "--results", str(folder.root), "--out", str(tmp_path / "out")]) == 0
    page = (tmp_path / "out" / "index.html").read_text()
    assert "session steps-image-cpu" in page and "MemoryError: 3 GiB" in page
