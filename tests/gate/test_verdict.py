"""A verdict is proven by its schema; whatever is in it, nothing but our own words gets out."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from reports.__main__ import main
from reports.gate.comment import comment, section
from reports.gate.verdict import MOST_BYTES, HostileError, Reason, Row, read, schema
from tests.gate.sessions import HEAD, concluded

LINK = "https://github.example/o/r/actions/runs/5"
GOLDEN = Path(__file__).parent / "golden" / "comment.md"
README = Path(__file__).parents[2] / "README.md"
STEP = {"workload": "image", "batch": 32, "jit": "xla", "step": "train", "remedy": "tf_cast",
        "mask_dtype": "bool"}  # fmt: skip
ROWS = [
    Row("weights_lost", "more", "image", jit="xla", remedy="tf_cast", mask_dtype="bool",
        before=0, after=2),
    Row("compares", "more", **STEP, before=3, after=4),
    Row("step_ratio", "slower", **STEP, ratio=1.031, low=1.024, high=1.038),
    Row("recipe_lines", "broken", "inpaint", remedy="control", reason=Reason.NOT_RUN.value),
    Row("python_extra_seconds", "python", **STEP, ratio=3.1e-6, low=2.7e-6, high=3.5e-6),
    Row("save_ratio", "undecided", "image", remedy="tf_cast", ratio=1.02, low=0.98, high=1.06,
        blocks=True),
    Row("step_group", "another step", **STEP),
    Row("step_group", "same step", **(STEP | {"remedy": "control"})),
    Row("outputs_changed", "equal", "image", remedy="control", before=0, after=0),
    Row("load_ratio", "not compared", "image", remedy="control", blocks=True,
        reason=Reason.NOT_TIMED.value),
]  # fmt: skip
NASTY = ["<script>alert(1)</script>", "@everyone", "[x](https://evil.example)", "<!-- x -->",
         "| a |", "\u202egnp"]  # fmt: skip


def stored(folder, document):
    file = folder / "verdict.json"
    folder.mkdir(exist_ok=True)
    file.write_bytes(document if isinstance(document, bytes) else json.dumps(document).encode())
    return file


def plain():
    return json.loads(concluded(*ROWS).as_json())


def test_the_comment_is_the_golden_one():
    gpu = concluded(ROWS[-3], device="gpu", differs=["keras"])
    text = comment([gpu, concluded(*ROWS)], LINK)
    assert f"{text}\n" == GOLDEN.read_text("utf-8")


@pytest.mark.parametrize(
    ("rows", "status"),
    [(ROWS, 1), (ROWS[4:], 2), (ROWS[6:9], 0), ([], 2), (ROWS[-1:], 2), (ROWS[7:8], 0)],
)
def test_the_status_is_what_the_rows_say(rows, status, tmp_path):
    verdict = concluded(*rows)
    assert verdict.status == status
    first = section(verdict).splitlines()[0]
    assert ("none regressed" in first) == (status == 0)
    assert read(stored(tmp_path, verdict.as_json().encode())) == verdict


def test_the_schema_is_valid_and_published(capsys):
    assert main(["gate", "--schema"]) == 0
    assert json.loads(capsys.readouterr().out) == schema()
    Draft202012Validator.check_schema(schema())


BYTES = {
    "link": json.dumps(plain()).encode(),
    "empty": b"",
    "not text": b"\xff\xfe",
    "deep": b"[" * 100_000,
    "twice": b'{"format": 2, "format": 2}',
    "nan": json.dumps(plain()).replace("1.031", "NaN").encode(),
    "digits": json.dumps(plain()).replace("1.031", "9" * 5000).encode(),
    "large": json.dumps(plain()).encode() + b" " * MOST_BYTES,
    "many rows": json.dumps(plain() | {"rows": plain()["rows"][:1] * 2001}).encode(),
    "denied": json.dumps(plain() | {"status": 0}).encode(),
}


@pytest.mark.parametrize("case", BYTES)
def test_what_is_no_verdict_is_refused_in_one_line(tmp_path, case, capsys):
    file = stored(tmp_path / "cpu", BYTES[case])
    if case == "link":
        file.rename(tmp_path / "whole")
        file.symlink_to(tmp_path / "whole")
    assert main(["gate", "--show", str(tmp_path)]) == 2
    said = capsys.readouterr()
    assert not said.out and len(said.err.splitlines()) == 1


@pytest.mark.parametrize("change", [{"device": "gpu"}, {"head": "c" * 40}])
def test_a_verdict_of_another_run_is_refused(tmp_path, change):
    stored(tmp_path / "cpu", plain() | change)
    assert main(["gate", "--show", str(tmp_path), "--of", HEAD]) == 2


def test_a_comment_ends_with_the_table_of_the_readme(tmp_path, capsys):
    stored(tmp_path / "cpu", plain())
    assert main(["gate", "--show", str(tmp_path)]) == 0
    table = capsys.readouterr().out.partition("<details><summary>What to do")[2]
    rows = [row for row in table.splitlines() if row.startswith(("| ", "**"))]
    assert len(rows) == 9 and {*rows} <= {*README.read_text("utf-8").splitlines()}


def test_a_comment_fits_whatever_moved():
    many = [replace(ROWS[1], batch=number) for number in range(1500)]
    text = section(concluded(*many))
    assert len(text) <= 30_000 and "more |" in text


ROW = plain()["rows"][0]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(NASTY) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(
    st.dictionaries(st.sampled_from(sorted(plain())), JSON, max_size=2),
    st.lists(st.fixed_dictionaries({k: st.just(v) | JSON for k, v in ROW.items()}), max_size=3),
)
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_comes_is_refused_or_shown_in_our_words(tmp_path, changes, rows):
    try:
        text = comment([read(stored(tmp_path, plain() | {"rows": rows} | changes))], LINK)
    except HostileError as error:
        assert not any(nasty in str(error) for nasty in NASTY)
        return
    assert "@" not in text and text.count("http") == text.count(LINK)
    assert "<script" not in text
