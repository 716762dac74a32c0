"""Keras models that use `tf.where`: the known remedies, and what a save and load really keeps.

Importing this package imports neither TensorFlow nor Keras; building or checking a model does.
"""

from remedies.registry import REFERENCE, REMEDIES, UnknownNameError, build, recipe
from remedies.roundtrip import Defects, Outcome, RoundTrip, round_trip
from remedies.workloads import WORKLOADS

__all__ = [
    "REFERENCE",
    "REMEDIES",
    "WORKLOADS",
    "Defects",
    "Outcome",
    "RoundTrip",
    "UnknownNameError",
    "build",
    "recipe",
    "round_trip",
]
