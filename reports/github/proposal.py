"""Files that a measuring job made, as a pull request: only the paths named, each within a limit."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reports.github.api import GitHub
from reports.github.verdict import HostileError

MOST_BYTES = 4 << 20


def propose(
    github: GitHub, folder: Path, paths: Sequence[str], branch: str, title: str, body: str
) -> str:
    """Commit `paths` from `folder` to `branch`, from the default branch on, and ask for a merge.

    Returns
    -------
    str
        One line: what was done; nothing where the files are as they were.

    Raises
    ------
    HostileError
        Where a file is missing, too large or, if named .json, not JSON.
    """
    main = github.call("GET", "")["default_branch"]
    wanted = {path: _file(folder, path) for path in paths}
    changed = {p: data for p, data in wanted.items() if _now(github, p, main)[1] != data}
    if not changed:
        return "nothing is new; no pull request"
    start = github.call("GET", f"git/ref/heads/{main}")["object"]["sha"]
    _move(github, branch, start)
    for path, data in changed.items():
        _put(github, path, branch, data, title)
    for pull in github.pages("pulls", state="open", base=main):
        if (pull["head"]["ref"], pull["head"]["repo"]["full_name"]) == (branch, github.repository):
            return f"updated pull request {int(pull['number'])}"
    made = github.call(
        "POST", "pulls", {"title": title, "body": body, "head": branch, "base": main}
    )
    return f"opened pull request {int(made['number'])}"


def _file(folder: Path, path: str) -> bytes:
    file = folder / path
    inside = file.resolve().is_relative_to(folder.resolve())
    if not inside or file.is_symlink() or not file.is_file():
        raise HostileError(f"{path}: no such plain file among the results")
    if file.stat().st_size > MOST_BYTES:
        raise HostileError(f"{path}: over {MOST_BYTES} bytes")
    data = file.read_bytes()
    if file.suffix == ".json":
        try:
            json.loads(data)
        except (ValueError, RecursionError):
            raise HostileError(f"{path}: not JSON") from None
    return data


def _now(github: GitHub, path: str, branch: str) -> tuple[str | None, bytes | None]:
    found = github.find(f"contents/{path}?ref={branch}")
    if found is None:
        return None, None
    if not found["content"]:  # GitHub leaves it out where it is over 1 MiB
        found = found | github.call("GET", f"git/blobs/{found['sha']}")
    return found["sha"], base64.b64decode(found["content"])


def _move(github: GitHub, branch: str, commit: str) -> None:
    if github.find(f"git/ref/heads/{branch}") is None:
        github.call("POST", "git/refs", {"ref": f"refs/heads/{branch}", "sha": commit})
    else:
        github.call("PATCH", f"git/refs/heads/{branch}", {"sha": commit, "force": True})


def _put(github: GitHub, path: str, branch: str, data: bytes, message: str) -> Any:
    content = base64.b64encode(data).decode()
    body = {"message": message, "branch": branch, "content": content}
    sha, _ = _now(github, path, branch)
    return github.call("PUT", f"contents/{path}", body | ({"sha": sha} if sha else {}))
