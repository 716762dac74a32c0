from __future__ import annotations

import json
import math
import os
from pathlib import Path

import pytest

import reports
from reports import files, results
from reports.results import ResultsError, read
from reports.vocabulary import COLUMNS
from tests.reports.factory import COLUMNS as ASV_COLUMNS
from tests.reports.factory import Folder, one
from tests.reports.machine import altered


def test_a_ratio_fills_its_metrics_own_row(usual: Path) -> None:
    frame = reports.load(usual)
    row = one(
        frame,
        metric="train_step",
        remedy="tf_cast",
        device="cpu",
        jit="xla",
        mask_dtype="float32",
    )
    assert (row.ratio, row.ratio_ci_low, row.ratio_ci_high) == pytest.approx((1.004, 0.995, 1.013))
    assert (row.value, row.n, row.unit, row.batch) == (
        pytest.approx(3.1124e-3),
        420,
        "seconds",
        128,
    )
    assert not frame["metric"].str.endswith("_ratio").any()


def test_the_columns_are_the_documented_ones(usual: Path) -> None:
    columns = list(reports.compare(reports.load(usual)).columns)
    first = COLUMNS[: COLUMNS.index("verdict") + 1]
    assert [c for c in columns if c in first] == list(first)
    assert set(COLUMNS) <= set(columns)


def test_a_cast_overhead_is_its_own_ratio(usual: Path) -> None:
    rows = reports.load(usual)
    casts = rows[rows["metric"].str.startswith("cast_") & rows["value"].notna()]
    assert (casts["value"] == casts["ratio"]).all()


def test_not_applicable_is_not_failed(folder: Folder) -> None:
    folder.add(altered(lambda m, c, v: None if m == "save" and c["remedy"] == "tf_cast" else v))
    frame = reports.load(folder.root)
    failed = frame[frame["failed"]]
    assert set(failed["remedy"]) == {"tf_cast"} and set(failed["metric"]) == {"save"}
    gpu = frame[frame["device"] == "gpu"]
    assert gpu["value"].isna().all()


def test_parameters_are_read_by_name_in_any_order(folder: Folder, usual: Path) -> None:
    path = folder.add()
    data = json.loads(path.read_text())
    described = json.loads((folder.root / "benchmarks.json").read_text())
    name = "storage.Storage.track_file_size"
    described[name]["param_names"] = ["device", "workload", "remedy"]
    data["results"][name][0] = [7.0, 8.0]
    data["results"][name][1] = [["'cpu'"], ["'image'"], ["'tf_cast'", "'ops_where'"]]
    (folder.root / "benchmarks.json").write_text(json.dumps(described))
    path.write_text(json.dumps(data))
    sizes = reports.load(folder.root).query("metric == 'file_size'")
    assert dict(zip(sizes["remedy"], sizes["value"], strict=True)) == {
        "tf_cast": 7.0,
        "ops_where": 8.0,
    }


def test_facts_come_from_the_file_itself(usual: Path) -> None:
    (facts,) = read(usual).facts.values()
    assert facts["cpu"] == "Imaginary CPU 3000" and facts["keras"] == "3.15.1"


