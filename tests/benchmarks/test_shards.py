"""How a run is split over runners."""

import ast
import json
import math
import shutil
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from benchmarks.engine.plan import sessions
from benchmarks.engine.settings import KINDS, SETTINGS
from benchmarks.engine.shards import Shard, shard
from reports import merge
from reports.evidence import gather
from reports.results import read
from reports.vocabulary import COLUMNS

RECORDED = Path(merge.__file__).with_name("reference")


def planned(name):
    return [s for kind in KINDS for s in sessions(kind, SETTINGS[name])]


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("count", [1, 2, 3, 7, 1000])
def test_every_session_is_in_one_shard_and_all_launches_of_a_cell_in_the_same(name, count):
    whole = planned(name)
    parts = [Shard(number, count).of(whole) for number in range(1, count + 1)]
    assert sorted(map(str, whole)) == sorted(str(s) for part in parts for s in part)
    cells = [{replace(session, launch=0) for session in part} for part in parts]
    assert len(set().union(*cells)) == sum(map(len, cells)), "a cell is in two shards"


@pytest.mark.parametrize("name", SETTINGS)
def test_shards_are_about_equal_on_each_device(name):
    for device in ("cpu", "gpu"):
        parts = [Shard(number, 3).of(planned(name)) for number in (1, 2, 3)]
        cells = [{replace(s, launch=0) for s in part if s.device == device} for part in parts]
        assert max(map(len, cells)) - min(map(len, cells)) <= 1


def test_a_shard_keeps_the_order_in_which_launches_lie_apart():
    part = Shard(1, 2).of(planned("wide"))
    steps = [s for s in part if s.kind == "steps" and s.device == "cpu"]
    assert [s.launch for s in steps] == sorted(s.launch for s in steps)


def test_a_shard_is_written_as_one_of_n():
    assert shard("2/3") == Shard(2, 3)
    assert str(Shard(2, 3)) == "2-of-3"


@pytest.mark.parametrize("text", ["", "0/3", "4/3", "1/0", "a/b", "1", "-1/3", "1/3/5"])
def test_anything_else_is_refused_with_what_is_allowed(text):
    with pytest.raises(ValueError, match="write I/N with I from 1 to N"):
        shard(text)


def measures(part, benchmark, values):
    """Return whether one of the sessions of `part` measures that combination of `benchmark`."""
    module, metric = benchmark.split(".")[0], benchmark.rpartition("track_")[2]
    kind = "first_steps" if metric.startswith("first_step") else module
    own = (s for s in part if (s.kind, s.backend) == (kind, values.get("backend", "")))
    return any(s.parameters().items() <= values.items() for s in own)


def of_shard(recorded, described, part):
    """Return a recorded run's file as it would be of the sessions of `part`: n/a elsewhere."""
    names, results = recorded["result_columns"], {}
    for benchmark, cells in recorded["results"].items():
        row = dict(zip(names, cells, strict=False))
        axes = [map(ast.literal_eval, axis) for axis in row["params"]]
        for place, combination in enumerate(product(*axes)):
            values = dict(zip(described[benchmark]["param_names"], combination, strict=True))
            if benchmark.startswith("environment.") or measures(part, benchmark, values):
                continue
            for name in ("result", *names[5:]):
                if row.get(name):
                    row[name] = [*row[name]]
                    row[name][place] = math.nan if name == "result" else None
        results[benchmark] = [row.get(name) for name in names]
    return recorded | {"results": results}


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    """A recorded run, as three runners would have stored the parts of it."""
    (file,) = RECORDED.glob("*/*-*.json")
    recorded, described = (json.loads(f.read_text()) for f in (file, RECORDED / "benchmarks.json"))
    made = [tmp_path_factory.mktemp(f"shard{number}") for number in (1, 2, 3)]
    for number, folder in enumerate(made, 1):
        shutil.copytree(RECORDED, folder, dirs_exist_ok=True)
        data = of_shard(recorded, described, Shard(number, 3).of(planned("full")))
        (folder / file.relative_to(RECORDED)).write_text(json.dumps(data))
    return made


def judged(*folders, out):
    """Return the rows of results.csv, the verdicts among them, of `folders` merged."""
    assert merge.main([*map(str, folders), "--out", str(out)]) == 0
    rows = gather(read(out)).everything
    return rows[rows[["value", "ratio"]].notna().any(axis=1)][list(COLUMNS)].reset_index(drop=True)


def test_three_shards_of_a_recorded_run_have_its_verdicts(parts, tmp_path):
    whole = judged(RECORDED, out=tmp_path / "whole")
    assert {"same", "undecided"} <= set(whole["verdict"])
    assert judged(*parts, out=tmp_path / "out").equals(whole)
    sizes = [len(judged(part, out=tmp_path / part.name)) for part in parts]
    assert sum(sizes) == len(whole) and all(sizes)


def test_two_of_the_three_lack_the_cells_of_the_third(parts, tmp_path):
    assert len(judged(*parts[:2], out=tmp_path / "out")) < len(judged(RECORDED, out=tmp_path / "w"))
