"""What each remedy keeps in every situation that Keras users meet: the matrix.

Importing this package imports neither TensorFlow nor Keras; running a cell does.
"""

from remedies.scenarios.matrix import CORE, run, scenarios

__all__ = ["CORE", "run", "scenarios"]
