"""The words for remedies, situations and claims that a reader sees."""

from pathlib import Path

from remedies import REFERENCE
from remedies.scenarios import CORE

TEMPLATES = Path(__file__).with_name("templates")
CONTROL = "control"
HARM = ("kept", "raises", "lost, with a warning", "lost with no warning")
HARM_WORDS = ("kept", "raises", "warns", "silent")  # the same in a cell as wide as a word
STEPS = {"train": "training step", "predict": "predict step"}
COSTS = {"first_step_ratio": "first step", "save_ratio": "save", "load_ratio": "load"}
BRIEF = {  # beside a remedy's name
    "control": "the model as it is",
    "build_from_config": "one method more",
    "build_from_config_pair": "two methods more",
    "tf_cast": "cast the mask",
    "functional_bool_input": "a functional model",
    "ops_where": "keras.ops.where",
}
WHY = {  # it helps, beside the change
    "tf_cast": "In training the cast changes nothing. But when Keras loads the file, it calls the "
    "model with a float32 mask in place of the bool one; tf.where refuses that mask, and the cast "
    "lets that call pass.",
    "ops_where": "When Keras loads the file, it calls the model with a float32 mask in place of "
    "the bool one; tf.where refuses that mask, and keras.ops.where casts it.",
}
JITS = {
    ("graph",): "without XLA",
    ("xla",): "with XLA",
    ("graph", "xla"): "with and without XLA",
}

__all__ = ["BRIEF", "CONTROL", "CORE", "COSTS", "HARM", "HARM_WORDS", "JITS",
           "REFERENCE", "SITUATIONS", "STEPS", "WHY", "prose"]  # fmt: skip


def prose(name: str) -> list[str]:
    """Return the paragraphs of a text beside the templates, one a line."""
    return (TEMPLATES / f"{name}.txt").read_text(encoding="utf-8").splitlines()


SITUATIONS = dict(line.split(": ", 1) for line in prose("situations"))
