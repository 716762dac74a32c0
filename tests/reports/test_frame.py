"""Session files as one table, and what is refused."""

import json
import os

import pytest

import reports
from reports.frame import COLUMNS, SessionsError, latest, read
from tests.reports.factory import HARM, Made


def test_every_value_is_a_row_with_its_axes(folder):
    frame = reports.load(Made(workloads=("image",), jits=("xla",), launches=2).write(folder))
    assert [*frame.columns] == [*COLUMNS]
    row = frame[(frame["metric"] == "step_ratio") & (frame["launch"] == 1)].iloc[0]
    where = row["workload"], row["batch"], row["device"], row["jit"]
    assert where == ("image", 128, "cpu", "xla")
    assert (row["kernel"], row["size"], row["source"], row["machine"]) == ("", 0, "", "desk")
    situations = frame[frame["metric"] == "situation_harm"]
    assert len(situations) == 6 * len(HARM) and set(situations["workload"]) == {""}


def test_a_session_without_values_is_named_with_its_reason(folder):
    Made(workloads=("image",)).write(folder)
    path = sorted(folder.iterdir())[0]
    document = json.loads(path.read_text())
    document |= {"status": "failed", "reason": "out of\nmemory", "entries": []}
    path.write_text(json.dumps(document))
    assert read(folder).failures == [(path.stem, "out of memory")]


def test_the_newest_state_of_each_machine_is_used(folder):
    Made(workloads=("image",), identity="old", commit="aa", started=1.0).write(folder)
    for path in folder.iterdir():
        path.rename(path.with_name(f"old-{path.name}"))
    Made(workloads=("image",), identity="new", commit="bb", started=9e6).write(folder)
    run = read(folder)
    newer = latest(run)
    assert len(newer.frame) == len(run.frame) / 2 and set(newer.frame["identity"]) == {"new"}
    assert newer.problems == [
        f"{len(newer.sessions)} sessions of an older state of the code or packages"
    ]


def test_commits_of_one_state_are_shown_as_the_newest(folder):
    Made(workloads=("image",), commit="aa", started=1.0).write(folder)
    path = folder / "desk-recipes.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"commit": "bb", "started": 9e9}))
    assert set(latest(read(folder)).frame["commit"]) == {"bb"}


def session(**changes):
    entry = {"metric": "recipe_lines", "axes": {"workload": "image", "remedy": "x"}, "value": 1}
    made = {"format": 1, "session": {"kind": "recipes"}, "status": "done", "machine": "desk"}
    return made | {"entries": [entry]} | changes


def entry(**changes):
    [made] = session()["entries"]
    return session(entries=[made | changes])


HOSTILE = {
    "no-json": "{",
    "not-utf-8": b"\xff\xfe\x00",
    "list": "[]",
    "nan": json.dumps(entry(value=float("nan"))),
    "infinite": json.dumps(entry()).replace('"value": 1', '"value": 1e999'),
    "endless": json.dumps(entry()).replace('"value": 1', '"value": ' + "9" * 5000),
    "nested": "[" * 100_000 + "]" * 100_000,
    "other-project": json.dumps({"results": {}, "version": 2}),
    "later-format": json.dumps(session(format=2)),
    "machine-number": json.dumps(session(machine=7)),
    "launch-text": json.dumps(session(session={"kind": "recipes", "launch": "0"})),
    "entry-text": json.dumps(session(entries=["x"])),
    "value-text": json.dumps(entry(value="1")),
    "value-true": json.dumps(entry(value=True)),
    "metric-unknown": json.dumps(entry(metric="beauty")),
    "axis-unknown": json.dumps(entry(axes={"workload": "image", "remedy": "x", "shoe": "42"})),
    "axis-lacking": json.dumps(entry(axes={"remedy": "x"})),
    "axis-list": json.dumps(entry(axes={"workload": ["image"], "remedy": "x"})),
    "text-endless": json.dumps(entry(text="x" * 10_000)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_that_cannot_be_used_is_named_in_one_line_and_left_out(folder, name):
    folder.mkdir()
    (folder / "good.json").write_text(json.dumps(session()))
    content = HOSTILE[name]
    (folder / f"{name}.json").write_bytes(
        content if isinstance(content, bytes) else content.encode()
    )
    run = read(folder)
    assert len(run.frame) == 1
    assert len(run.problems) == 1 and run.problems[0].startswith(f"{name}.json: ")
    assert run.problems[0].isprintable() and len(run.problems[0]) < 400


def test_nothing_usable_is_one_line(folder):
    with pytest.raises(SessionsError, match="no folder"):
        read(folder)
    folder.mkdir()
    with pytest.raises(SessionsError, match=r"nothing to report .* no session file \(\*\.json\)"):
        read(folder)
    (folder / "x.json").write_text("{}")
    with pytest.raises(SessionsError, match=r"nothing to report .* x\.json: .* not a session file"):
        read(folder)


def test_pipes_and_large_files_are_not_read(folder):
    folder.mkdir()
    os.mkfifo(folder / "pipe.json")
    (folder / "good.json").write_text(json.dumps(session()))
    with (folder / "large.json").open("wb") as file:
        file.truncate(10_000_000)
    assert read(folder).problems == ["large.json: cannot be used: over 8,000,000 bytes"]


def test_a_value_that_is_there_twice_counts_once(folder):
    folder.mkdir()
    for name in ("a", "b"):
        (folder / f"{name}.json").write_text(json.dumps(session()))
    run = read(folder)
    assert len(run.frame) == 1 and run.problems == []
    (folder / "c.json").write_text(json.dumps(entry(value=2)))
    run = read(folder)
    assert [*run.frame["value"]] == [2] and "twice" in run.problems[0]
