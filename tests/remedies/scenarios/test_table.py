from __future__ import annotations

from pathlib import Path

from rich.console import Console

from remedies.roundtrip import Defects, Outcome
from remedies.scenarios.cell import Cell
from remedies.scenarios.table import losses, markdown, sentence, terminal

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
