"""Launching stops where every comparison is decided, and only there."""

import pytest

from benchmarks.measurement import Measurement
from benchmarks.session import DONE, Entry, Session


def session(launch):
    return Session("step_times", "image", batch=32, launch=launch)


def measured(path, ratios):
    made = Measurement("default", path=path)
    for launch, (placebo, cast) in enumerate(ratios):
        cell = {"jit": "xla", "step": "train", "mask_dtype": "float32"}
        values = {"placebo": placebo, "tf_cast": cast, "control": cast}
        entries = [Entry("step_ratio", v, {**cell, "remedy": r}) for r, v in values.items()]
        made.folder.write(
            session(launch), {"status": DONE, "machine": "here", "seconds": 100.0}, entries
        )
    return made


@pytest.mark.parametrize(
    ("ratios", "more"),
    [
        ([(1.0, 1.001), (1.001, 1.002), (0.999, 1.001)], False),  # the same within 2 %
        ([(1.0, 1.10), (1.001, 1.101), (0.999, 1.099)], False),  # slower
        ([(1.0, 1.00), (1.02, 1.03), (0.97, 1.05)], True),
        ([(1.0, 1.1)], True),  # one launch says nothing of the next
        ([], False),  # a session that fails is not tried again
    ],
)
def test_a_cell_gets_another_launch_while_a_comparison_is_undecided(tmp_path, ratios, more):
    following = session(len(ratios))
    other = Session("step_times", "image", batch=128, launch=len(ratios))
    expected = [following] if more else []
    assert measured(tmp_path, ratios).undecided([following, other]) == expected


@pytest.mark.parametrize(("elapsed", "more"), [(240, True), (260, False)])
def test_no_launch_starts_that_would_end_too_late(tmp_path, monkeypatch, elapsed, more):
    made = measured(tmp_path, [(1.0, 1.0), (1.02, 1.05)])
    clock = iter([0])
    monkeypatch.setattr("time.monotonic", lambda: next(clock, elapsed))
    sessions = [each for each in made.rounds() if session(2) in each]
    assert sessions == ([[session(2)]] if more else [])
