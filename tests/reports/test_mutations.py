"""Damaged result files: whatever is in them, there is a report or one line, never a traceback."""

from __future__ import annotations

import json
import math
import os
import random
from pathlib import Path
from typing import Any

import pytest

from reports.__main__ import main
from tests.reports.factory import Folder

MUTANTS = int(os.environ.get("REPORT_MUTANTS", "500"))
TOGETHER = 25  # a report of many damaged files takes less than one of each
DRAWN = 1
VALUES = [
    None,
    True,
    -1,
    0,
    10**400,
    math.nan,
    math.inf,
    -math.inf,
    "",
    "<script>alert(1)</script>",
    "../../../etc/passwd",
    "\ud800\x00",
    "$\\frac{",
    "'" * 50,
    "(" * 3000,
    [],
    [[]],
    [None],
    {},
    {"a": []},
    [math.nan] * 3,
]


def spot(data: Any, random_: random.Random) -> list[Any]:
    """Return the path of some node of some JSON, each level as likely to be the last."""
    path: list[Any] = []
    while isinstance(data, dict | list) and data and (not path or random_.random() < 0.8):
        path.append(
            random_.choice([*data]) if isinstance(data, dict) else random_.randrange(len(data))
        )
        data = data[path[-1]]
    return path


def mutate(text: str, random_: random.Random) -> Any:
    """Return the JSON `text` with one to four of its nodes replaced, removed or renamed."""
    data = json.loads(text)
    for _ in range(random_.randint(1, 4)):
        if not (path := spot(data, random_)):
            break
        parent = data
        for key in path[:-1]:
            parent = parent[key]
        kind = random_.random()
        if kind < 0.6:
            parent[path[-1]] = random_.choice(VALUES)
        elif kind < 0.8 or isinstance(parent, list):
            del parent[path[-1]]
        else:
            parent[random_.choice([v for v in VALUES if isinstance(v, str)])] = parent.pop(path[-1])
    return data


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A result file and its benchmarks.json."""
    made = Folder(tmp_path_factory.mktemp("mutants") / "results")
    remedies = ["control", "tf_cast", "ops_where"]
    path = made.add(remedies=remedies, devices=["cpu"], jits=["xla"], later=True)
    return path.read_text(), (made.root / "benchmarks.json").read_text()


@pytest.mark.parametrize("seed", range(MUTANTS // TOGETHER))
def test_damaged_files_give_a_report_or_one_line(
    small: tuple[str, str],
    seed: int,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
) -> None:
    if seed >= DRAWN:  # drawing takes most of the time, and sees only what the tables see
        request.getfixturevalue("undrawn")
    random_ = random.Random(seed)  # noqa: S311 - a mutant that fails must come again
    results, out = tmp_path / "results", tmp_path / "out"
    result, described = small
    for i in range(TOGETHER if seed >= DRAWN else 1):
        own = result.replace('"machine": "bench-1"', f'"machine": "machine-{i}"')
        damage(results / f"machine-{i}" / "result.json", own, random_)
    damaged = json.dumps(mutate(described, random_)) if seed % 5 == 0 else described
    (results / "benchmarks.json").write_text(damaged)
    status = main(["build", "--results", str(results), "--out", str(out)])
    told = capsys.readouterr()
    assert status in (0, 2)
    assert {p.name for p in tmp_path.iterdir()} == {"results"} | ({"out"} if status == 0 else set())
    if status == 0:
        assert "<script" not in (out / "index.html").read_text(encoding="utf-8")
    else:
        assert len(told.err.splitlines()) == 1


def damage(path: Path, sound: str, random_: random.Random) -> None:
    """Write `sound` with something wrong in it; one file in twenty ends too early as well."""
    path.parent.mkdir(parents=True)
    text = json.dumps(mutate(sound, random_))
    path.write_text(text[: random_.randrange(len(text))] if random_.random() < 0.05 else text)
