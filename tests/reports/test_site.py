"""The site: the report before asv's history."""

import json
import subprocess
from pathlib import Path

import pytest

from reports.__main__ import main
from tests.reports.factory import SMALL, Made

NAME = "suite.<b>Steps</b>.track_x"


@pytest.fixture
def project(repository: Path, commit, undrawn) -> Path:
    """A repository of one commit, with session files and results of asv."""
    settings = {"version": 1, "project": "p", "repo": ".", "branches": ["HEAD"]}
    settings |= {"environment_type": "virtualenv", "dvcs": "git", "results_dir": ".asv/results"}
    sha = commit({"asv.conf.json": json.dumps(settings)})
    Made(**SMALL).write(repository / ".asv" / "sessions" / "one")
    results = repository / ".asv" / "results"
    (results / "desk").mkdir(parents=True)
    machine = {"machine": "desk", "arch": "x", "cpu": "c", "num_cpu": "1", "os": "o", "ram": "1"}
    (results / "desk" / "machine.json").write_text(json.dumps(machine | {"version": 1}))
    benchmark = {"name": NAME, "code": "", "params": [], "param_names": [], "type": "track"}
    benchmark |= {"unit": "s", "version": "1", "timeout": 60}
    (results / "benchmarks.json").write_text(json.dumps({NAME: benchmark, "version": 2}))
    made = {"commit_hash": sha, "env_name": "e", "date": 1_790_000_000_000, "params": machine,
            "python": "3.12", "requirements": {}, "env_vars": {}, "durations": {}, "version": 2,
            "result_columns": ["result", "params", "version"],
            "results": {NAME: [[1.5], [], "1"]}}  # fmt: skip
    (results / "desk" / f"{sha[:8]}-e.json").write_text(json.dumps(made))
    return repository


def test_the_report_is_the_front_page_and_the_history_is_behind_it(project, capsys):
    assert main(["build", "--history"]) == 0
    out = Path(".asv", "report")
    said = capsys.readouterr()
    assert said.out == f"{out / 'index.html'}\n" and "reports: the history" in said.err
    assert 'href="history/index.html"' in (out / "index.html").read_text()
    index = json.loads((out / "history" / "index.json").read_text())
    assert NAME in index["benchmarks"]
    assert [*(out / "history" / "graphs").rglob("*.json")]
    for path in (out / "history").glob("*.html"):
        assert "://" not in path.read_text() and "<b>" not in path.read_text()
    assert main(["build", "--history"]) == 0  # it replaces its own


def test_without_results_of_asv_there_is_no_history_and_it_says_so(project, capsys):
    for path in (project / ".asv" / "results").rglob("*.json"):
        path.unlink()
    assert main(["build", "--history"]) == 0
    assert "reports: no history: " in capsys.readouterr().err
    out = project / ".asv" / "report"
    assert not (out / "history").exists() and "history/" not in (out / "index.html").read_text()


@pytest.mark.parametrize("settings", ["{", '{"version": 99}'])
def test_what_asv_refuses_is_one_line_and_leaves_the_old_site(project, capsys, settings):
    assert main(["build", "--history"]) == 0
    before = (project / ".asv" / "report" / "index.html").stat().st_mtime_ns
    (project / "asv.conf.json").write_text(settings)
    capsys.readouterr()
    assert main(["build", "--history"]) == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("reports: asv publish failed: ")
    assert (project / ".asv" / "report" / "index.html").stat().st_mtime_ns == before


def test_help_answers_at_once():
    root = Path(__file__).parents[2]
    done = subprocess.run([root / "scripts" / "publish", "--help"], capture_output=True, text=True,
                          timeout=5, check=True)  # fmt: skip
    assert "scripts/publish --out public" in done.stdout
