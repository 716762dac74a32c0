"""The matrix as it is published."""

from __future__ import annotations

import pytest

from remedies.scenarios.rendering import BARE_PAGE, listed, matrix_page

from .conftest import PUBLISHED, ROOT


def cell(scenario: str, remedy: str, outcome: str, **rest: object) -> dict[str, object]:
    return {"scenario": scenario, "remedy": remedy, "outcome": outcome, **rest}


LOST = {"weights_lost": 2, "outputs_changed": 0.5, "silent_defects": 1}
RUN = {
    "versions": {"keras": "3.15.1", "tensorflow": "2.21.0"},
    "cells": [
        cell("keras", "control", "warned", defects=LOST, warnings=2, note="a | b"),
        cell("keras", "tf_cast", "whole"),
        cell("frozen_sgd", "control", "silent", defects={"next_step_changed": 1}),
        cell("frozen_sgd", "tf_cast", "n/a", note="why not"),
        cell("model_in_functional", "control", "whole", warnings=1),
        cell("model_in_functional", "tf_cast", "loud", note="in fit: TypeError: no"),
    ],
}


def test_page_has_the_core_then_everything_then_the_reasons() -> None:
    lines = matrix_page(BARE_PAGE, "the command", RUN).splitlines()
    order = [
        "Made by `the command`; not to be edited by hand. Keras 3.15.1 on TensorFlow 2.21.0.",
        "### The core situations",
        "| `keras` | a .keras file | warned* | whole |",
        "### Every situation",
        "| `keras` | a .keras file | warned* | whole |",
        "| **frozen layer** |  |  |  |",
        "| `frozen_sgd` | layer.trainable = False, SGD | **SILENT** | n/a |",
        "| `model_in_functional` | the model in a functional model | whole (!) | loud |",
        "| keras | control | warned* | weights lost 2, outputs changed 0.5, silent defects 1 | 2 "
        "| a \\| b |",
        "| frozen_sgd | control | **SILENT** | next step changed 1 |  |  |",
        "| model_in_functional | control | whole (!) |  | 1 |  |",
        "| model_in_functional | tf_cast | loud |  |  | in fit: TypeError: no |",
        "<!-- end of generated -->",
    ]
    rest = iter(lines)
    assert all(line in rest for line in order)


def test_what_stands_around_the_matrix_stays_and_the_old_one_goes() -> None:
    page = BARE_PAGE.replace("# What", "# Mine\n\nWhat").replace("<!-- end", "old\n<!-- end")
    made = matrix_page(page + "after\n", "x", RUN)
    assert made.startswith("# Mine\n\nWhat") and "old" not in made
    assert made.endswith("<!-- end of generated -->\nafter\n")
    assert matrix_page(made, "x", RUN) == made


def test_page_without_a_place_for_the_matrix_is_refused() -> None:
    with pytest.raises(ValueError, match="no place for the table"):
        matrix_page("# A page\n<!-- end of generated --> <!-- generated -->", "x", RUN)


def test_page_without_a_core_situation_has_one_table() -> None:
    page = matrix_page(BARE_PAGE, "x", RUN | {"cells": RUN["cells"][-2:]})
    assert "core" not in page and page.count("| situation | what is done |") == 1


def test_published_page_shows_the_published_cells() -> None:
    page = (ROOT / "docs" / "fidelity.md").read_text("utf-8")
    command = "python -m remedies.scenarios --output docs"
    assert matrix_page(page, command, PUBLISHED) == page
    text = listed("cells", PUBLISHED["cells"], versions=PUBLISHED["versions"])
    assert (ROOT / "docs" / "fidelity.json").read_text("utf-8") == text
