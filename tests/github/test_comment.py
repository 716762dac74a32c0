"""One comment: by marker and author, edited in place, and only where the claim is proven."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest

from reports.github.api import GitHub
from reports.github.comment import MARKER, MOST, comment, compose
from reports.github.verdict import HostileError, read
from tests.github.conftest import BOT, HEAD, LINK, OTHER, Hub, row, verdict

FORK = {"id": 77, "full_name": "someone/r"}
Fake = tuple[Hub, GitHub]


def packed(data: bytes, name: str = "verdict.json") -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return held.getvalue()


def event(**changes: Any) -> dict[str, Any]:
    run = {
        "id": 5,
        "event": "pull_request",
        "path": ".github/workflows/pr-check-cpu.yml",
        "head_sha": HEAD,
        "head_repository": FORK,
        "html_url": LINK,
    }
    return {"workflow_run": run | changes}


def leave(hub: Hub, given: dict[str, Any] | bytes, name: str = "verdict-cpu-3") -> None:
    hub.zip = given if isinstance(given, bytes) else packed(json.dumps(given).encode())
    hub.artifacts[5] = [
        {"id": 9, "name": name, "expired": False, "size_in_bytes": min(len(hub.zip), 1000)}
    ]


@pytest.fixture
def pull(hub: Fake) -> Fake:
    """A fake GitHub with an open pull request at the measured commit, and its check's artifact."""
    hub[0].pulls.append({"number": 3, "state": "open", "head": {"sha": HEAD, "repo": FORK}})
    leave(hub[0], verdict(row(word="slower", ratio=1.2), status=1))
    return hub


def test_the_first_verdict_is_posted_and_the_next_edits_it(pull: Fake) -> None:
    hub, github = pull
    assert comment(github, event()) == "commented on pull request 3"
    leave(hub, verdict())
    assert comment(github, event()) == "edited the comment on pull request 3"
    assert len(hub.comments) == 1
    assert "none regressed" in hub.comments[0]["body"]
    assert "**regressed**" not in hub.comments[0]["body"]


def test_somebody_elses_comment_with_the_marker_is_left_alone(pull: Fake) -> None:
    hub, github = pull
    fake = {"id": 1, "user": {"login": "mallory"}, "body": f"{MARKER}\nall is well"}
    quoting = {"id": 2, "user": BOT, "body": f"> {MARKER}"}
    hub.comments += [fake, quoting]
    assert comment(github, event()) == "commented on pull request 3"
    assert hub.comments[0]["body"].endswith("all is well")
    assert hub.comments[1]["body"].startswith(">")


def test_the_comment_is_found_behind_a_hundred_others(pull: Fake) -> None:
    hub, github = pull
    hub.comments += [{"id": n, "user": {"login": "x"}, "body": "hm"} for n in range(1, 150)]
    comment(github, event())
    assert comment(github, event()) == "edited the comment on pull request 3"
    assert len(hub.comments) == 150


@pytest.mark.parametrize(
    "change",
    [
        {"state": "closed"},
        {"head": {"sha": OTHER, "repo": FORK}},
        {"head": {"sha": HEAD, "repo": {"id": 78}}},
        {"head": {"sha": HEAD, "repo": None}},
        {"number": 4},
    ],
    ids=["closed", "newer commit", "another fork", "deleted fork", "no such request"],
)
def test_a_claim_about_another_request_posts_nothing(pull: Fake, change: dict[str, Any]) -> None:
    hub, github = pull
    hub.pulls[0].update(change)
    assert "nothing posted" in comment(github, event())
    assert not hub.comments


@pytest.mark.parametrize(
    "change",
    [{"event": "push"}, {"path": ".github/workflows/other.yml"}, {"head_sha": OTHER}],
)
def test_a_run_of_something_else_posts_nothing(pull: Fake, change: dict[str, Any]) -> None:
    hub, github = pull
    hub.pulls[0]["head"]["sha"] = change.get("head_sha", HEAD)
    with pytest.raises(HostileError):
        comment(github, event(**change))
    assert not hub.comments


def test_a_verdict_of_another_device_is_refused(pull: Fake) -> None:
    hub, github = pull
    leave(hub, verdict(), "verdict-gpu-3")
    with pytest.raises(HostileError, match="another device"):
        comment(github, event())
    leave(hub, verdict(device="gpu"))
    with pytest.raises(HostileError, match="another device"):
        comment(github, event())


@pytest.mark.parametrize(
    "name",
    ["verdict-cpu-0", "verdict-cpu-3\n", "verdict-cpu-../3", "verdict-cpu-9999999999", "report"],
)
def test_an_artifact_of_another_name_is_no_verdict(pull: Fake, name: str) -> None:
    hub, github = pull
    leave(hub, verdict(), name)
    assert "no verdict" in comment(github, event())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK\x03\x04 not really",
        packed(b"{}"),
        packed(b"{}", "../verdict.json"),
        packed(b" " * (20 << 20)),
        packed(json.dumps(verdict()).encode())[:-30],
        b"x" * (2 << 20),
    ],
    ids=["empty", "no zip", "no verdict", "path", "bomb", "cut", "large"],
)
def test_a_hostile_artifact_posts_nothing(pull: Fake, data: bytes) -> None:
    hub, github = pull
    leave(hub, data)
    with pytest.raises((HostileError, RuntimeError)) as refused:
        comment(github, event())
    assert len(str(refused.value).splitlines()) == 1
    assert not hub.comments


def test_two_verdicts_of_one_run_are_refused(pull: Fake) -> None:
    hub, github = pull
    hub.artifacts[5] *= 2
    with pytest.raises(HostileError, match="more than one"):
        comment(github, event())


def test_the_host_that_keeps_artifacts_never_sees_the_token(pull: Fake) -> None:
    hub, github = pull
    comment(github, event())
    assert hub.comments
    assert not hub.storage_saw_token


def test_a_gpu_run_spends_its_label_and_a_cpu_run_does_not(pull: Fake) -> None:
    hub, github = pull
    comment(github, event())
    assert hub.labels == ["gpu", "bug"]
    leave(hub, verdict(device="gpu"), "verdict-gpu-3")
    comment(github, event(path=".github/workflows/pr-check-gpu.yml"))
    assert hub.labels == ["bug"]


def test_both_devices_share_the_comment_worst_first() -> None:
    cpu = read(json.dumps(verdict()).encode())
    gpu = read(json.dumps(verdict(row(word="broken"), device="gpu", status=1)).encode())
    both = compose(gpu, LINK, compose(cpu, LINK))
    assert both.index("### GPU") < both.index("### CPU")
    assert both == compose(gpu, LINK, both)


def test_a_section_about_an_earlier_commit_is_not_kept() -> None:
    old = compose(read(json.dumps(verdict(device="gpu", head=OTHER)).encode()), LINK)
    new = compose(read(json.dumps(verdict()).encode()), LINK, old)
    assert "### GPU" not in new
    assert f"earlier commit only, `{OTHER[:12]}`" in new


def test_the_largest_comment_is_short_enough() -> None:
    many = [row(word="slower", batch=n) for n in range(999)] + [row(batch=n) for n in range(999)]
    cpu = read(json.dumps(verdict(*many, status=1)).encode())
    gpu = read(json.dumps(verdict(*many, status=1, device="gpu")).encode())
    both = compose(gpu, LINK, compose(cpu, LINK))
    assert len(both) < MOST
    assert both.count("more |") == 4
