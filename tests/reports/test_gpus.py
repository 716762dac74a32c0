"""The section on GPUs: nothing that was only compiled is read as run."""

import re

import pytest

from reports.claims import claims
from reports.costs import gpus
from reports.results import gather
from tests.reports.factory import SMALL, Made, only, put

CARDS = ("a100", "h100")
COLUMNS = ["A100, compiled, not run", "H100, compiled, not run"]


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
    assert section.answer.startswith("Steps were timed on CPU. No GPU was run;")
    steps = "For A100 and H100, 18 steps (2 of each remedy on each mask it takes) became 4 programs"
    assert f"{steps}: one for each workload, step and mask dtype, in any remedy." in section.answer
    limits, distinct = section.parts
    assert limits.rows[-1] == "The compiler was XLA in jax-cuda13-pjrt 1.2.3."
    assert len(distinct.rows) == 4 and distinct.columns[2:] == COLUMNS
    texts = [row[COLUMNS[1]].replace("\N{NO-BREAK SPACE}", " ") for row in distinct.rows]
    assert texts[0] == "3 compares, 2 converts, 14 fusions, 1.2 MB moved"
    assert texts[1] == "4 compares (1 more), 2 converts, 14 fusions, 1.2 MB moved"


def test_a_card_that_steps_are_compiled_for_with_and_without_xla(results, monkeypatch):
    monkeypatch.setitem(SMALL, "jits", ("xla", "graph"))
    section = gpus(results())
    assert "36 steps (4 of each remedy on each mask it takes) became 8 programs" in section.answer
    steps = [row["step"] for row in section.parts[-1].rows]
    assert len(steps) == 8 and sum("without XLA" in step for step in steps) == 4


def test_a_remedy_that_makes_another_program_is_named(results):
    axes = {"device": "h100", "remedy": "tf_cast", "mask_dtype": "bool", "step": "train"}
    made = results(only("program_differs", put(1, "f" * 16), **axes))
    answer = gpus(made).answer
    assert "; for H100, 18 steps (2 of each remedy on each mask it takes) became 5" in answer
    assert answer.endswith("The remedy has a bearing in image train, bool mask, H100.")


def test_times_of_a_real_gpu_stand_beside_it_and_only_those(results):
    assert gpus(results()).parts[1].columns[2:] == COLUMNS
    section = gpus(results(devices=("cpu", "gpu")))
    assert "On GPU, 2 of 2 steps have the groups of H100." in section.answer
    assert "slower" in section.parts[1].rows[1]["timed on GPU"]


def test_what_was_only_compiled_decides_no_claim(results, folder):
    with_cards = claims(results()).parts[0].rows
    for file in folder.glob("other-*"):
        file.unlink()
    assert claims(gather(folder)).parts[0].rows == with_cards
