"""Launching stops where every comparison is decided, and only there."""

import pytest

from benchmarks.launches import undecided
from benchmarks.session import DONE, Entry, Folder, Session


def session(launch):
    return Session("step_times", "image", batch=32, launch=launch)


def folder(path, ratios):
    made = Folder(path, "mark")
    for launch, (placebo, cast) in enumerate(ratios):
        cell = {"jit": "xla", "step": "train", "mask_dtype": "bool"}
        values = {"placebo": placebo, "tf_cast": cast, "ops_where": cast}
        entries = [Entry("step_ratio", v, {**cell, "remedy": r}) for r, v in values.items()]
        made.write(session(launch), {"status": DONE}, entries)
    return made


@pytest.mark.parametrize(
    ("ratios", "more"),
    [
        ([(1.0, 1.001), (1.001, 1.002), (0.999, 1.001)], False),  # the same within 2 %
        ([(1.0, 1.10), (1.001, 1.101), (0.999, 1.099)], False),  # slower
        ([(1.0, 1.00), (1.02, 1.03), (0.97, 1.05)], True),
        ([(1.0, 1.1)], True),  # one launch says nothing of the next
    ],
)
def test_a_cell_gets_another_launch_while_a_comparison_is_undecided(tmp_path, ratios, more):
    made = folder(tmp_path, ratios)
    following = session(len(ratios))
    assert undecided([following], made, looks=2) == ([following] if more else [])


def test_more_looks_and_more_cells_ask_for_more_certainty(tmp_path):
    ratios = [(1.0, 1.05), (1.001, 1.08), (0.999, 1.065)]
    following = session(len(ratios))
    assert undecided([following], folder(tmp_path, ratios), looks=1) == []
    assert undecided([following], folder(tmp_path, ratios), looks=50) == [following]
