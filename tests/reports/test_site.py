"""The site: the report before asv's history."""

import json
import subprocess
from pathlib import Path

import pytest

from reports import site
from reports.__main__ import main
from tests.reports.factory import Made

SMALL = {"workloads": ("image",), "jits": ("xla",), "batches": (32,), "launches": 2}
NAME = "suite.<b>Steps</b>.track_x"


@pytest.fixture
def project(tmp_path: Path, undrawn) -> Path:
    """A repository of one commit, with session files and results of asv."""
    root = tmp_path / "project"
    root.mkdir()
    git = ["git", "-C", str(root), "-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run([*git, "init", "-q", "-b", "main"], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "First"], check=True)
    commit = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
    settings = {"version": 1, "project": "p", "repo": ".", "branches": ["HEAD"]}
    settings |= {"environment_type": "virtualenv", "dvcs": "git"}
    (root / "asv.conf.json").write_text(json.dumps(settings))
    Made(**SMALL).write(root / ".asv" / "sessions" / "one")
    results = root / ".asv" / "results"
    (results / "desk").mkdir(parents=True)
    machine = {"machine": "desk", "arch": "x", "cpu": "c", "num_cpu": "1", "os": "o", "ram": "1"}
    (results / "desk" / "machine.json").write_text(json.dumps(machine | {"version": 1}))
    benchmark = {"name": NAME, "code": "", "params": [], "param_names": [], "type": "track"}
    benchmark |= {"unit": "s", "version": "1", "timeout": 60}
    (results / "benchmarks.json").write_text(json.dumps({NAME: benchmark, "version": 2}))
    sha = commit.stdout.strip()
    made = {"commit_hash": sha, "env_name": "e", "date": 1_790_000_000_000, "params": machine,
            "python": "3.12", "requirements": {}, "env_vars": {}, "durations": {}, "version": 2,
            "result_columns": ["result", "params", "version"],
            "results": {NAME: [[1.5], [], "1"]}}  # fmt: skip
    (results / "desk" / f"{sha[:8]}-e.json").write_text(json.dumps(made))
    return root


def publish(project: Path, *more: str) -> int:
    return main(["publish", "--config", str(project / "asv.conf.json"), *more])


def test_the_report_is_the_front_page_and_the_history_is_behind_it(project, capsys):
    assert publish(project) == 0
    out = project / ".asv" / "site"
    said = capsys.readouterr()
    assert said.out == f"{out / 'index.html'}\n" and "reports: the history" in said.err
    assert 'href="history/index.html"' in (out / "index.html").read_text()
    index = json.loads((out / "history" / "index.json").read_text())
    assert NAME in index["benchmarks"]
    assert [*(out / "history" / "graphs").rglob("*.json")]
    for path in (out / "history").glob("*.html"):
        assert "://" not in path.read_text() and "<b>" not in path.read_text()
    assert publish(project) == 0  # it replaces its own


def test_without_results_of_asv_there_is_no_history_and_it_says_so(project, capsys):
    for path in (project / ".asv" / "results").rglob("*.json"):
        path.unlink()
    assert publish(project) == 0
    assert "reports: no history: " in capsys.readouterr().err
    out = project / ".asv" / "site"
    assert not (out / "history").exists() and "history/" not in (out / "index.html").read_text()


def test_what_asv_refuses_is_one_line_and_leaves_the_old_site(project, capsys):
    assert publish(project) == 0
    before = (project / ".asv" / "site" / "index.html").stat().st_mtime_ns
    (project / "asv.conf.json").write_text(json.dumps({"version": 99}))
    capsys.readouterr()
    assert publish(project) == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("reports: asv publish failed: ")
    assert (project / ".asv" / "site" / "index.html").stat().st_mtime_ns == before


def test_an_asv_that_hangs_is_stopped(project, monkeypatch, capsys):
    monkeypatch.setattr(site, "MOST_SECONDS", 0.01)
    assert publish(project) == 2
    assert "asv publish took over" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        (["--config", "nowhere.json"], "no 'nowhere.json'"),
        (["--sessions", "nowhere"], "no folder 'nowhere'"),
        (["--nope"], "unknown argument: --nope; see --help"),
    ],
)
def test_a_refusal_is_one_line_and_status_2(project, capsys, more, reason):
    try:
        status = publish(project, *more)
    except SystemExit as stopped:
        status = stopped.code
    assert status == 2 and reason in capsys.readouterr().err.splitlines()[-1]


def test_settings_that_are_not_json_are_one_line(project, capsys):
    (project / "asv.conf.json").write_text("{")
    assert publish(project) == 2
    assert "is not JSON" in capsys.readouterr().err.splitlines()[-1]


def test_help_answers_at_once():
    root = Path(__file__).parents[2]
    done = subprocess.run([root / "scripts" / "publish", "--help"], capture_output=True, text=True,
                          timeout=5, check=True)  # fmt: skip
    assert "scripts/publish --out public" in done.stdout
