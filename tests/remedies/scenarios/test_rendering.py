"""The matrix as it is published."""

from __future__ import annotations

import pytest

from remedies.scenarios.cell import Cell
from remedies.scenarios.rendering import BARE_PAGE, matrix_page
from remedies.state.roundtrip import Defects
from remedies.state.trip import Outcome

from .conftest import PUBLISHED, ROOT

VERSIONS = {"keras": "3.15.1", "tensorflow": "2.21.0", "numpy": "2.5.5", "python": "3.12.1"}
LOST = Defects(weights_lost=2, outputs_changed=1.0, silent_defects=1)
CELLS = [
    Cell("control", "keras", Outcome.WARNED, LOST, 2, "Keras swallowed TypeError: a | b"),
    Cell("tf_cast", "keras", Outcome.WHOLE),
    Cell("control", "frozen_sgd", Outcome.SILENT, Defects(next_step_changed=1)),
    Cell("tf_cast", "frozen_sgd", None, note="why not"),
    Cell("control", "model_in_functional", Outcome.WHOLE, warnings=1),
    Cell("tf_cast", "model_in_functional", Outcome.LOUD, note="in fit: TypeError: no"),
]


def test_page_has_the_core_then_everything_then_the_reasons() -> None:
    lines = matrix_page(CELLS, VERSIONS, "the command").splitlines()
    software = "Keras 3.15.1, TensorFlow 2.21.0, NumPy 2.5.5, Python 3.12.1"
    order = [
        f"{software}. Made by `the command`; not to be edited by hand.",
        "### The core situations",
        "| `keras` | a .keras file | warned* | whole |",
        "### Every situation",
        "| `keras` | a .keras file | warned* | whole |",
        "| **frozen layer** |  |  |  |",
        "| `frozen_sgd` | layer.trainable = False, SGD | **SILENT** | n/a |",
        "| `model_in_functional` | the model in a functional model | whole (!) | loud |",
        "| keras | control | warned* | weights lost 2, outputs changed 100%, silent defects 1 | 2 "
        "| Keras swallowed TypeError: a \\| b |",
        "| model_in_functional | tf_cast | loud |  |  | in fit: TypeError: no |",
        "<!-- end of generated -->",
    ]
    rest = iter(lines)
    assert all(line in rest for line in order)


def test_what_stands_around_the_matrix_stays_and_the_old_one_goes() -> None:
    page = BARE_PAGE.replace("# What", "# Mine\n\nWhat").replace("<!-- end", "old\n<!-- end")
    made = matrix_page(CELLS, VERSIONS, "x", page + "after\n")
    assert made.startswith("# Mine\n\nWhat") and "old" not in made
    assert made.endswith("<!-- end of generated -->\nafter\n")
    assert matrix_page(CELLS, VERSIONS, "x", made) == made


def test_page_without_a_place_for_the_matrix_is_refused() -> None:
    with pytest.raises(ValueError, match="no place for the table"):
        matrix_page(CELLS, VERSIONS, "x", "# A page\n<!-- end of generated --> <!-- generated -->")


def test_published_page_shows_the_published_cells() -> None:
    page = (ROOT / "docs" / "fidelity.md").read_text("utf-8")
    cells = [Cell.from_json(cell) for cell in PUBLISHED["cells"]]
    command = "python -m remedies.scenarios --json docs/fidelity.json --markdown docs/fidelity.md"
    assert matrix_page(cells, PUBLISHED["versions"], command, page) == page
