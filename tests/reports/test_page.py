from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from reports.page import render
from reports.vocabulary import CLAIMS
from tests.reports.factory import Folder, evidence_of
from tests.reports.machine import altered

HOSTILE = '<script>alert(1)</script><img src="http://example.org/x">'


class Tags(HTMLParser):
    """Collects the elements and attributes that a browser would see."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def rendered(root: Path):
    return render(evidence_of(root), ".asv/results", ".asv/report")


@pytest.fixture(scope="module")
def page(usual: Path):
    return rendered(usual)


def test_the_markdown_is_as_it_was(page, golden) -> None:
    golden("report.md", page.markdown)


def test_the_page_is_in_the_order_a_reader_needs(page) -> None:
    headings = re.findall(r"<h2[^>]*>(.*?)</h2>", page.html)
    assert headings == [
        "The answer",
        "What comes back",
        "What it costs",
        "The article's claims",
        "Measured on",
        "How to read it",
        "Not measured",
        "Make it again",
    ]
    assert all(f'<li id="{name}">' in page.html for name in CLAIMS)
    assert page.html.count("<svg") == 5


def test_the_page_loads_nothing(page) -> None:
    for tag, attributes in Tags(page.html).found:
        assert tag not in {"script", "iframe", "object", "embed", "img", "image"}
        for name in ("src", "href", "xlink:href", "action", "data"):
            value = attributes.get(name) or ""
            assert not re.match(r"(?i)\s*(https?:|//|javascript:|file:)", value)
    assert "@import" not in page.html
    assert not re.search(r"url\((?!#)", page.html)


def test_ids_are_unique_and_references_lead_somewhere(page) -> None:
    tags = Tags(page.html).found
    ids = [a["id"] for _, a in tags if "id" in a]
    assert len(ids) == len(set(ids))
    targets = {(a.get("href") or a.get("xlink:href") or "") for _, a in tags}
    assert {t[1:] for t in targets if t.startswith("#")} <= set(ids)
    assert {a["aria-labelledby"] for _, a in tags if "aria-labelledby" in a} <= set(ids)


def test_lossy_speeds_are_struck_through(page) -> None:
    assert re.search(r"<s>same [^<]*0\.989 to[^<]*</s>", page.html)
    assert "~~same 0.989 to" in page.markdown.replace("\N{NO-BREAK SPACE}", " ")


def test_hostile_names_are_escaped_everywhere(folder: Folder) -> None:
    folder.add(
        machine=HOSTILE,
        folder="m",
        environment=HOSTILE,
        workloads=["image", HOSTILE],
        remedies=["ops_where", "control", HOSTILE, "[x](javascript:alert(1))"],
        facts={"cpu": HOSTILE, "x": "`*|*`"},
    )
    (folder.root / "m" / f"{HOSTILE.replace('/', '')}.json").write_text("{")
    page = rendered(folder.root)
    assert "<script" not in page.html and "<img" not in page.html
    assert "<script" not in page.markdown and "<img" not in page.markdown
    assert "[x](" not in page.markdown
    assert not [t for t, a in Tags(page.html).found if any(k.startswith("on") for k in a)]


def test_what_was_left_out_is_listed_with_its_reason(folder: Folder) -> None:
    folder.add()
    (folder.root / "bench-1" / "truncated.json").write_text('{"results": ')
    page = rendered(folder.root)
    assert "bench-1/truncated.json</code> is not JSON" in page.html
    assert "Left out: bench-1/truncated.json is not JSON" in page.markdown


def test_what_was_not_measured_is_told(folder: Folder) -> None:
    def failing(metric, cell, value):
        return None if metric == "load" and cell["remedy"] == "tf_cast" else value

    folder.add(altered(failing), batches=[128])
    page = rendered(folder.root)
    assert "bench-1: nothing was measured for device gpu." in page.html
    assert "2 measurements failed: load image tf_cast cpu; load image tf_cast gpu." in page.html


def test_machines_are_compared_fact_by_fact(folder: Folder) -> None:
    folder.add()
    folder.add(machine="gpu-2", facts={"gpu": "Imaginary GPU"})
    page = rendered(folder.root)
    assert "| gpu (differs) | \N{EN DASH} | Imaginary GPU |" in page.markdown
    assert "| keras | 3.15.1 | 3.15.1 |" in page.markdown


def test_the_command_that_makes_it_again_quotes_its_folders(usual: Path) -> None:
    page = render(evidence_of(usual, 0.01), "a b", "$(x)")
    assert "--results 'a b' --out '$(x)' --threshold 0.01" in page.markdown
