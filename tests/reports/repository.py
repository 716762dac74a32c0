"""Makes git repositories with commits and asv's settings, for what reads both."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from tests.reports.factory import STARTED, Folder
from tests.reports.machine import Measure

DAY = 86_400_000
ME = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "me"), ("EMAIL", "me@example.org"))
}


def git(root: Path, *words: str, date: str = "") -> str:
    dated = {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date} if date else {}
    done = subprocess.run(
        ["git", *words],  # noqa: S607
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
        env=os.environ | ME | dated,
    )
    return done.stdout.strip()


class Repository:
    """A repository with asv's settings, and results of its commits in .asv/results."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True)
        git(root, "init", "--quiet", "--initial-branch=main")
        settings = {"version": 1, "project": "remedies", "repo": ".", "branches": ["HEAD"]}
        (root / "asv.conf.json").write_text("// asv allows this\n" + json.dumps(settings))
        self.results = Folder(root / ".asv" / "results")
        self.commits: list[str] = []

    @property
    def config(self) -> Path:
        return self.root / "asv.conf.json"

    def commit(self) -> str:
        number = len(self.commits)
        date = f"{(STARTED + number * DAY) // 1000} +0000"
        message = f"Change number {number} <b>"
        git(self.root, "commit", "--quiet", "--allow-empty", "--message", message, date=date)
        self.commits.append(git(self.root, "rev-parse", "HEAD"))
        return self.commits[-1]

    def measure(self, measure: Measure, **run: Any) -> Path:
        """Add results of the last commit."""
        started = STARTED + len(self.commits) * DAY
        return self.results.add(measure, commit=self.commits[-1], started_at=started, **run)
