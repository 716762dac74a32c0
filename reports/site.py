"""One site of the report and asv's history: ``python -m reports.site``, or `scripts/publish`."""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reports.__main__ import Parser, newest, run

EXAMPLES = """\
examples:
  scripts/publish
  scripts/publish --out public --sessions collected --results collected/results

The history needs the git repository with all its commits, not a shallow clone.
"""
MOST_SECONDS = 900  # asv looks for steps in every series; a value that is not finite hangs it
_TAKEN = ("index.json", "info.json", "regressions.json", "regressions.xml")


class SiteError(ValueError):
    """No site can be made; the message is one line that says why and what to do."""


def parser() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    purpose = "Make one site: the report, and asv's history of every commit measured."
    made = Parser(EXAMPLES, prog="scripts/publish", description=purpose)
    for name, meaning in (
        ("--out", "where the site goes, replaced as a whole (default: .asv/site)"),
        ("--sessions", "session files of the report (default: newest folder in .asv/sessions)"),
        ("--results", "asv's results, for the history (default: .asv/results)"),
        ("--config", "asv's settings; .asv is beside them (default: asv.conf.json)"),
    ):
        made.add_argument(name, type=Path, metavar="PATH", help=meaning)
    made.set_defaults(config=Path("asv.conf.json"))
    return made


def build(config: Path, sessions: Path | None, results: Path | None, out: Path | None) -> Path:
    """Write the site, whole or not at all, and return its page."""
    from reports.output import check, replaced, write
    from reports.page import render
    from reports.results import gather

    if not config.is_file():
        raise SiteError(f"no {str(config)!r}; name asv's settings with --config FILE")
    beside = config.parent / ".asv"
    out, results = out or beside / "site", results or beside / "results"
    check(out)
    _progress("the report")
    measured = gather(sessions or newest(beside / "sessions"))
    history = any(results.glob("*/*.json"))
    with replaced(out) as site:
        write(site, render(measured, "history/index.html" if history else ""))
        if history:
            _progress("the history: asv publish, some minutes where there are many commits")
            publish(config, results, site / "history")
        else:
            _progress(f"no history: {str(results)!r} holds no results of asv")
    return out / "index.html"


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


def _progress(text: str) -> None:
    print(f"publish: {text}", file=sys.stderr, flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status: 0, or 2 with one line that says why."""
    chosen = parser().parse_args(arguments)
    return run("publish", lambda: build(**vars(chosen)))


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main())
