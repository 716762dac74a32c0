"""Words: in the order of the gates, in the right direction, and never more than was seen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.gate.decision import SCREENING, control_moved, judge, needed
from reports.gate.floors import floors
from reports.gate.looks import look
from reports.gate.record import Row
from tests.gate.launches import Machine, record, simulated, timed, with_launches

FLOORS = floors("none")
REMEDIES = [f"remedy {i}" for i in range(30)]


def words(*rows, **changes):
    return [one.word for one in judge(record(*rows, **changes), FLOORS)]


def defects(before, after):
    return Row("weights_lost", kind="exact", before=(before,), after=(after,), stages=(0,))


@pytest.mark.parametrize(
    ("before", "after", "word"), [(0, 1, "broken"), (0, 0, "same"), (2, 0, "repaired")]
)
def test_a_count_of_defects_is_exact(before, after, word):
    assert words(defects(before, after)) == [word]


def test_the_same_program_is_not_slower_whatever_its_times_say():
    slow = timed(1.0, fingerprints=("f", "f"))
    assert words(slow) == ["same program"]
    assert words(timed(1.0, fingerprints=("f", "g"))) == ["undecided"]


@pytest.mark.parametrize(
    ("state", "word"),
    [
        ("broken head", "broken"),
        ("broken base", "broken"),
        ("appeared", "appeared"),
        ("disappeared", "disappeared"),
        ("changed meaning", "not comparable"),
    ],
)
def test_what_one_side_lacks_is_named_and_not_compared(state, word):
    assert words(Row("train_step", state=state)) == [word]


def test_times_of_unlike_environments_are_not_compared_but_defects_are():
    rows = timed(0.5), defects(0, 1)
    assert words(*rows, unexplained=("cpu",)) == ["not comparable", "broken"]


def test_the_speed_of_a_recipe_that_loses_state_is_not_a_result():
    assert words(timed(-0.5), defects(0, 1)) == ["not comparable", "broken"]


def test_screening_alone_calls_nothing_slower():
    row = timed(0.5)
    [judged] = judge(record(row), FLOORS)
    assert (judged.word, judged.more > 0) == ("undecided", True)
    confirmed = with_launches(row, list(zip(row.before, row.after, strict=True)) * 2, stage=1)
    assert words(confirmed) == ["slower"]
    assert words(timed(0.0)) == ["same"]


def test_a_word_rests_on_the_new_launches_alone():
    unlucky = timed(0.5)
    cleared = timed(0.0, launches=24, noise=0.005)
    row = with_launches(unlucky, list(zip(cleared.before, cleared.after, strict=True)), stage=1)
    assert words(row) == ["same"]


@given(launches=st.integers(1, 40))
def test_twice_the_time_is_found_or_said_to_be_undecided(launches):
    row = with_launches(timed(1.0, noise=0), [(1.0, 2.0)] * launches, stage=1)
    [judged] = judge(record(row), FLOORS)
    assert judged.word == "slower" or (judged.word == "undecided" and judged.more > 0)
    assert launches < 12 or judged.word == "slower"


def test_fewer_launches_than_screening_takes_say_how_many_are_missing():
    [judged] = judge(record(timed(0.0, launches=5)), FLOORS)
    assert (judged.word, judged.more) == ("undecided", SCREENING - 5)
    assert needed([judged]) == SCREENING - 5


def test_a_step_that_nothing_touches_and_that_moves_stops_all_times():
    still, moved = (timed(effect, remedy="placebo", noise=0.001) for effect in (0.0, 0.1))
    assert not control_moved(judge(record(still), FLOORS))
    assert control_moved(judge(record(moved), FLOORS))


def family():
    return [Row("train_step", remedy=name) for name in (*REMEDIES, "placebo")]


def test_identical_commits_on_a_bad_machine_raise_no_alarm():
    for seed in range(40):
        _, judged = look(record(*family()), FLOORS, Machine({}, seed).take)
        assert "slower" not in {one.word for one in judged}, seed


def test_three_percent_is_found_on_a_bad_machine():
    found = 0
    for seed in range(20):
        _, judged = look(record(*family()), FLOORS, Machine({"remedy 3": 0.03}, seed, 200).take)
        slower = {one.row.remedy for one in judged if one.word == "slower"}
        assert slower <= {"remedy 3"}, seed
        found += bool(slower)
    assert found >= 19


def test_launches_are_spent_on_suspects_alone_and_end_with_the_budget():
    asked = []

    class Watched(Machine):
        def take(self, rows, launches, stage):
            asked.append((stage, {row.remedy for row in rows}))
            return super().take(rows, launches, stage)

    machine = Watched({"remedy 3": 0.2, "remedy 4": -0.2}, 1, budget=SCREENING + 3)
    _, judged = look(record(*family()), FLOORS, machine.take)
    assert asked[0] == (0, {*REMEDIES, "placebo"})
    assert asked[1] == (1, {"remedy 3", "placebo"}), "what seems to be slower comes first"
    assert asked[2][0] == 1 and "remedy 4" in asked[2][1], "what seems to be faster can wait"
    assert not asked[1][1] & asked[2][1]
    assert machine.left == 0
    words_of = {one.row.remedy: one.word for one in judged}
    assert words_of["remedy 3"] == "undecided", "three launches cannot tell"


def test_the_simulator_has_the_faults_that_it_says():
    import random

    before = [pair[0] for pair in simulated(60, 0.0, 0.01, random.Random(0))]
    assert max(before) / min(before) > 1.12 * 1.5
