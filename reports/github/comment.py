"""The one comment on a pull request: found by its marker and its author, edited in place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from reports.github.api import GitHub
from reports.github.artifact import fetch
from reports.github.section import section
from reports.github.verdict import DEVICES, HostileError, Verdict, read

MARKER = "<!-- remedies-gate -->"
BOT = "github-actions[bot]"
LABEL = "gpu"
MOST = 65_536
WORKFLOWS = {
    ".github/workflows/pr-check-cpu.yml": "cpu",
    ".github/workflows/pr-check-gpu.yml": "gpu",
}
_SECTION = re.compile(
    r"<!-- section (?P<device>cpu|gpu) (?P<status>[012]) (?P<head>[0-9a-f]{40}) -->\n"
    r".*?\n<!-- end of section -->",
    re.DOTALL,
)


def comment(github: GitHub, event: Mapping[str, Any]) -> str:
    """Post or edit the comment that the finished workflow run in `event` is about.

    Parameters
    ----------
    github : GitHub
        With permission to read artifacts and to write to pull requests.
    event : mapping
        The ``workflow_run`` event, as GitHub wrote it.

    Returns
    -------
    str
        One line: what was done, or why nothing was.

    Raises
    ------
    HostileError
        Where the artifact is not what it claims; nothing is posted then.
    GitHubError
        Where GitHub does not answer.
    """
    run = event["workflow_run"]
    device = WORKFLOWS.get(run["path"].partition("@")[0])
    if device is None or run["event"] != "pull_request":
        raise HostileError("not a run of a pull request's check")
    claim = fetch(github, int(run["id"]))
    if claim is None:
        return "the run left no verdict; nothing to post"
    if claim.device != device:
        raise HostileError("the artifact is of another device than its workflow")
    if not _is_at(github, claim.pull, run):
        return f"pull request {claim.pull} is not open at the commit measured; nothing posted"
    if device == "gpu":
        _spend_label(github, claim.pull)
    verdict = read(claim.data)
    if (verdict.device, verdict.head) != (device, run["head_sha"]):
        raise HostileError("the verdict is of another device or commit than its run")
    return _post(github, claim.pull, verdict, str(run["html_url"]))


def _is_at(github: GitHub, number: int, run: Mapping[str, Any]) -> bool:
    pull = github.find(f"pulls/{number}")
    if pull is None or pull["state"] != "open":
        return False
    source, measured = pull["head"]["repo"], run["head_repository"]
    if not source or not measured or source["id"] != measured["id"]:  # a deleted fork is null
        return False
    return bool(pull["head"]["sha"] == run["head_sha"])


def _spend_label(github: GitHub, number: int) -> None:
    # One label, one run of one commit: newer commits need a maintainer's look again.
    if any(label["name"] == LABEL for label in github.pages(f"issues/{number}/labels")):
        github.call("DELETE", f"issues/{number}/labels/{LABEL}")


def _post(github: GitHub, number: int, verdict: Verdict, link: str) -> str:
    for old in github.pages(f"issues/{number}/comments"):
        if old["user"]["login"] == BOT and old["body"].startswith(MARKER):
            body = {"body": compose(verdict, link, old["body"])}
            github.call("PATCH", f"issues/comments/{int(old['id'])}", body)
            return f"edited the comment on pull request {number}"
    github.call("POST", f"issues/{number}/comments", {"body": compose(verdict, link)})
    return f"commented on pull request {number}"


def compose(verdict: Verdict, link: str, old: str = "") -> str:
    """Return the comment: this verdict's section, and the other device's of the same commit."""
    kept = {found["device"]: found for found in _SECTION.finditer(old)}
    parts = {verdict.device: (verdict.status, _framed(verdict, link))}
    for device in DEVICES:
        found = kept.get(device)
        if device == verdict.device or found is None:
            continue
        if found["head"] == verdict.head:
            parts[device] = (int(found["status"]), found[0])
        else:
            earlier = (
                f"{device.upper()}: measured at an earlier commit only, `{found['head'][:12]}`."
            )
            parts[device] = (0, earlier)
    worst_first = sorted(parts.values(), key=lambda part: (1, 2, 0).index(part[0]))
    body = "\n\n".join((MARKER, *(text for _, text in worst_first)))
    if len(body) >= MOST:
        raise HostileError("the comment would be too long")
    return body


def _framed(verdict: Verdict, link: str) -> str:
    start = f"<!-- section {verdict.device} {verdict.status} {verdict.head} -->"
    return f"{start}\n{section(verdict, link)}\n<!-- end of section -->"
