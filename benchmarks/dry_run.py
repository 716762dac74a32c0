"""Whether a recipe runs at all: its model is made, trained for a step and saved."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path

from benchmarks.session import Entry, Session
from benchmarks.settings import Setting
from remedies import WORKLOADS, build


def measure(session: Session, setting: Setting) -> Iterable[Entry]:
    """Raise what the recipes in the session's sources raise; there is nothing to time."""
    for remedy, folder in session.sources:
        model = build(session.workload, remedy, folder=Path(folder, session.workload))
        model.train_on_batch(*WORKLOADS[session.workload].data(4))
        with tempfile.TemporaryDirectory() as work:
            model.save(Path(work, "model.keras"))
    return ()
