"""Two nights: what got worse is named, and what could not be compared is never "none regressed"."""

import re

import pytest

from reports.__main__ import main
from reports.gate import runs
from reports.gate.verdict import Reason
from tests.gate.sessions import BASE, FACTS, HEAD, entry, night, write

TRIPLE = {("tf_cast", "train"): 3.0}


def judged(base, head):
    return runs.nights(base, head, "cpu")[0]


def nights(folder, base=None, **head):
    own = night(folder / "base", BASE, **(base or {})), night(folder / "head", HEAD, **head)
    return judged(*own)


def named(verdict):
    return {(row.metric, row.remedy, row.step) for row in verdict.rows if row.regressed}


def gate(folder):
    return main(["gate", "--base", str(folder / "base"), "--head", str(folder / "head")])


def test_a_step_that_takes_three_times_as_long_is_named(tmp_path, capsys):
    assert named(nights(tmp_path, slower=TRIPLE)) == {("step_seconds", "tf_cast", "train")}
    assert gate(tmp_path) == 1
    said = capsys.readouterr().out
    assert "**regressed**" in said
    assert re.search(r"\| training step, image, batch 32, with XLA \| tf_cast .*takes 3\.0", said)
    assert "none regressed" not in said


def test_two_equal_nights_regress_in_nothing(tmp_path):
    verdict = nights(tmp_path)
    assert (verdict.status, verdict.lacking) == (0, {})
    assert verdict.compared == {"counts": 90, "defects": 60, "steps": 12, "times": 18}


@pytest.mark.parametrize("seed", range(10))
def test_a_machine_that_is_slower_tonight_is_no_regression(tmp_path, seed):
    every = {(remedy, what): 1.4 for remedy in ("ops_where", "tf_cast", "functional_bool_input")
             for what in ("train", "predict", "save", "load")}  # fmt: skip
    assert nights(tmp_path, slower=every, seed=seed).status == 0


OTHER = {"machine": "n", "facts": FACTS | {"cpu": "Other 9000"}}
BUSY = {"health": {"clock_share": 0.4}}
BLIND = {
    "half of one side missing": ({}, {"without": ["step_times"]}, Reason.HEAD_LACKS),
    "no times on base's side": ({"without": ["step_times", "saving"]}, {}, Reason.BASE_LACKS),
    "base's session failed": ({"failed": ["step_times"]}, {}, Reason.BASE_LACKS),
    "two machines": ({}, OTHER, Reason.OTHER_PROCESSOR),
    "other settings": ({}, {"setting": "default"}, Reason.OTHER_SETTING),
    "one launch": ({"launches": 1}, {"launches": 1}, Reason.ONE_LAUNCH),
    "times that are no evidence": (BUSY, BUSY, Reason.UNRELIABLE),
}


@pytest.mark.parametrize("case", BLIND)
def test_what_cannot_be_compared_is_said(tmp_path, capsys, case):
    base, head, reason = BLIND[case]
    verdict = nights(tmp_path, base, slower={} if case == "one launch" else TRIPLE, **head)
    assert verdict.status == 2
    assert f"times: {reason.value}" in verdict.lacking
    assert gate(tmp_path) == 2
    said = capsys.readouterr().out
    assert "**could not judge**" in said.splitlines()[0] and "none regressed" not in said
    assert f" of the times: {reason.value}\n" in said


def test_a_file_that_cannot_be_used_is_said(tmp_path, capsys):
    nights(tmp_path)
    (tmp_path / "head" / "x.json").write_text("{")
    assert gate(tmp_path) == 2
    assert f"1 of the sessions: {Reason.UNUSABLE.value}\n" in capsys.readouterr().out


def test_a_missing_side_is_one_line(tmp_path, capsys):
    night(tmp_path / "head", HEAD)
    (tmp_path / "base").mkdir()
    assert gate(tmp_path) == 2
    said = capsys.readouterr()
    assert said.err.startswith("could not judge: ") and len(said.err.splitlines()) == 1
    assert not said.out


@pytest.mark.parametrize(
    ("metric", "step", "fingerprint"),
    [
        ("weights_lost", "", ""),
        ("compares", "train", "program_differs"),
        ("python_calls", "train", "python_calls_differ"),
    ],
)
def test_an_added_defect_compare_or_call_needs_no_clock(tmp_path, metric, step, fingerprint):
    more = {"cast": {metric: 1}, "texts": {fingerprint: "another"}}
    verdict = nights(tmp_path, {"launches": 1}, launches=1, **more)
    assert (verdict.status, named(verdict)) == (1, {(metric, "tf_cast", step)})
    others = {row.remedy for row in verdict.rows if row.word == "another step"}
    assert others == ({"tf_cast"} if fingerprint else set())


def test_a_session_that_fails_is_broken_or_on_both_sides_not_forgotten(tmp_path):
    verdict = nights(tmp_path / "1", failed=["fidelity"])
    regressed = [(row.word, row.workload) for row in verdict.rows if row.regressed]
    assert (verdict.status, regressed) == (1, [("broken", "image")])
    verdict = nights(tmp_path / "2", {"failed": ["fidelity"]}, failed=["fidelity"])
    assert verdict.status == 2
    assert verdict.lacking == {f"sessions: {Reason.BOTH_FAILED.value}": 1}


def test_the_same_step_needs_no_partner_where_the_clock_ran_elsewhere(tmp_path):
    """Shards meet other processors each night: what exact evidence covers is only named."""
    untimed = ["fidelity", "identity", "saving"]
    sides = {"base": BASE, "head": HEAD}
    for name, commit in sides.items():
        night(tmp_path / name, commit, without=["step_times"])
        other = {"machine": name, "facts": FACTS | {"cpu": name}}
        night(tmp_path / name, commit, without=untimed, **other)
    assert judged(tmp_path / "base", tmp_path / "head").status == 2
    for name, commit in sides.items():
        night(tmp_path / name, commit, without=untimed, batches=(64,), machine="m2")
    verdict = judged(tmp_path / "base", tmp_path / "head")
    assert verdict.status == 0
    assert f"times: {Reason.OTHER_PROCESSOR.value}" in verdict.lacking


def test_another_program_for_a_card_that_is_compiled_for_is_said(tmp_path):
    axes = {"jit": "xla", "step": "train", "remedy": "tf_cast", "mask_dtype": "bool"}
    for side, commit, text, compares in (("base", BASE, "p", 1), ("head", HEAD, "q", 2)):
        # Its program is the same on every machine: another processor is no reason not to compare.
        night(tmp_path / side, commit)
        made = [entry("program_differs", 0, text, **axes), entry("compares", compares, **axes)]
        for card in ("a100", "h100"):
            session = {"kind": "programs", "workload": "image", "device": card, "batch": 32}
            known = {"commit": commit, "facts": {"cpu": f"of {side}"}, "machine": f"m-{side}"}
            write(tmp_path / side, session, made, **known)
    verdict = judged(tmp_path / "base", tmp_path / "head")
    rows = {(row.metric, row.word, row.device, row.regressed) for row in verdict.rows}
    assert rows == {
        *(("step_group", "another step", card, False) for card in ("a100", "h100")),
        *(("compares", "more", card, True) for card in ("a100", "h100")),
    }
    assert (verdict.status, verdict.lacking) == (1, {})
