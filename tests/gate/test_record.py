"""The file between measuring and judging: whole, or refused in one line."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.gate.record import FORMAT, RecordError, Row, dump, load, place
from tests.gate.launches import BASE, HEAD, record, timed

WHOLE = record(
    timed(0.01, remedy="tf_cast", fingerprints=("a", None)),
    Row("load", state="broken head", reason="MemoryError"),
    minutes=1.5,
    differs=("keras",),
)


def test_what_is_written_is_read(tmp_path):
    file = place(tmp_path, BASE, HEAD, "cpu")
    dump(WHOLE, file)
    assert load(file) == WHOLE
    assert [path.name for path in file.parent.iterdir()] == [file.name]


@pytest.mark.parametrize(
    ("change", "about"),
    [
        ({"format": 2}, "not a check of format 1"),
        ({"rows": {}}, "rows: must be a list"),
        ({"minutes": "1"}, "minutes: '1' is not float"),
        ({"extra": 1}, "Record: must have exactly"),
        ({"rows": [{}]}, "Row: must have exactly"),
    ],
)
def test_what_is_no_record_is_refused_in_one_line(tmp_path, change, about):
    file = tmp_path / "r.json"
    dump(WHOLE, file)
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    with pytest.raises(RecordError, match=about) as raised:
        load(file)
    assert "\n" not in str(raised.value)


def test_launches_that_contradict_each_other_are_refused(tmp_path):
    file = tmp_path / "r.json"
    dump(record(replace(timed(0.0), stages=(0,))), file)
    with pytest.raises(RecordError, match="contradict"):
        load(file)


@given(at=st.floats(0, 1, exclude_max=True), put=st.binary(min_size=1, max_size=6))
def test_a_damaged_record_is_refused_or_read(tmp_path_factory, at, put):
    file = tmp_path_factory.mktemp("record") / "r.json"
    dump(WHOLE, file)
    data = bytearray(file.read_bytes())
    start = int(at * len(data))
    data[start : start + len(put)] = put
    file.write_bytes(data)
    try:
        load(file)
    except RecordError as problem:
        assert "\n" not in str(problem)


def test_the_format_has_a_number():
    assert FORMAT == 1
