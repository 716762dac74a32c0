"""Session files as one table, judged, and as a page. It never imports TensorFlow."""

from pathlib import Path
from typing import Any

__all__ = ["OutputError", "load"]


class OutputError(ValueError):
    """A page or site cannot be written; the message is one line that says why."""


def load(folder: Path | str) -> Any:
    """Return a pandas DataFrame with a row for each value in the session files of `folder`.

    It raises `reports.frame.SessionsError` where there is nothing to read.
    """
    from reports.frame import read  # here, so that `python -m reports --help` answers at once

    return read(Path(folder)).frame
