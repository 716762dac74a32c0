from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from remedies.roundtrip import Defects, Outcome
from remedies.scenarios.cell import Cell
from remedies.scenarios.table import BARE, losses, markdown, sentence, terminal

from .conftest import ROOT

VERSIONS = {"keras": "3.15.1", "tensorflow": "2.21.0", "numpy": "2.5.5", "python": "3.12.1"}
LOST = Defects(weights_lost=2, outputs_changed=1.0, silent_defects=1)
CELLS = [
    Cell("control", "keras", Outcome.WARNED, LOST, 2, "Keras swallowed TypeError: a | b"),
    Cell("tf_cast", "keras", Outcome.WHOLE),
    Cell("control", "frozen", Outcome.SILENT, Defects(next_step_changed=1)),
    Cell("tf_cast", "frozen", None, note="why not"),
    Cell("control", "model_in_functional", Outcome.WHOLE, warnings=1),
    Cell("tf_cast", "model_in_functional", Outcome.LOUD, note="in fit: TypeError: no"),
]
GOLDEN = Path(__file__).with_name("table.md")


def test_markdown_is_as_pinned() -> None:
    assert markdown(CELLS, VERSIONS, "python -m remedies.scenarios") == GOLDEN.read_text("utf-8")


def test_what_stands_around_the_matrix_stays_and_the_old_one_goes() -> None:
    page = BARE.replace("# What", "# Mine\n\nWhat").replace("<!-- end", "old\n<!-- end") + "after\n"
    made = markdown(CELLS, VERSIONS, "x", page)
    assert made.startswith("# Mine\n\nWhat")
    assert made.endswith("<!-- end of matrix -->\nafter\n")
    assert "old" not in made
    assert markdown(CELLS, VERSIONS, "x", made) == made


def test_page_without_a_place_for_the_matrix_is_refused() -> None:
    with pytest.raises(ValueError, match="no place for the matrix"):
        markdown(CELLS, VERSIONS, "x", "# A page\n<!-- end of matrix --> <!-- matrix -->")


def test_published_page_shows_the_golden_matrix(golden: dict[str, Any]) -> None:
    page = (ROOT / "docs" / "fidelity.md").read_text("utf-8")
    cells = [Cell.from_json(cell) for cell in golden["cells"]]
    command = "python -m remedies.scenarios --json tests/remedies/scenarios/matrix.json "
    command += "--markdown docs/fidelity.md"
    assert markdown(cells, golden["versions"], command, page) == page


def test_sentence_states_every_version() -> None:
    assert sentence(VERSIONS) == "Keras 3.15.1, TensorFlow 2.21.0, NumPy 2.5.5, Python 3.12.1"


def test_losses_are_named_with_their_numbers() -> None:
    assert losses(CELLS[0]) == "weights lost 2, outputs changed 100%, silent defects 1"


def test_silent_losses_stand_out_on_a_terminal() -> None:
    console = Console(width=100, force_terminal=True, color_system="standard")
    with console.capture() as captured:
        console.print(terminal(CELLS, VERSIONS))
    text = captured.get()
    assert "\x1b[1;37;41mSILENT" in text
    assert "warned*" in text
    assert "Keras 3.15.1, TensorFlow 2.21.0" in text
