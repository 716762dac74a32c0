"""``python -m reports gate``, as a user calls it."""

import json

import pytest

from reports.__main__ import main
from reports.gate.record import Row, dump, place
from reports.github.verdict import read
from tests.gate.launches import BASE, HEAD, record, timed, with_launches

AXES = {"workload": "image", "jit": "graph", "mask_dtype": "bool", "batch": 32}


def slower():
    row = timed(0.2, remedy="tf_cast", fingerprints=("a", "b"), **AXES)
    return with_launches(row, list(zip(row.before, row.after, strict=True)) * 2, stage=1)


def lost(before=0, after=2):
    about = {"workload": "image", "remedy": "build_from_config", "kind": "exact"}
    return Row("weights_lost", **about, before=(before,), after=(after,), stages=(0,))


def same(remedy="ops_where"):
    return timed(0.0, remedy=remedy, **AXES)


@pytest.fixture
def gate(tmp_path, capsys):
    def run(*rows, words=(), base=BASE, head=HEAD, **changes):
        dump(record(*rows, minutes=4.0, **changes), place(tmp_path, BASE, HEAD, "cpu"))
        given = ["--base", base, "--head", head, "--results", str(tmp_path), *words]
        status = main(["gate", *given])
        return status, capsys.readouterr()

    return run


def test_the_report(gate, golden):
    rows = slower(), lost(), same(), same("placebo")
    settled = Row("load", "image", "tf_cast", fingerprints=("x", "x"))
    broken = Row("load", "image", "control", state="broken head", reason="head: MemoryError | `x`")
    status, said = gate(*rows, settled, broken, differs=("keras",))
    assert status == 1
    golden("gate.md", said.out)


@pytest.mark.parametrize(
    ("rows", "status"),
    [
        ([same()], 0),
        ([lost()], 1),
        ([slower()], 1),
        ([lost(2, 0)], 0),
        ([timed(0.2)], 2),
        ([Row("save", state="broken base")], 2),
        ([Row("save", state="broken head")], 1),
        ([same(), timed(0.3, remedy="placebo")], 2),
    ],
)
def test_the_status_says_regressed_or_not_or_that_it_cannot_tell(gate, rows, status):
    assert gate(*rows)[0] == status


def test_json_is_what_the_comment_reads(gate):
    _, said = gate(slower(), same(), words=["--format", "json"])
    verdict = read(said.out.encode())
    assert [(row.remedy, row.word) for row in verdict.rows] == [
        ("tf_cast", "slower"),
        ("ops_where", "same"),
    ]
    assert verdict.unknown == 0
    assert json.loads(said.out)["minutes"] == 4.0


def test_a_prefix_names_a_commit_and_an_unknown_one_is_named(gate):
    assert gate(same(), base=BASE[:7])[0] == 0
    status, said = gate(same(), head="c" * 40)
    assert (status, said.out) == (2, "")
    assert said.err.startswith(f"reports: no results of the commit {'c' * 40!r}; there are of: ")
    assert said.err.count("\n") == 1


def test_it_stays_short_whatever_there_is(gate):
    many = [Row("save", remedy=f"r{i}", state="broken head", reason="x" * 300) for i in range(2000)]
    _, said = gate(*many)
    assert len(said.out) < 65_536
    assert "and 1950 more" in said.out
