from __future__ import annotations

import json
from pathlib import Path

import pytest

import reports
from benchmarks import reports as benchmark
from benchmarks.engine.settings import SETTING_VARIABLE
from benchmarks.engine.synthetic import write
from reports.results import read


@pytest.mark.parametrize("results", [1, 300, 20_000])
def test_as_many_results_are_made_up_as_asked_for(tmp_path: Path, results: int) -> None:
    write(tmp_path, results)
    values = [
        value
        for path in tmp_path.glob("*/*.json")
        for row in json.loads(path.read_text())["results"].values()
        for value in row[0]
    ]
    assert sum(value == value for value in values) == results


def test_the_loader_takes_all_of_them(tmp_path: Path) -> None:
    found = read(write(tmp_path, 20_000))
    assert found.problems == []
    assert found.frame["machine"].nunique() > 1
    assert set(reports.compare(found.frame)["verdict"]) >= {"same", "undecided"}


def test_it_runs_only_in_the_full_setting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(benchmark, "RESULTS", [10])
    monkeypatch.setenv(SETTING_VARIABLE, "quick")
    made = benchmark.Reports().setup_cache()
    with pytest.raises(NotImplementedError, match="full and night settings"):
        benchmark.Reports().setup(made, 10)
    monkeypatch.setenv(SETTING_VARIABLE, "full")
    made = benchmark.Reports().setup_cache()
    benchmark.Reports().setup(made, 10)
    benchmark.Reports().time_build(made, 10)
    assert (tmp_path / "report" / "index.html").is_file()
    assert benchmark.Reports().track_peak_memory(made, 10) > 10_000_000
