"""asv results as a table, verdicts, figures and a page. Never imports TensorFlow.

>>> import reports
>>> frame = reports.load(".asv/results")                     # doctest: +SKIP
>>> reports.compare(frame, threshold=0.01).verdict.unique()  # doctest: +SKIP
"""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Any

__all__ = ["compare", "load"]


def load(results_dir: str | PathLike[str]) -> Any:
    """Return every measurement under an asv results folder as a tidy pandas DataFrame.

    Parameters
    ----------
    results_dir : path
        asv's results folder; the results of several machines may lie side by side in it.

    Returns
    -------
    DataFrame
        One row a measurement: machine, commit, environment, metric, workload, remedy, device, jit,
        mask_dtype, batch, value, unit, ci_low, ci_high, n, ratio (to the reference in the same
        rounds), ratio_ci_low, ratio_ci_high; then the axes of some benchmarks only (kernel, size,
        step), Keras' backend, ratio_n, the quartiles q_25 and q_75, failed, started_at
        (milliseconds since 1970), launches, the estimate of the ratio in each fresh process
        where the samples were recorded, else None, and ratio_degrees, the
        degrees of freedom of its interval (infinite where it counts ranks), which `compare` needs.
        What was not measured has a NaN `value`.

    Raises
    ------
    ValueError
        Where the folder is missing or empty, or holds nothing that can be read.
    """
    from reports.results import read

    return read(Path(results_dir)).frame


def compare(frame: Any, threshold: float = 0.02) -> Any:
    """Return `frame` with a verdict for each ratio: same, faster, slower, undecided, unreliable.

    Parameters
    ----------
    frame : DataFrame
        As `load` returns it, or some of its rows.
    threshold : float
        The margin within which two times count as the same; 0.02 is 2 %.

    Returns
    -------
    DataFrame
        A copy with `verdict`, `more_samples` (about how many would settle what is undecided), and
        the interval of the cell's placebo, and `unreliable`, why a session is not to be used.
    """
    from reports.verdicts import compare as compare_frame

    return compare_frame(frame, threshold)
