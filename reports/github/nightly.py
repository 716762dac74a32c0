"""Earlier nightly runs: where the last results are, and which commit they are of."""

from __future__ import annotations

import re

from reports.github.api import GitHub

WORKFLOW, ARTIFACT = "nightly.yml", "results"
_HASH = re.compile(r"[0-9a-f]{40}")


def previous(github: GitHub, branch: str, before: int) -> tuple[int, str] | None:
    """Return the newest finished nightly run that still has its results, and its commit.

    Parameters
    ----------
    github : GitHub
        With permission to read actions.
    branch : str
        The default branch.
    before : int
        This run's own number; runs from it on do not count.
    """
    path = f"actions/workflows/{WORKFLOW}/runs?branch={branch}&status=completed&per_page=50"
    for run in github.call("GET", path)["workflow_runs"]:
        number, commit = int(run["id"]), str(run["head_sha"])
        if number < before and _HASH.fullmatch(commit) and _has_results(github, number):
            return number, commit
    return None


def _has_results(github: GitHub, run: int) -> bool:
    found = github.call("GET", f"actions/runs/{run}/artifacts?name={ARTIFACT}")["artifacts"]
    return any(not artifact["expired"] for artifact in found)
