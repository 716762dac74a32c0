"""What each remedy keeps in the situations that matter most."""

from collections.abc import Iterator

from benchmarks.session import Entry, Session
from benchmarks.settings import Setting
from remedies import REMEDIES, Outcome
from remedies.scenarios import CORE, NOT_APPLICABLE, run, scenarios

# The less a user hears of a loss, the worse it is.
HARM = {Outcome.WHOLE: 0, Outcome.LOUD: 1, Outcome.WARNED: 2, Outcome.SILENT: 3}


def measure(session: Session, setting: Setting) -> Iterator[Entry]:
    """Yield the harm of each core situation to each remedy that it applies to.

    Each entry's text says what is done in the situation.
    """
    for cell in run(tuple(REMEDIES), CORE):
        if cell["outcome"] != NOT_APPLICABLE:
            name, harm = cell["scenario"], HARM[Outcome(cell["outcome"])]
            axes: dict[str, str | int] = {"situation": name, "remedy": cell["remedy"]}
            yield Entry("situation_harm", harm, axes, scenarios()[name].description)
