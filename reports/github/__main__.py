"""The command ``python -m reports.github``, for the workflows."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from reports.github.api import GitHub, GitHubError
from reports.github.comment import comment
from reports.github.issue import issue
from reports.github.nightly import previous
from reports.github.proposal import propose
from reports.github.verdict import MOST_BYTES, HostileError, read

EXAMPLES = """\
examples, each in a workflow's job:
  python -m reports.github comment                  after a pull request's check
  python -m reports.github issue verdict.json       after the nightly run
  python -m reports.github previous                 writes run=... and commit=... for later steps
  python -m reports.github propose found docs/keras_versions.json --branch keras-watch --title ...

GITHUB_TOKEN is the job's own token; the rest comes from GitHub's own variables.
"""


def parser() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    made = argparse.ArgumentParser(
        prog="python -m reports.github",
        description="Say on GitHub what the workflows found.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = made.add_subparsers(dest="command", required=True)
    commands.add_parser("comment", help="post a check's verdict on its pull request")
    tell = commands.add_parser("issue", help="open or add to the issue about regressions")
    tell.add_argument("verdict", type=Path, help="what `reports gate --format json` wrote")
    commands.add_parser("previous", help="find the last nightly results")
    offer = commands.add_parser("propose", help="open or renew a pull request with new files")
    offer.add_argument("folder", type=Path, help="where the files are")
    offer.add_argument("paths", nargs="+", metavar="path", help="of each file, in the repository")
    for name in ("branch", "title"):
        offer.add_argument(f"--{name}", required=True)
    offer.add_argument("--body", default="", help="of the pull request")
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns
    -------
    int
        0, or 2 where something was refused or GitHub did not answer.
    """
    given = parser().parse_args(arguments)
    try:
        print(_run(given))
    except (HostileError, GitHubError, OSError) as error:
        print(f"reports.github: {error}", file=sys.stderr)
        return 2
    except KeyError as error:
        print(f"reports.github: {error} is missing in what GitHub says", file=sys.stderr)
        return 2
    return 0


def _run(given: argparse.Namespace) -> str:
    known = os.environ
    url = known.get("GITHUB_API_URL", "https://api.github.com")
    github = GitHub(known["GITHUB_REPOSITORY"], known["GITHUB_TOKEN"], url)
    if given.command == "comment":
        event = json.loads(Path(known["GITHUB_EVENT_PATH"]).read_text(encoding="utf-8"))
        return comment(github, event)
    if given.command == "propose":
        return propose(github, given.folder, given.paths, given.branch, given.title, given.body)
    if given.command == "previous":
        return _previous(github)
    pages = f"{known['GITHUB_SERVER_URL']}/{github.repository}"
    with given.verdict.open("rb") as file:
        verdict = read(file.read(MOST_BYTES + 1))
    return issue(github, verdict, pages, f"{pages}/actions/runs/{int(known['GITHUB_RUN_ID'])}")


def _previous(github: GitHub) -> str:
    found = previous(github, os.environ["GITHUB_REF_NAME"], int(os.environ["GITHUB_RUN_ID"]))
    run, commit = found or ("", "")
    with Path(os.environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as file:
        file.write(f"run={run}\ncommit={commit}\n")
    return f"the last nightly results: {commit[:12]} in run {run}" if found else "none so far"


if __name__ == "__main__":
    sys.exit(main())
