from __future__ import annotations

import math
from pathlib import Path

from reports.answer import answer
from tests.reports.factory import Folder, evidence_of
from tests.reports.machine import altered
from tests.reports.test_claims import put, ratios


def said(root: Path) -> str:
    return "\n".join(answer(evidence_of(root))).replace("\N{NO-BREAK SPACE}", " ")


def test_the_answer_names_what_keeps_the_model_and_what_it_costs(usual: Path, golden) -> None:
    golden("answer.txt", said(usual) + "\n")


def test_a_lossy_remedy_is_not_recommended_and_its_speed_not_told(folder: Folder) -> None:
    folder.add(altered(put("tf_cast", "weights_lost", value=2)))
    text = said(folder.root)
    assert text.startswith("2 of 4 remedies tried on image keep the model whole")
    assert "With tf_cast state is lost: 2 of 2 weights lost" in text
    choice = text.partition("So choose")[2]
    assert "tf_cast" not in choice and "with build_from_config and functional_bool_input" in text


def test_a_slower_remedy_is_not_recommended(folder: Folder) -> None:
    folder.add(altered(ratios("tf_cast", 1.2)))
    text = said(folder.root)
    assert "with tf_cast a training step is slower in all 4 cells" in text
    assert "or ops_where" in text.partition("So choose")[2]
    assert "tf_cast (" not in text.partition("So choose")[2]


def test_a_remedy_that_is_faster_everywhere_is_chosen(folder: Folder) -> None:
    folder.add(altered(ratios("functional_bool_input", 0.8)))
    choice = said(folder.root).partition("So choose")[2]
    assert choice.startswith(" functional_bool_input (") and "faster in every cell" in choice


def test_what_xla_compiles_is_told_cell_by_cell(folder: Folder) -> None:
    folder.add(later=True)
    text = said(folder.root)
    assert (
        "XLA compiles build_from_config and functional_bool_input to the same program as "
        "ops_where in all 8 cells: there" in text
    )
    assert "XLA compiles tf_cast to another program than ops_where in 2 of 4 cells." in text


def test_unreliable_cells_are_owned_up_to(folder: Folder) -> None:
    folder.add(altered(ratios("placebo", 1.2)))
    text = said(folder.root)
    assert "are unreliable and are not used" in text and "a training step is" not in text
    choice = text.partition("So choose")[2]
    assert "tf_cast (" in choice and choice.endswith("each keeps the model whole.")


def test_of_each_kind_of_unreliable_session_one_is_told(folder: Folder) -> None:
    steal = {32: 0.14, 64: 0.15, 128: 0.02}
    unsteady = {32: 0, 64: 0, 128: 0.5}
    told = {"session_steal": steal, "session_unsteady": unsteady}
    folder.add(
        altered(lambda m, c, v: told[m][c["batch"]] if m in told else v),
        later=True,
        batches=list(steal),
    )
    assert (
        "(for example, 50% of its warm-ups did not become steady; the hypervisor took 15% of the "
        "processors)." in said(folder.root)
    )


def test_without_round_trips_it_says_so(folder: Folder) -> None:
    folder.add(altered(lambda m, c, v: v if m in ("save", "recorded") else math.nan))
    assert said(folder.root) == (
        "These results hold no round trip, so they do not say which remedy keeps the model."
    )
