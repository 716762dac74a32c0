"""What asv stored of two commits, as a check: never more than it tells."""

import json
from pathlib import Path

import pytest

from reports.gate.asv_results import commits, compared
from reports.gate.decision import judge
from reports.gate.floors import floors
from reports.gate.record import RecordError
from tests.gate.launches import BASE, HEAD

NAME = "steps.Steps.time_it"


def store(folder: Path, commit: str, samples: list[float], *, machine="m", name=NAME, **changes):
    """Write what asv writes of one benchmark without parameters."""
    params = {"machine": machine, "cpu": "c", "python": "3.12"} | changes.pop("params", {})
    result = changes.pop("result", sorted(samples)[len(samples) // 2] if samples else None)
    row = [[result], [], changes.pop("version", "v1"), [samples]]
    data = {
        "version": 2,
        "commit_hash": commit,
        "env_name": "e",
        "params": params,
        "result_columns": ["result", "params", "version", "samples"],
        "results": {name: row},
    }
    place = folder / machine / f"{commit[:8]}-e.json"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(json.dumps(data))
    about = {name: {"unit": changes.pop("unit", "seconds"), "param_names": []}}
    (folder / "benchmarks.json").write_text(json.dumps({"version": 2} | about))


def words(folder: Path, launches: int = 12) -> list[str]:
    record = compared(folder, BASE, HEAD, launches)
    return [one.word for one in judge(record, floors("none"))]


QUIET = [1.0 + i / 10_000 for i in range(24)]


def test_launches_are_equal_parts_of_the_samples(tmp_path):
    store(tmp_path, BASE, [1.0, 3.0, 5.0, 7.0])
    store(tmp_path, HEAD, [2.0, 4.0, 6.0, 8.0])
    [row] = compared(tmp_path, BASE, HEAD, 2).rows
    assert (row.metric, row.before, row.after) == (NAME, (2.0, 6.0), (3.0, 7.0))
    assert commits(tmp_path) == [BASE, HEAD]


def test_samples_of_unknown_launches_are_not_compared(tmp_path):
    store(tmp_path, BASE, QUIET)
    store(tmp_path, HEAD, QUIET)
    assert words(tmp_path) == ["same"]
    assert words(tmp_path, launches=0) == words(tmp_path, launches=7) == ["not comparable"]


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"result": None}, "broken"),
        ({"result": float("nan")}, "broken"),
        ({"version": "v2"}, "not comparable"),
        ({"params": {"cpu": "another"}}, "not comparable"),
        ({"params": {"python": "3.13"}}, "same"),
    ],
)
def test_what_differs_is_never_the_same(tmp_path, changes, word):
    store(tmp_path, BASE, QUIET)
    store(tmp_path, HEAD, QUIET, **changes)
    assert words(tmp_path) == [word]


def test_a_benchmark_of_one_side_is_listed(tmp_path):
    store(tmp_path, BASE, QUIET, name="a.time_old")
    store(tmp_path, HEAD, QUIET, name="a.time_new")
    found = {row.metric: row.state for row in compared(tmp_path, BASE, HEAD, 12).rows}
    assert found == {"a.time_old": "disappeared", "a.time_new": "appeared"}


def test_machines_are_not_mixed(tmp_path):
    store(tmp_path, BASE, QUIET, machine="one")
    store(tmp_path, HEAD, QUIET, machine="two")
    with pytest.raises(RecordError, match=r"different or several machines .*: one and two"):
        compared(tmp_path, BASE, HEAD, 12)


def test_defects_are_exact(tmp_path):
    name = "fidelity.Fidelity.track_weights_lost"
    store(tmp_path, BASE, [], name=name, unit="weights", result=0)
    store(tmp_path, HEAD, [], name=name, unit="weights", result=1)
    assert words(tmp_path, launches=0) == ["broken"]
