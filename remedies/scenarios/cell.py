"""One cell of the matrix: a remedy in a scenario, measured, and what came of it."""

from __future__ import annotations

import contextlib
import inspect
import io
import re
import time
import warnings
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from remedies.roundtrip import Defects, Outcome, RoundTrip
from remedies.scenarios.case import NotApplicableError, UseError, line, set_policy
from remedies.scenarios.scenario import Scenario

NOT_APPLICABLE = "n/a"
_UNSTABLE = re.compile(r"(/[^\s'\"]*/tmp\w*)|( at)? 0x[0-9a-f]+|(?<=[a-z])_\d+\b|, value=[^>]*")


@dataclass(frozen=True)
class Cell:
    """What a remedy came to in a scenario.

    Attributes
    ----------
    remedy, scenario : str
        Their names.
    outcome : Outcome or None
        None where the remedy does not apply.
    defects : Defects
        What was lost; nothing where the model could not even be made, trained or loaded.
    warnings : int
        How many warnings the user was given while saving and loading.
    note : str
        The reason, the error, or what Keras swallowed, in one line.
    seconds : float
        How long it took, for the progress.
    """

    remedy: str
    scenario: str
    outcome: Outcome | None
    defects: Defects = field(default_factory=Defects)
    warnings: int = 0
    note: str = ""
    seconds: float = 0.0

    @property
    def word(self) -> str:
        """The outcome's word, or `n/a`."""
        return self.outcome.value if self.outcome else NOT_APPLICABLE

    def to_json(self) -> dict[str, Any]:
        """Return plain data; of the defects, those that are not 0. Times are left out."""
        defects = {name: value for name, value in asdict(self.defects).items() if value}
        data = vars(self) | {"outcome": self.word, "defects": defects}
        return {name: value for name, value in data.items() if name != "seconds"}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Cell:
        """Return the cell that `to_json` described."""
        word = data["outcome"]
        outcome = None if word == NOT_APPLICABLE else Outcome(word)
        return cls(**{**data, "outcome": outcome, "defects": Defects(**data["defects"])})


def measure(remedy: str, scenario: Scenario) -> Cell:
    """Put `remedy` into `scenario`, from a clean start, and return what came of it."""
    start = time.perf_counter()
    with _clean():
        outcome, defects, given, note = _outcome(remedy, scenario)
    seconds = round(time.perf_counter() - start, 2)
    return Cell(remedy, scenario.name, outcome, defects, given, _short(note), seconds)


def _outcome(remedy: str, scenario: Scenario) -> tuple[Outcome | None, Defects, int, str]:
    try:
        found = scenario.check(remedy)
    except NotApplicableError as reason:
        return None, Defects(), 0, str(reason)
    except UseError as error:
        return Outcome.LOUD, Defects(), 0, str(error)
    defects = Defects() if found.load_error else found.defects
    return found.outcome, defects, len(found.warnings), _note(found)


def _note(found: RoundTrip) -> str:
    if found.load_error:
        return found.load_error
    if not found.defects:
        return ""
    swallowed = dict.fromkeys(line(error) for error in found.swallowed)
    parts = [found.remark] * bool(found.remark)
    parts += [f"Keras swallowed {text}" for text in swallowed]
    parts += [f"the next step raises {found.next_step_error}"] if found.next_step_error else []
    parts += [f"compile settings changed: {', '.join(found.settings_changed)}"] * bool(
        found.defects.compile_changed
    )
    return "; ".join(parts)


def _short(note: str, width: int = 240) -> str:
    """Return `note` without what differs from run to run: folders, addresses, counters."""
    note = _UNSTABLE.sub("", note)
    return note if len(note) <= width else note[: width - 1] + "…"


@contextlib.contextmanager
def _clean() -> Any:
    """Start from Keras' defaults and fixed seeds, in silence, and leave nothing behind."""
    import keras

    own = keras.backend
    # Keras' own commits before 3.4, which asv installs unbuilt, lack the public names.
    clear = getattr(own, "clear_session", None) or own.common.global_state.clear_session
    cheap = {"free_memory": False}  # collecting garbage takes longer than most cells
    clear(**(cheap if "free_memory" in inspect.signature(clear).parameters else {}))
    keras.utils.set_random_seed(0)
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            set_policy("float32")
