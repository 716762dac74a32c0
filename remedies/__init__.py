"""Keras models that use `tf.where`: the known remedies, and what a save and load really keeps.

Importing this package imports neither TensorFlow nor Keras; building or checking a model does.
"""

from remedies.checking.check import check, guard
from remedies.checking.findings import Report
from remedies.comparing.compare import compare
from remedies.problem import BadInputError
from remedies.registry import REFERENCE, REMEDIES, WORKLOADS, build
from remedies.rescuing import Rescue, rescue
from remedies.state.roundtrip import Defects, RoundTrip, keras_file_twice, round_trip
from remedies.state.trip import Outcome

__all__ = [
    "REFERENCE",
    "REMEDIES",
    "WORKLOADS",
    "BadInputError",
    "Defects",
    "Outcome",
    "Report",
    "Rescue",
    "RoundTrip",
    "build",
    "check",
    "compare",
    "guard",
    "keras_file_twice",
    "rescue",
    "round_trip",
]
