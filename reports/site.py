"""asv's history of every commit measured, as pages behind the report."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

MOST_SECONDS = 900  # asv looks for steps in every series; a value that is not finite hangs it
_TAKEN = ("index.json", "info.json", "regressions.json", "regressions.xml")


class SiteError(ValueError):
    """No site can be made; the message is one line that says why and what to do."""


def has_history(config: Path, results: Path) -> bool:
    """Return whether asv's `results` hold any, and say that; `SiteError` without its settings."""
    if not config.is_file():
        raise SiteError(f"no {str(config)!r}; name asv's settings with --config FILE")
    there = any(results.glob("*/*.json"))
    text = "the history: asv publish, some minutes where there are many commits"
    text = text if there else f"no history: {str(results)!r} holds no results of asv"
    print(f"reports: {text}", file=sys.stderr, flush=True)
    return there


def publish(config: Path, results: Path, into: Path) -> None:
    """Let asv publish `results` and asv-tachyon show them, in the folder `into`."""
    with tempfile.TemporaryDirectory() as folder:
        settings = _settings(config) | {
            "repo": str(config.parent.absolute()),
            "results_dir": str(results.absolute()),
            "html_dir": str(Path(folder, "html")),
            "env_dir": str(Path(folder, "env")),
        }
        made = Path(folder, "asv.conf.json")
        made.write_text(json.dumps(settings), encoding="utf-8")
        _command("asv", "publish", "--no-pull", "--config", str(made))
        # asv's own pages ask other hosts for their scripts: only its data are taken.
        shutil.copytree(Path(folder, "html", "graphs"), into / "graphs")
        for name in _TAKEN:
            shutil.copy(Path(folder, "html", name), into / name)
    _command("asv_tachyon", "install", "--no-backup", str(into))


def _settings(config: Path) -> dict[str, Any]:
    from asv.util import load_json

    try:
        settings: dict[str, Any] = load_json(str(config), js_comments=True)
    except ValueError as error:
        raise SiteError(f"{str(config)!r} is not JSON: {_last(str(error))}") from None
    address = os.environ.get("GITHUB_REPOSITORY")
    server = os.environ.get("GITHUB_SERVER_URL", "https://github.com")
    return {"show_commit_url": f"{server}/{address}/commit/" if address else ""} | settings


def _command(module: str, *words: str) -> None:
    command = [sys.executable, "-m", module, *words]
    try:
        done = subprocess.run(  # noqa: S603  our own interpreter and words
            command, capture_output=True, text=True, timeout=MOST_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise SiteError(f"{module} {words[0]} took over {MOST_SECONDS // 60} minutes") from None
    if done.returncode:
        raise SiteError(f"{module} {words[0]} failed: {_last(done.stderr or done.stdout)}")


def _last(text: str) -> str:
    """Return the last line of `text`, as a terminal may show it."""
    line = (text.strip().splitlines() or ["nothing said"])[-1]
    return "".join(c if c.isprintable() else " " for c in line)[:300]
