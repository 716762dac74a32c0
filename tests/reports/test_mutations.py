"""Damaged result files: whatever is in them, there is a report or one line, never a traceback."""

from __future__ import annotations

import copy
import json
import math
import os
import random
from pathlib import Path
from typing import Any

import pytest

from reports import forest, heatmap
from reports.__main__ import main
from reports.plot import Drawing
from tests.reports.conftest import Folder

MUTANTS = int(os.environ.get("REPORT_MUTANTS", "200"))
DRAWN = 5
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


def spots(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every node of some JSON."""
    inner = node if isinstance(node, dict | list) else ()
    found = [path] if path else []
    for key, child in inner.items() if isinstance(inner, dict) else enumerate(inner):
        found += spots(child, (*path, key))
    return found


def mutate(data: Any, random_: random.Random) -> Any:
    """Return `data` with one to four of its nodes replaced, removed or renamed."""
    data = copy.deepcopy(data)
    for _ in range(random_.randint(1, 4)):
        path = random_.choice(spots(data))
        if random_.random() < 0.5:  # leaves outnumber what holds them
            path = path[: random_.randint(1, len(path))]
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
        if not spots(data):
            break
    return data


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    made = Folder(tmp_path_factory.mktemp("mutants") / "results")
    made.add(remedies=["control", "tf_cast", "ops_where"])
    files = {
        path.relative_to(made.root).as_posix(): json.loads(path.read_text())
        for path in made.root.rglob("*.json")
        if path.name != "machine.json"
    }
    return made.root, files


def draw_nothing(title: str, *_: Any, **__: Any) -> Drawing:
    return Drawing('<svg width="1pt" height="1pt" viewBox="0 0 1 1"></svg>', b"")


@pytest.mark.parametrize("seed", range(MUTANTS))
def test_a_damaged_file_gives_a_report_or_one_line(
    small: tuple[Path, dict[str, Any]],
    seed: int,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if seed >= DRAWN:  # drawing takes most of the time, and sees only what the tables see
        monkeypatch.setattr(forest, "intervals", draw_nothing)
        monkeypatch.setattr(heatmap, "grid", draw_nothing)
    _, files = small
    random_ = random.Random(seed)  # noqa: S311 - a mutant that fails must come again
    damaged = random_.choice(sorted(files))
    results, out = tmp_path / "results", tmp_path / "out"
    for name, data in files.items():
        path = results / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(mutate(data, random_) if name == damaged else data)
        cut = random_.random() < 0.05 and name == damaged
        path.write_text(text[: random_.randrange(len(text))] if cut else text)
    status = main(["build", "--results", str(results), "--out", str(out)])
    told = capsys.readouterr()
    assert status in (0, 2)
    assert {p.name for p in tmp_path.iterdir()} == {"results"} | ({"out"} if status == 0 else set())
    if status == 0:
        assert "<script" not in (out / "index.html").read_text(encoding="utf-8")
    else:
        assert len(told.err.splitlines()) == 1
