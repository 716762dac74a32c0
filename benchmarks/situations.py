"""What each remedy keeps in the situations that matter most."""

from collections.abc import Iterator

from benchmarks.session import Entry, Session
from benchmarks.settings import Setting
from remedies import REMEDIES, Outcome
from remedies.scenarios import CORE, NOT_APPLICABLE, run

# The less a user hears of a loss, the worse it is.
HARM = {Outcome.WHOLE: 0, Outcome.LOUD: 1, Outcome.WARNED: 2, Outcome.SILENT: 3}


# What each kind of state has lost, by defects.
_KINDS = {
    "weights": {"weights_lost", "weights_changed"},
    "optimizer state": {"optimizer_variables_lost", "optimizer_variables_changed",
                        "iterations_lost"},
    "compile settings": {"compile_changed"},
    "outputs": {"outputs_changed"},
}  # fmt: skip


def measure(session: Session, setting: Setting) -> Iterator[Entry]:
    """Yield the harm of each core situation to each remedy that it applies to.

    Each entry's text says which kinds of state have lost something, separated by commas.
    """
    for cell in run(tuple(REMEDIES), CORE):
        if cell["outcome"] != NOT_APPLICABLE:
            axes: dict[str, str | int] = {"situation": cell["scenario"], "remedy": cell["remedy"]}
            defects = cell.get("defects", {}).keys()
            kinds = [kind for kind, own in _KINDS.items() if own & defects]
            if len(kinds) > 1 and "outputs" in kinds:  # they differ because state is lost
                kinds.remove("outputs")
            yield Entry("situation_harm", HARM[Outcome(cell["outcome"])], axes, ", ".join(kinds))