def test_infinity_is_no_value_and_an_unbounded_interval_is_one(folder: Folder) -> None:
    def wild(metric, cell, value):
        if metric == "save":
            return math.inf
        return (0.5, math.inf, 5) if metric == "first_step" and value == value else value

    folder.add(altered(wild))
    frame = reports.load(folder.root)
    assert frame.query("metric == 'save'")["value"].isna().all()
    assert frame.query("metric == 'first_step'")["ci_high"].max() == math.inf


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "not JSON"),
        ("[]", "expected a JSON object"),
        ('{"version": 1}', "result format 1"),
        ('{"version": 2}', "not an asv result file"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_a_bad_file_is_left_out_with_its_reason(folder: Folder, text: str, reason: str) -> None:
    folder.add()
    (folder.root / "bench-1" / "bad.json").write_text(text)
    (problem,) = read(folder.root).problems
    assert problem.where == "bench-1/bad.json" and reason in problem.reason


def test_a_file_too_large_to_read_is_left_out(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.add()
    (folder.root / "bench-1" / "large.json").write_text(" " * 3_000_000)
    monkeypatch.setattr(files, "MOST_BYTES", 2_000_000)
    (problem,) = read(folder.root).problems
    assert problem.where == "bench-1/large.json" and "too large: 2 MiB" in problem.reason


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_is_not_waited_for(folder: Folder) -> None:
    folder.add()
    os.mkfifo(folder.root / "bench-1" / "pipe.json")
    (folder.root / "bench-1" / "folder.json").mkdir()
    assert [p.reason for p in read(folder.root).problems] == ["is not a file"] * 2


def test_more_rows_than_can_be_read_are_left_out(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.add()
    folder.add(machine="second")
    rows = len(reports.load(folder.root))
    monkeypatch.setattr(results, "MOST_ROWS", rows)
    found = read(folder.root)
    assert found.problems and "too much to read" in found.problems[0].reason
    assert 0 < len(found.frame) < rows


def test_samples_of_ratios_are_handed_on_as_launches(folder: Folder) -> None:
    path = folder.add()
    data = json.loads(path.read_text())
    for name in ("steps.ImageSteps.track_train_step", "steps.ImageSteps.track_train_step_ratio"):
        row = data["results"][name]
        row += [None] * (ASV_COLUMNS.index("samples") - len(row))
        row.append([[1.0, 1.5] for _ in row[0]])
    data["results"]["steps.ImageCasts.track_cast_overhead_train"] += [[[1, 2.5], *[None] * 7]]
    path.write_text(json.dumps(data))
    frame = reports.load(folder.root)
    assert frame.query("metric == 'train_step'")["launches"].tolist()[0] == [1.0, 1.5]
    assert frame.query("metric == 'predict_step'")["launches"].isna().all()
    casts = frame.query("metric == 'cast_overhead_train'")["launches"]
    assert [found for found in casts if found] == [[1.0, 2.5]]


@pytest.mark.parametrize("bad", [[1.0, None], [math.inf], [], "1", {"a": 1}, [[1]], [1.0] * 10**6])
def test_samples_that_are_no_launches_are_none(folder: Folder, bad: object) -> None:
    path = folder.add()
    data = json.loads(path.read_text())
    row = data["results"]["steps.ImageSteps.track_train_step_ratio"]
    row += [None] * (ASV_COLUMNS.index("samples") - len(row))
    row.append([bad, *[None] * (len(row[0]) - 1)])
    path.write_text(json.dumps(data))
    assert reports.load(folder.root)["launches"].isna().all()


def test_axes_of_later_benchmarks_are_read(folder: Folder) -> None:
    folder.add(later=True)
    frame = reports.load(folder.root)
    assert set(frame.query("metric == 'kernel'")["size"]) >= {"10000", "1000000000"}
    assert set(frame.query("metric == 'kernel'")["kernel"]) == {"where", "where_cast"}
    assert set(frame.query("metric == 'xla_flops'")["step"]) == {"train", "predict"}


def test_benchmarks_of_the_report_itself_are_passed_over(folder: Folder) -> None:
    folder.add()
    folder.write({"reports.Reports.time_build": [[1.0], [["1000"]], "1"]}, machine="other")
    assert read(folder.root).problems == []


def test_another_projects_benchmarks_are_left_out(folder: Folder) -> None:
    folder.add()
    folder.write({"other.Suite.time_it": [[1.0], [], "1"]}, machine="other")
    problems = read(folder.root).problems
    assert [p.reason for p in problems] == [
        "is not a benchmark of this suite: no track_ in its name"
    ]


def test_another_version_of_a_benchmark_is_left_out(folder: Folder) -> None:
    path = folder.add()
    data = json.loads(path.read_text())
    data["results"]["storage.Storage.track_save"][2] = "0"
    path.write_text(json.dumps(data))
    (problem,) = read(folder.root).problems
    assert "another version" in problem.reason


def test_names_from_files_become_one_printable_line(folder: Folder) -> None:
    folder.add(machine="a\x00b\nc\ud800", folder="m")
    machine = reports.load(folder.root)["machine"].iloc[0]
    assert machine.isprintable() and machine.startswith("a")


def test_nothing_to_read_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match="no results folder"):
        read(tmp_path / "missing")
    with pytest.raises(ResultsError, match="no result files"):
        read(tmp_path)
    (tmp_path / "x.json").write_text("not json")
    with pytest.raises(ResultsError, match=r"x\.json: is not JSON"):
        read(tmp_path)
