"""The one issue about regressions on the default branch: opened once, then added to."""

from __future__ import annotations

from reports.github.api import GitHub
from reports.github.comment import BOT
from reports.github.section import section
from reports.github.verdict import REGRESSED, Verdict

MARKER = "<!-- remedies-nightly -->"
TITLE = "A regression on the default branch"
MOST = 60_000
_RULE = "\n\n---\n\n"


def issue(github: GitHub, verdict: Verdict, pages: str, link: str) -> str:
    """Open the issue about a regression, or put it on top of the open one.

    Parameters
    ----------
    github : GitHub
        With permission to write issues.
    verdict : Verdict
        Of the newest commit against the one that was measured before.
    pages : str
        The repository's address on the web.
    link : str
        To the workflow run.

    Returns
    -------
    str
        One line: what was done. Nothing where nothing regressed: a person closes the issue.
    """
    if verdict.status != REGRESSED:
        return "no regression; no issue"
    text = _range(verdict, pages) + section(verdict, link)
    for old in github.pages("issues", state="open"):
        ours = old["user"]["login"] == BOT and (old["body"] or "").startswith(MARKER)
        if ours and "pull_request" not in old:
            number = int(old["number"])
            if f"{verdict.base}..{verdict.head}" in old["body"]:
                return f"issue {number} has it already"
            earlier = old["body"].removeprefix(MARKER).strip()
            github.call("PATCH", f"issues/{number}", {"body": _body(text, earlier)})
            return f"added to issue {number}"
    made = github.call("POST", "issues", {"title": TITLE, "body": _body(text)})
    return f"opened issue {int(made['number'])}"


def _range(verdict: Verdict, pages: str) -> str:
    commits = f"{verdict.base}..{verdict.head}"
    return f"Between `{commits}` ([changes]({pages}/compare/{verdict.base}...{verdict.head})).\n\n"


def _body(text: str, earlier: str = "") -> str:
    parts = [text, *filter(None, earlier.split(_RULE))]
    while len(body := f"{MARKER}\n{_RULE.join(parts)}") > MOST:
        parts.pop()
    return body
