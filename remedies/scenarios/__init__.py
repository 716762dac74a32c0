"""What each remedy keeps in every situation that Keras users meet: the matrix.

Importing this package imports neither TensorFlow nor Keras; running a cell does.
"""

from remedies.scenarios.cell import Cell
from remedies.scenarios.matrix import CORE, REMEDIES, SCENARIOS, run, versions
from remedies.scenarios.scenario import Scenario

__all__ = ["CORE", "REMEDIES", "SCENARIOS", "Cell", "Scenario", "run", "versions"]
