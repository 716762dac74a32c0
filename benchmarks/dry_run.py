"""Whether a recipe runs at all: on each mask dtype its model is made, trained and saved."""

import tempfile
from collections.abc import Iterable
from pathlib import Path

from benchmarks.session import Entry, Session
from benchmarks.settings import Setting
from remedies import REMEDIES, WORKLOADS, build


def measure(session: Session, setting: Setting) -> Iterable[Entry]:
    """Raise what the recipes in the session's sources raise; there is nothing to time."""
    for remedy, folder in session.sources:
        for mask_dtype in REMEDIES[remedy].mask_dtypes:
            model = build(session.workload, remedy, folder=Path(folder, session.workload))
            model.train_on_batch(*WORKLOADS[session.workload].data(4, mask_dtype))
            with tempfile.TemporaryDirectory() as work:
                model.save(Path(work, "model.keras"))
    return ()
