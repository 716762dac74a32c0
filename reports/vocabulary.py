"""What a reader is told of remedies, situations and claims."""

from __future__ import annotations

from remedies import REFERENCE
from remedies.scenarios import CORE

CONTROL = "control"
HARM = ("kept", "raises", "lost, with a warning", "lost with no warning")
STEPS = {"train": "training step", "predict": "predict step"}
COSTS = {"first_step_ratio": "first step", "save_ratio": "save", "load_ratio": "load"}
ACTIONS = {
    "control": "change nothing",
    "build_from_config": "write build_from_config and build every layer in it",
    "build_from_config_pair": "write build_from_config and get_build_config",
    "tf_cast": 'cast the mask first: tf.where(tf.cast(mask, "bool"), ...)',
    "functional_bool_input": "write the model functionally, with keras.Input(..., "
    'dtype="bool") and a layer around tf.where',
    "ops_where": "call keras.ops.where in place of tf.where",
}
CLAIMS = {
    "C1": "Saving and loading such a model does not crash; it only warns, so the damage is easy "
    "to miss.",
    "C2": "Two warnings appear: the model cannot be built from its build config, and the "
    "optimizer's variable count does not match.",
    "C3": "What is lost is the optimizer's state.",
    "C4": "Cause: when Keras rebuilds the model it does not know the input dtypes and assumes "
    "floatx.",
    "C5": "Cause, continued: tf.where is strict about its condition's dtype, so the rebuild fails.",
    "C6": "Remedy 1, build_from_config, makes the round trip whole.",
    "C7": "Remedy 2, tf.cast, makes the round trip whole.",
    "C8": "Remedy 3, the functional API with a bool input, avoids the problem.",
    "C9": "The cast of remedy 2 has a run-time cost.",
    "C10": "Where speed matters, prefer the functional API: no conversion happens at run time.",
    "C11": "In Keras 3.x prefer keras.ops.where to tf.where.",
    "C12": "For complex models prefer the functional API; a subclass must implement all of its "
    "serialization methods.",
    "C13": "After saving, always verify that the optimizer's state is really restored.",
}

__all__ = ["ACTIONS", "CLAIMS", "CONTROL", "CORE", "COSTS", "HARM", "REFERENCE", "STEPS"]


def action(remedy: str) -> str:
    """Return what a user does, in a few words; the name of a remedy that is not one of ours."""
    return ACTIONS.get(remedy, f"write it as {remedy} does")
