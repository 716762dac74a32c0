"""What each remedy keeps in every situation that Keras users meet: the matrix.

Importing this package imports neither TensorFlow nor Keras; running a cell does.
"""

from remedies.scenarios.cell import Cell
from remedies.scenarios.experiment import REMEDIES, Scenario
from remedies.scenarios.matrix import CORE, SCENARIOS, run

__all__ = ["CORE", "REMEDIES", "SCENARIOS", "Cell", "Scenario", "run"]
