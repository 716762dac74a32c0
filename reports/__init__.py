"""Session files as one table, judged, and as a page. It never imports TensorFlow.

Examples
--------
>>> import reports                                          # doctest: +SKIP
>>> from reports.judge import judge                         # doctest: +SKIP
>>> frame = reports.load(".asv/sessions/mine")              # doctest: +SKIP
>>> judge(frame)[["remedy", "step", "word", "text"]]        # doctest: +SKIP
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

__all__ = ["load"]


def load(folder: Path | str) -> Any:
    """Return a pandas DataFrame with a row for each value in the session files of `folder`.

    Raises
    ------
    reports.frame.SessionsError
        Where there is nothing to read.
    """
    # pandas is imported only here: `python -m reports --help` answers at once.
    from reports.frame import read

    return read(Path(folder)).frame
