"""One issue about regressions, and where the last night's results are."""

from __future__ import annotations

import json

from reports.github.api import GitHub
from reports.github.issue import MARKER, MOST, issue
from reports.github.nightly import previous
from reports.github.verdict import Verdict, read
from tests.github.conftest import BASE, BOT, HEAD, LINK, OTHER, Hub, row, verdict

PAGES = "https://github.example/o/r"
Fake = tuple[Hub, GitHub]


def regression(**changes: object) -> Verdict:
    given = verdict(row(word="slower", ratio=1.2), **{"status": 1, **changes})
    return read(json.dumps(given).encode())


def test_a_night_without_a_regression_is_silent(hub: Fake) -> None:
    for status in (0, 2):
        found = read(json.dumps(verdict(status=status)).encode())
        assert issue(hub[1], found, PAGES, LINK) == "no regression; no issue"
    assert not hub[0].asked


def test_the_first_regression_opens_an_issue_that_names_the_commits(hub: Fake) -> None:
    assert issue(hub[1], regression(), PAGES, LINK) == "opened issue 1"
    body = hub[0].issues[0]["body"]
    assert f"`{BASE}..{HEAD}`" in body
    assert f"{PAGES}/compare/{BASE}...{HEAD}" in body
    assert "**slower**" in body


def test_later_ones_go_on_top_of_it_and_none_is_told_twice(hub: Fake) -> None:
    issue(hub[1], regression(), PAGES, LINK)
    later = regression(base=HEAD, head=OTHER)
    assert issue(hub[1], later, PAGES, LINK) == "added to issue 1"
    assert issue(hub[1], later, PAGES, LINK) == "issue 1 has it already"
    (only,) = hub[0].issues
    assert only["body"].index(f"{HEAD}..{OTHER}") < only["body"].index(f"{BASE}..{HEAD}")
    assert only["body"].count(MARKER) == 1


def test_an_issue_of_somebody_else_or_a_pull_request_is_not_ours(hub: Fake) -> None:
    body = f"{MARKER}\nnothing"
    hub[0].issues += [
        {"number": 1, "user": {"login": "mallory"}, "body": body},
        {"number": 2, "user": BOT, "body": body, "pull_request": {}},
        {"number": 3, "user": BOT, "body": None},
    ]
    assert issue(hub[1], regression(), PAGES, LINK) == "opened issue 4"


def test_the_issue_never_grows_too_long(hub: Fake) -> None:
    for night in range(70):
        issue(hub[1], regression(head=f"{night:040x}"), PAGES, LINK)
    (only,) = hub[0].issues
    assert len(only["body"]) <= MOST
    assert f"{1:040x}" not in only["body"]
    assert f"{69:040x}" in only["body"]


def test_the_last_night_is_the_newest_before_this_that_still_has_results(hub: Fake) -> None:
    kept, gone = [{"expired": False}], [{"expired": True}]
    hub[0].runs = [{"id": number, "head_sha": f"{number:040x}"} for number in (9, 8, 7, 6)]
    hub[0].artifacts = {9: kept, 8: gone, 7: [], 6: kept}
    assert previous(hub[1], "main", 9) == (6, f"{6:040x}")
    assert previous(hub[1], "main", 10) == (9, f"{9:040x}")
    assert previous(hub[1], "main", 6) is None
