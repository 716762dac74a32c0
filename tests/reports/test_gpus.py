"""The section on GPUs: nothing that was only compiled is read as run."""

import re

import pytest

from reports import claims
from reports.gpus import gpus
from reports.results import gather
from tests.reports.factory import Made, only, put

SMALL = {"workloads": ("image",), "jits": ("xla",), "batches": (32,), "launches": 2}
CARDS = ("a100", "h100")


@pytest.fixture
def results(folder):
    """Return what is gathered of a CPU, of cards that are compiled for, and of other `devices`."""

    def make(edit=None, devices=("cpu",)):
        def compiled(session, made):
            if session["kind"] != "identity" or re.match("python|step", made["metric"]):
                return False
            return edit(session, made) if edit else None

        facts = {"cpu": "Example 9000", "jax-cuda13-pjrt": "1.2.3"}
        Made(**SMALL, machine="other", devices=CARDS, edit=compiled, facts=facts).write(folder)
        return gather(Made(**SMALL, devices=devices).write(folder))

    return make


def test_what_was_compiled_by_what_and_into_how_many_programs(results):
    section = gpus(results())
    assert section.answer.startswith("Steps were timed on cpu. No GPU was run;")
    assert "18 steps became 4 programs for a100 and h100 each: one for each" in section.answer
    _, made, floats, distinct = section.parts
    assert [row["card"] for row in made.rows] == [f"{card}: compiled, not run" for card in CARDS]
    assert {row["compiler"] for row in made.rows} == {"XLA in jax-cuda13-pjrt 1.2.3"}
    assert {row["compares"] for row in floats.rows} == {"3 to 4"}
    assert len(distinct.rows) == 4 and set(distinct.columns) == {"step", "compiled from", *CARDS}
    assert distinct.rows[0]["h100"].startswith("3 compares, 2 converts, 14 fusions")


def test_a_card_that_steps_are_compiled_for_with_and_without_xla(results, monkeypatch):
    monkeypatch.setitem(SMALL, "jits", ("xla", "graph"))
    section = gpus(results())
    assert "36 steps became 8 programs for a100 and h100 each: one for each" in section.answer
    steps = [row["step"] for row in section.parts[-1].rows]
    assert len(steps) == 8 and sum("without XLA" in step for step in steps) == 4


def test_a_remedy_that_makes_another_program_is_named(results):
    axes = {"device": "h100", "remedy": "tf_cast", "mask_dtype": "bool", "step": "train"}
    made = results(only("program_differs", put(1, "f" * 16), **axes))
    answer = gpus(made).answer
    assert "18 steps became 5 programs for h100" in answer
    assert answer.endswith("The remedy has a bearing in image train, bool mask, h100.")
    assert "for h100, 1 of 2 steps fed bool masks" in claims._c9(made)[1]


def test_times_of_a_real_gpu_stand_beside_it_and_only_those(results):
    _, _, floats, _ = gpus(results()).parts
    assert not any("timed" in column for column in floats.columns)
    section = gpus(results(devices=("cpu", "gpu")))
    assert "On gpu, 2 of 2 steps have the groups of h100." in section.answer
    _, _, floats, _ = section.parts
    assert "slower" in floats.rows[0]["timed on gpu"]


def test_claims_say_what_was_compiled_and_decide_nothing_by_it(results, folder):
    judges = (claims._c9, claims._c10)
    with_cards = [judge(results()) for judge in judges]
    for file in folder.glob("other-*"):
        file.unlink()
    without = [judge(gather(folder)) for judge in judges]
    for (outcome, text), (plain, short) in zip(with_cards, without, strict=True):
        assert (outcome, text[: len(short)]) == (plain, short)
        assert " Compiled, not run," in text[len(short) :] and "h100, 0 of 2 steps" in text
