"""How many lines each remedy changes of the control's recipe."""

from collections.abc import Iterator
from pathlib import Path

from benchmarks.session import Entry, Session
from benchmarks.settings import Setting
from remedies import REMEDIES, WORKLOADS
from remedies.registry import lines_changed, recipes


def measure(session: Session, setting: Setting) -> Iterator[Entry]:
    """Yield the lines that each recipe of each workload changes."""
    for source, folder in dict(session.sources or (("", ""),)).items():
        for workload in setting.workloads:
            place = Path(folder, workload) if folder else WORKLOADS[workload].folder
            for remedy in (name for name in recipes(place) if name in REMEDIES):
                axes: dict[str, str | int] = {"workload": workload, "remedy": remedy}
                axes |= {"source": source} if source else {}
                yield Entry("recipe_lines", lines_changed(place, remedy), axes)
