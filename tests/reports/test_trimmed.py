"""Results made fit to be committed: smaller, anonymous, and with the same verdicts."""

from __future__ import annotations

import json
from pathlib import Path

from reports.results import read
from reports.trimmed import trim
from tests.reports.factory import Folder


def trimmed(folder: Folder, out: Path) -> Path:
    for name, content in trim(folder.root, "reference"):
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_text(content)
    return out


def test_what_is_read_back_is_the_same_but_for_the_names(folder: Folder, tmp_path: Path) -> None:
    folder.add()
    before, after = read(folder.root).frame, read(trimmed(folder, tmp_path / "kept")).frame
    told = ["metric", "workload", "remedy", "jit", "mask_dtype", "value", "ratio", "ratio_ci_low"]
    assert before[told].equals(after[told])
    assert set(after["machine"]) == {"reference"}


def test_no_path_and_no_raw_time_is_kept(folder: Folder, tmp_path: Path) -> None:
    folder.add()
    path = next(p for p in folder.root.rglob("*.json") if p.parent != folder.root)
    path = next(p for p in path.parent.glob("*.json") if p.name != "machine.json")
    data = json.loads(path.read_text())
    data["python"] = data["params"]["python"] = "/home/me/.venv/bin/python"
    data["env_name"] = "existing-py_home_me_.venv_bin_python"
    at = data["result_columns"].index("samples")
    for row in data["results"].values():
        row += [None] * (at + 1 - len(row))
        row[at] = [[1.0, 2.0]]
    path.write_text(json.dumps(data))
    kept = trimmed(folder, tmp_path / "kept")
    everything = "".join(p.name + p.read_text() for p in kept.rglob("*.json"))
    assert "home" not in everything
    [file] = [p for p in kept.rglob("*.json") if p.name not in ("machine.json", "benchmarks.json")]
    results = json.loads(file.read_text())["results"]
    with_samples = {name for name, row in results.items() if len(row) > at and row[at]}
    assert with_samples
    assert all(n.endswith("_ratio") or "cast_overhead" in n for n in with_samples)
