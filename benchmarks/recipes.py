"""How many lines each remedy changes of the control's recipe."""

from collections.abc import Iterator

from benchmarks.session import Entry, Session
from benchmarks.settings import Setting
from remedies import REMEDIES, WORKLOADS
from remedies.registry import lines_changed, recipes


def measure(session: Session, setting: Setting) -> Iterator[Entry]:
    """Yield the lines that each recipe of each workload changes."""
    for workload in setting.workloads:
        folder = WORKLOADS[workload].folder
        for remedy in (name for name in recipes(folder) if name in REMEDIES):
            axes: dict[str, str | int] = {"workload": workload, "remedy": remedy}
            yield Entry("recipe_lines", lines_changed(folder, remedy), axes)
