from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from reports.cleaned import Commit, copy
from tests.reports.factory import Folder, row
from tests.reports.machine import altered

KNOWN = {"a" * 40: Commit(1_790_000_000_000, "first")}
STEP = "steps.ImageSteps.track_train_step"
LOST = "fidelity.Fidelity.track_weights_lost"


def results(into: Path) -> list[dict[str, Any]]:
    return [json.loads(p.read_text()) for p in sorted(into.glob("*/[0-9]*.json"))]


def params(into: Path, name: str) -> dict[str, list[str]]:
    about = json.loads((into / "benchmarks.json").read_text())[name]
    return dict(zip(about["param_names"], about["params"], strict=True))


def test_what_makes_asv_hang_or_crash_becomes_a_gap(folder: Folder, tmp_path: Path) -> None:
    wrong = [math.inf, -math.inf, math.nan, 1e200, "text", {}, [1], None, 10**400]
    names = {"remedy": [repr(f"r{i}") for i in range(len(wrong) + 1)]}
    folder.benchmarks[STEP] = {
        "name": STEP,
        "param_names": ["remedy"],
        "params": [*names.values()],
        "type": "time",
        "unit": "seconds",
        "version": "1",
    }
    folder.write({STEP: row([0.003, *wrong], folder.benchmarks[STEP]["params"], -5)})
    copied = copy(folder.root, tmp_path / "copy", KNOWN)
    (file,) = results(tmp_path / "copy")
    found = dict(zip(file["result_columns"], file["results"][STEP], strict=True))
    assert found["result"] == [0.003, *[None] * len(wrong)]
    assert found["started_at"] is None and file["date"] == KNOWN["a" * 40].date
    assert params(tmp_path / "copy", STEP) == {"remedy": ["'r0'"]}
    assert copied.files == 1 and copied.notes == []


def test_machines_merge_whatever_the_last_one_to_write_knew(folder: Folder, tmp_path: Path) -> None:
    folder.add(machine="one", remedies=["control", "tf_cast", "ops_where"])
    folder.benchmarks.clear()
    folder.benchmarks["version"] = 2
    folder.add(machine="two", remedies=["control", "ops_where"])
    copy(folder.root, tmp_path / "copy", KNOWN)
    remedies = params(tmp_path / "copy", LOST)["remedy"]
    assert remedies == ["'control'", "'ops_where'", "'tf_cast'"]
    machines = (tmp_path / "copy").glob("*/machine.json")
    assert {json.loads(p.read_text())["machine"] for p in machines} == {"one", "two"}


def test_what_was_never_measured_has_no_series(folder: Folder, tmp_path: Path) -> None:
    folder.add(altered(lambda metric, cell, value: math.nan if metric == "save" else value))
    copy(folder.root, tmp_path / "copy", KNOWN)
    shown = json.loads((tmp_path / "copy" / "benchmarks.json").read_text())
    assert params(tmp_path / "copy", STEP)["device"] == ["'cpu'"]
    assert "storage.Storage.track_save" not in shown and "storage.Storage.track_load" in shown
    assert not [name for name in shown if "Facts" in name]
    assert all(about["less_is_better"] for name, about in shown.items() if name != "version")


def test_commits_that_this_clone_lacks_are_told(folder: Folder, tmp_path: Path) -> None:
    folder.add()
    for i in range(7):
        folder.add(commit=f"{i}" * 40)
    copied = copy(folder.root, tmp_path / "copy", KNOWN)
    assert copied.files == 1
    (note,) = copied.notes
    assert "7 commits: not on its branches in this clone: 00000000, 11111111" in note
    assert note.endswith("44444444, ...")


def test_names_stay_words_and_short(folder: Folder, tmp_path: Path) -> None:
    path = folder.add(machine="bench-1")
    data = json.loads(path.read_text())
    data["params"] |= {"os": "\u00e9" * 300, "cpu": {}, "../../x": "a\nb", "machine": "../<b>"}
    data["env_vars"] = ["PATH"]
    path.write_text(json.dumps(data))
    folder.benchmarks["../evil.track_<b>"] = folder.benchmarks[STEP]
    (folder.root / "benchmarks.json").write_text(json.dumps(folder.benchmarks))
    copied = copy(folder.root, tmp_path / "copy", KNOWN)
    (file,) = results(tmp_path / "copy")
    assert file["params"]["os"] == "\u00e9" * 50 and "cpu" not in file["params"]
    assert file["params"]["../../x"] == "a\N{REPLACEMENT CHARACTER}b" and file["env_vars"] == {}
    assert copied.notes == ["the history leaves out '../evil.track_<b>': asv cannot show it"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["copy", "results"]


def test_files_that_are_not_asvs_are_passed_over(folder: Folder, tmp_path: Path) -> None:
    folder.add()
    for name, text in {"broken": "{", "list": "[]", "old": '{"version": 1}'}.items():
        (folder.root / "bench-1" / f"{name}.json").write_text(text)
    assert copy(folder.root, tmp_path / "copy", KNOWN).files == 1


def test_a_series_is_told_by_what_was_really_there(folder: Folder, tmp_path: Path) -> None:
    path = folder.add(machine="bench-1", facts={"os": "Linux-6.1-x86_64"})
    data = json.loads(path.read_text())
    wanted = {"python": "/home/me/.venv/bin/python", "numpy": "1.0", "rich": "15"}
    data["params"] |= wanted | {"os": "Linux 6.1.0-17", "ram": "1234"}
    data["python"] = wanted["python"]
    path.write_text(json.dumps(data))
    copy(folder.root, tmp_path / "copy", KNOWN)
    (file,) = results(tmp_path / "copy")
    assert file["params"] == {
        "machine": "bench-1",
        "python": "3.12",
        "arch": "x86_64",
        "numpy": "2.5.5",
        "rich": "15",
        "os": "Linux",
    }


def test_a_path_to_a_python_stays_at_home(folder: Folder, tmp_path: Path) -> None:
    folder.benchmarks[STEP] = {"param_names": [], "params": [], "version": "1"}
    path = folder.write({STEP: [[0.003], [], "1"]})
    data = json.loads(path.read_text())
    data["params"]["python"] = "/home/me/.venv/bin/python3.12"
    path.write_text(json.dumps(data))
    copy(folder.root, tmp_path / "copy", KNOWN)
    (file,) = results(tmp_path / "copy")
    assert file["params"]["python"] == "python3.12" and "/home" not in json.dumps(file["params"])
