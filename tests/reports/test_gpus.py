"""The section on GPUs: nothing that was only compiled is read as run."""

import re

import pytest

from reports import claims
from reports.gpus import gpus
from reports.results import gather
from tests.reports.factory import Made, only, put

SMALL = {"workloads": ("image",), "jits": ("xla",), "batches": (32,), "launches": 2}
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
    assert "18 steps became 4 programs for A100 and H100 each: one for each" in section.answer
    limits, distinct = section.parts
    assert limits.items[-1] == "The compiler was XLA in jax-cuda13-pjrt 1.2.3."
    assert len(distinct.rows) == 4 and distinct.columns[2:] == COLUMNS
    texts = [row[COLUMNS[1]].replace("\N{NO-BREAK SPACE}", " ") for row in distinct.rows]
    assert texts[0] == "3 compares, 2 converts, 14 fusions, 1.2 MB moved"
    assert texts[1] == "4 compares (1 more), 2 converts, 14 fusions, 1.2 MB moved"


def test_a_card_that_steps_are_compiled_for_with_and_without_xla(results, monkeypatch):
    monkeypatch.setitem(SMALL, "jits", ("xla", "graph"))
    section = gpus(results())
    assert "36 steps became 8 programs for A100 and H100 each: one for each" in section.answer
    steps = [row["step"] for row in section.parts[-1].rows]
    assert len(steps) == 8 and sum("without XLA" in step for step in steps) == 4


def test_a_remedy_that_makes_another_program_is_named(results):
    axes = {"device": "h100", "remedy": "tf_cast", "mask_dtype": "bool", "step": "train"}
    made = results(only("program_differs", put(1, "f" * 16), **axes))
    answer = gpus(made).answer
    assert "18 steps became 5 programs for H100" in answer
    assert answer.endswith("The remedy has a bearing in image train, bool mask, H100.")
    assert "for H100, 1 of 2 steps fed bool masks" in claims._OTHERS["C9"](made)[1]


def test_times_of_a_real_gpu_stand_beside_it_and_only_those(results):
    assert gpus(results()).parts[1].columns[2:] == COLUMNS
    section = gpus(results(devices=("cpu", "gpu")))
    assert "On GPU, 2 of 2 steps have the groups of H100." in section.answer
    assert "slower" in section.parts[1].rows[1]["timed on GPU"]


def test_claims_say_what_was_compiled_and_decide_nothing_by_it(results, folder):
    judges = (claims._OTHERS["C9"], claims._OTHERS["C10"])
    with_cards = [judge(results()) for judge in judges]
    for file in folder.glob("other-*"):
        file.unlink()
    without = [judge(gather(folder)) for judge in judges]
    for (outcome, text), (plain, short) in zip(with_cards, without, strict=True):
        assert (outcome, text[: len(short)]) == (plain, short)
        assert " Compiled, not run," in text[len(short) :] and "H100, 0 of 2 steps" in text
