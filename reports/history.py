"""asv's history of the results, as data: `asv publish` on a cleaned copy of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reports.cleaned import Commit, Copied, copy
from reports.files import clean


class HistoryError(ValueError):
    """No history can be published; the message is one line that says why and what to do."""


def publish(config: Path, results_dir: Path, into: Path) -> tuple[Path, Copied, dict[str, Commit]]:
    """Let asv publish `results_dir` and return the folder that it wrote, below `into`.

    Parameters
    ----------
    config : Path
        The asv.conf.json of the project, in its git repository.
    results_dir : Path
        asv's results; they are not changed.
    into : Path
        An empty folder for the copy and for what asv writes.

    Raises
    ------
    HistoryError
        Where git or asv refuses.
    """
    settings = _settings(config)
    repository = (config.parent / str(settings.get("repo", "."))).absolute()
    known = commits(repository, settings.get("branches") or ["HEAD"])
    copied = copy(results_dir, into / "results", known)
    if _git(repository, "rev-parse", "--is-shallow-repository") == "true":
        copied.notes.insert(
            0,
            f"this clone is shallow, it holds {len(known)} commits: the history shows no others; "
            "git fetch --unshallow brings them (in a workflow: fetch-depth: 0)",
        )
    address = os.environ.get("GITHUB_REPOSITORY")
    server = os.environ.get("GITHUB_SERVER_URL", "https://github.com")
    settings.setdefault("show_commit_url", f"{server}/{address}/commit/" if address else "")
    folders = {"results_dir": "results", "html_dir": "html", "env_dir": "env"}
    settings |= {key: str((into / name).absolute()) for key, name in folders.items()}
    settings["repo"] = str(repository)
    made = into / "asv.conf.json"
    made.write_text(json.dumps(settings), encoding="utf-8")
    command = [sys.executable, "-m", "asv", "publish", "--no-pull", "--config", str(made)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=into)  # noqa: S603
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip() or "nothing").splitlines()[-1]
        raise HistoryError(f"asv publish failed: {clean(said)}")
    return into / "html", copied, known


def _settings(config: Path) -> dict[str, Any]:
    from asv.util import load_json as load_settings

    try:
        settings = load_settings(str(config), js_comments=True)
    except ValueError as error:
        raise HistoryError(f"{str(config)!r} is not JSON: {clean(str(error))}") from None
    if not isinstance(settings, dict):
        raise HistoryError(f"{str(config)!r} is not one of asv's: expected a JSON object")
    return settings


def _git(repository: Path, *words: str) -> str:
    command = ["git", "-C", str(repository), *words]
    try:
        done = subprocess.run(command, capture_output=True, text=True)  # noqa: S603
    except FileNotFoundError:
        raise HistoryError("git is not installed, and the history needs it") from None
    if done.returncode:
        said = clean((done.stderr.strip() or "git failed").splitlines()[-1])
        raise HistoryError(f"no history without the repository {str(repository)!r}: {said}")
    return done.stdout.strip()


def commits(repository: Path, branches: Sequence[str | None]) -> dict[str, Commit]:
    """Return the commits that asv can place: those of `branches`, first parents, and tags."""
    shown = "--format=%H %at %s"
    lines = _git(repository, "log", "--first-parent", shown, *(b or "HEAD" for b in branches), "--")
    if tags := _git(repository, "tag", "--list"):
        lines += "\n" + _git(repository, "log", "--no-walk", shown, *tags.split("\n"), "--")
    found = (line.split(" ", 2) for line in lines.splitlines())
    return {sha: Commit(1000 * int(date), clean(subject)) for sha, date, subject in found}
