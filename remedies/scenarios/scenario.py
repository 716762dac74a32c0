"""What a scenario is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from remedies.roundtrip import RoundTrip


@dataclass(frozen=True)
class Scenario:
    """One situation that every remedy is put into.

    Attributes
    ----------
    name, group : str
        Its name in results and commands, and the heading it stands under.
    about : str
        What is done, in one line.
    check : callable
        ``check(remedy)`` does it and returns the findings. It raises `NotApplicableError` where
        the remedy has nothing to show.
    core : bool
        Whether it is one of the few that are run over many versions of Keras.
    own_process : bool
        Whether it needs a process whose TensorFlow has not started.
    """

    name: str
    group: str
    about: str
    check: Callable[[str], RoundTrip]
    core: bool = False
    own_process: bool = False
