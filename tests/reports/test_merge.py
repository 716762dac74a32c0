"""Results of several runners, joined."""

import json
import math
import shutil

import pytest

from reports.merge import main
from reports.results import read
from tests.reports.factory import Folder
from tests.reports.machine import measured

WORKLOADS = ["image", "attention"]


def part(root, wanted, **run):
    """Write results that have values only where ``wanted(metric, cell)``, like a shard's."""

    def some(metric, cell):
        return measured(metric, cell) if wanted(metric, cell) else math.nan

    return Folder(root).add(some, workloads=WORKLOADS, **run)


def merge(*folders, out):
    return main([*map(str, folders), "--out", str(out)])


def everything(metric, cell):
    return True


def shards(tmp_path, count=3):
    """Split by cell, like a run's shards: everything about a cell is in one of them."""
    cells = {}
    made = []
    for number in range(count):

        def mine(metric, cell, number=number):
            if "fact" in cell:
                return True
            key = (metric.split("_")[0], cell["workload"], cell["device"], cell.get("jit"))
            return cells.setdefault(key, len(cells)) % count == number

        part(tmp_path / str(number), mine)
        made.append(tmp_path / str(number))
    return made


def same(one, other):
    """Return whether two JSON values are equal, NaN to NaN."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


@pytest.fixture
def whole(tmp_path):
    part(tmp_path / "whole", everything)
    return tmp_path / "whole"


@pytest.mark.parametrize("turned", [False, True])
def test_three_shards_merged_are_one_run(tmp_path, whole, turned):
    parts = shards(tmp_path)
    assert merge(*(reversed(parts) if turned else parts), out=tmp_path / "out") == 0
    for file in whole.rglob("*.json"):
        expected = json.loads(file.read_text())
        found = json.loads((tmp_path / "out" / file.relative_to(whole)).read_text())
        for row in found.get("results", {}).values():
            row[4] = 1.5  # how long it took is the sum
        assert same(found, expected)
    one, three = read(whole), read(tmp_path / "out")
    assert one.frame.equals(three.frame)
    assert one.facts == three.facts and not three.problems


def test_merging_again_changes_nothing(tmp_path):
    parts = shards(tmp_path)
    assert merge(*parts, out=tmp_path / "out") == 0
    first = read(tmp_path / "out").frame
    assert merge(*parts, out=tmp_path / "out") == 0
    assert read(tmp_path / "out").frame.equals(first)


def test_other_machines_stand_side_by_side(tmp_path):
    part(tmp_path / "a", everything, machine="one")
    part(tmp_path / "b", everything, machine="two")
    assert merge(tmp_path / "a", tmp_path / "b", out=tmp_path / "out") == 0
    assert set(read(tmp_path / "out").frame["machine"]) == {"one", "two"}


def test_a_value_counts_more_than_a_failure_and_a_failure_more_than_nothing(tmp_path):
    def failing(metric, cell):
        return None if metric == "train_step" else math.nan

    for name, measure in (("a", failing), ("b", lambda *_: math.nan)):
        Folder(tmp_path / name).add(measure)
    assert merge(tmp_path / "b", tmp_path / "a", out=tmp_path / "failed") == 0
    frame = read(tmp_path / "failed").frame
    assert frame[frame["metric"] == "train_step"]["failed"].all()
    Folder(tmp_path / "c").add()
    assert merge(tmp_path / "failed", tmp_path / "c", out=tmp_path / "out") == 0
    frame = read(tmp_path / "out").frame
    steps = frame[frame["metric"] == "train_step"]
    assert (steps["failed"] == steps["value"].isna()).all()
    assert steps["value"].notna().any()


def other(metric, cell):
    found = measured(metric, cell)
    return (found[0] * 1.5, *found[1:]) if metric == "save" and isinstance(found, tuple) else found


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"measure": other}, "track_save('image', 'control', 'cpu') has two different results"),
        ({"facts": {"cpu": "Another"}}, "cpu was Imaginary CPU 3000 for one and Another for the"),
    ],
)
def test_a_conflict_is_named_and_nothing_is_written(tmp_path, capsys, changed, said):
    Folder(tmp_path / "a").add()
    Folder(tmp_path / "b").add(changed.pop("measure", measured), **changed)
    assert merge(tmp_path / "a", tmp_path / "b", out=tmp_path / "out") == 2
    told = capsys.readouterr().err
    assert said in told and told.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_two_machines_of_one_name_are_refused(tmp_path, capsys):
    for name, cpu in (("a", "Fast"), ("b", "Slow")):
        Folder(tmp_path / name).add()
        about = {"machine": "bench-1", "cpu": cpu, "version": 1}
        (tmp_path / name / "bench-1" / "machine.json").write_text(json.dumps(about))
    assert merge(tmp_path / "a", tmp_path / "b", out=tmp_path / "out") == 2
    assert "named 'bench-1', but their cpu is Fast and Slow" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("benchmarks.json", None, "it has no benchmarks.json"),
        ("benchmarks.json", "{half", "is not JSON"),
        ("bench-1/machine.json", "[]", "expected a JSON object"),
        ("bench-1/aaaaaaaa-x.json", '{"version": 9}', "is not of asv's result format 2"),
    ],
)
def test_what_cannot_be_read_is_named_in_a_line(tmp_path, whole, capsys, file, text, said):
    shutil.copytree(whole, tmp_path / "bad")
    if text is None:
        (tmp_path / "bad" / file).unlink()
    else:
        (tmp_path / "bad" / file).write_text(text)
    assert merge(whole, tmp_path / "bad", out=tmp_path / "out") == 2
    told = capsys.readouterr().err
    assert said in told and told.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("damage", [None, 3, [], "x", {"a": 1}, [1, 2], [None, [["'a'"]], "1"]])
def test_a_damaged_row_is_refused_in_a_line(tmp_path, whole, capsys, damage):
    shutil.copytree(whole, tmp_path / "bad")
    (path,) = (tmp_path / "bad").glob("bench-1/*-*.json")
    data = json.loads(path.read_text())
    data["results"]["storage.Storage.track_save"] = damage
    path.write_text(json.dumps(data))
    assert merge(whole, tmp_path / "bad", out=tmp_path / "out") == 2
    assert capsys.readouterr().err.count("\n") == 1
