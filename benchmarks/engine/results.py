"""What the sessions of a run measured, looked up by metric and parameters."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Key = tuple[str, frozenset[tuple[str, object]]]
Measured = float | dict[str, Any]


def entry(metric: str, measured: Measured, **parameters: object) -> dict[str, Any]:
    """Return one measurement as JSON-ready data.

    Parameters
    ----------
    metric : str
        The benchmark's name after ``track_``.
    measured : float or dict
        A number, or ``{"samples": list of float, "number": calls per sample}``, which asv gives a
        median, a 99 % interval and quartiles.
    **parameters
        The benchmark parameters that the session itself does not fix.
    """
    return {"metric": metric, "parameters": parameters, "measured": measured}


@dataclass
class Results:
    """Measurements by metric and parameters, and the sessions that failed.

    Attributes
    ----------
    measured : dict
        ``(metric, frozenset of parameter items)`` -> what a `track_` benchmark returns.
    failures : list of (dict, str)
        Parameters of each session that failed, and why.
    """

    measured: dict[Key, Measured] = field(default_factory=dict)
    failures: list[tuple[dict[str, object], str]] = field(default_factory=list)

    def add(self, parameters: Mapping[str, object], entries: Iterable[Mapping[str, Any]]) -> None:
        """Take in one finished session: its own `parameters` and its `entries`.

        The samples of a session that was launched several times follow each other in the order of
        the launches; a plain number stays as the first launch found it.
        """
        for item in entries:
            key = item["metric"], frozenset({**parameters, **item["parameters"]}.items())
            known, new = self.measured.get(key), item["measured"]
            if known is None:
                self.measured[key] = new
            elif isinstance(known, dict):
                self.measured[key] = {**known, "samples": [*known["samples"], *new["samples"]]}

    def get(self, metric: str, names: Iterable[str], values: Iterable[object]) -> Measured:
        """Return what was measured; NaN, which asv shows as n/a, where there is nothing to measure.

        Raises
        ------
        RuntimeError
            Where the session that should have measured it failed; asv then shows ``failed``.
        """
        wanted = dict(zip(names, values, strict=True))
        key = metric, frozenset(wanted.items())
        if key in self.measured:
            return self.measured[key]
        for parameters, reason in self.failures:
            if parameters.items() <= wanted.items():
                raise RuntimeError(reason)
        return math.nan
