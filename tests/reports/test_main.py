from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from reports.__main__ import main
from reports.output import MANIFEST
from tests.reports.factory import Folder

REPOSITORY = Path(__file__).parents[2]
COLUMNS = (
    "machine,commit,environment,metric,workload,remedy,device,jit,mask_dtype,batch,value,unit,"
    "ci_low,ci_high,n,ratio,ratio_ci_low,ratio_ci_high,verdict,kernel,size,step,backend"
)


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "reports", *map(str, arguments)]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)


def test_builds_every_file_and_says_where(usual: Path, tmp_path: Path, golden) -> None:
    out = tmp_path / "out"
    done = run("build", "--results", usual, "--out", out)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip() == str(out / "index.html")
    files = {p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file()}
    figures = {f"figures/{f.stem}" for f in (out / "figures").iterdir()}
    own = {"index.html", "report.md", "results.csv", "samples/run-1-1.json", MANIFEST}
    assert files == own | {f"{f}.{kind}" for f in figures for kind in ("svg", "png")}
    table = (out / "results.csv").read_text()
    assert table.splitlines()[0] == COLUMNS
    golden("results.csv", table)


def test_results_csv_holds_every_commit(folder: Folder, tmp_path: Path, undrawn: None) -> None:
    folder.add(commit="a" * 40)
    folder.add(commit="b" * 40, started_at=1)
    assert main(["build", "--results", str(folder.root), "--out", str(tmp_path / "o")]) == 0
    with (tmp_path / "o" / "results.csv").open(newline="") as file:
        assert {row["commit"] for row in csv.DictReader(file)} == {"a" * 8, "b" * 8}


def test_help_shows_examples() -> None:
    done = run("build", "--help")
    assert done.returncode == 0 and "python -m reports build --threshold" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["build", "--nonsense"], "unknown argument: --nonsense"),
        (["bild"], "bild"),
        ([], "build"),
        (["build", "--threshold", "two"], "'two' is not a number between 0 and 1"),
        (["build", "--threshold", "7"], "'7' is not a number between 0 and 1"),
        (["build", "--results", "README.md"], "'README.md' is a file; name asv's results folder"),
        (["build", "--out", "README.md/report"], "--out 'README.md' is a file; name a folder"),
        (["build", "--results", "no/such/folder"], "no results folder 'no/such/folder'"),
        (["build", "--results", "reports/templates"], "no result files in 'reports/templates'"),
    ],
)
def test_bad_arguments_are_one_line_and_status_2(arguments: list[str], told: str) -> None:
    done = run(*arguments)
    assert done.returncode == 2 and done.stdout == ""
    assert len(done.stderr.splitlines()) == 1 and told in done.stderr


def test_a_file_that_is_not_json_alone_is_refused(tmp_path: Path, capsys) -> None:
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "x.json").write_text("oops")
    out = tmp_path / "out"
    assert main(["build", "--results", str(tmp_path), "--out", str(out)]) == 2
    assert "m/x.json: is not JSON" in capsys.readouterr().err
    assert not out.exists()


def test_a_bad_file_among_good_ones_is_left_out(folder: Folder, tmp_path: Path, capsys) -> None:
    folder.add()
    (folder.root / "bench-1" / "x.json").write_text(json.dumps({"version": 7}))
    assert main(["build", "--results", str(folder.root), "--out", str(tmp_path / "out")]) == 0
    told = capsys.readouterr().err
    assert told.count("\n") == 1 and "left out: bench-1/x.json: is of asv's result format 7" in told


def test_out_must_not_be_a_file_and_keeps_what_it_holds(
    usual: Path, tmp_path: Path, capsys, undrawn: None
) -> None:
    out = tmp_path / "out"
    out.write_text("mine")
    assert main(["build", "--results", str(usual), "--out", str(out)]) == 2
    assert "is a file" in capsys.readouterr().err and out.read_text() == "mine"
    out.unlink()
    out.mkdir()
    (out / "mine.txt").write_text("mine")
    assert main(["build", "--results", str(usual), "--out", str(out)]) == 0
    assert (out / "mine.txt").read_text() == "mine"


def test_importing_reports_is_light() -> None:
    heavy = "{'tensorflow', 'keras', 'matplotlib', 'pandas', 'benchmarks', 'remedies'}"
    code = f"import reports, sys; sys.exit(bool({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, check=False).returncode == 0


def test_a_build_imports_no_tensorflow(usual: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from reports.__main__ import main; "
        f"main(['build', '--results', {str(usual)!r}, '--out', {str(tmp_path / 'o')!r}]); "
        "sys.exit(bool({'tensorflow', 'keras', 'benchmarks', 'remedies'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, check=False).returncode == 0
