"""The published site as a browser shows it, under its policy, with nothing else to reach."""

from __future__ import annotations

import functools
import http.server
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from reports.site import main
from reports.strict import POLICY
from tests.reports.factory import Folder
from tests.reports.machine import Cell, altered
from tests.reports.repository import Repository

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
COMMITS = 10
SLOWER = "steps.ImageSteps.track_train_step"
SHOWN = ".param-picker .param-chip.on"
VIEWS = {
    "overview": ".spark, canvas, svg",
    "grid": "table tbody tr",
    "heatmap": "table tbody tr",
    "regressions": "table tbody tr",
    "compare": "table",
}


def slower(metric: str, cell: Cell, value: Any) -> Any:
    if metric.startswith("train_step") and cell["remedy"] == "tf_cast" and isinstance(value, tuple):
        return (1.4 * value[0], *value[1:])
    return value


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    made = Repository(tmp_path_factory.mktemp("site") / "repository")
    remedies = ["control", "tf_cast", "ops_where", "<script>alert(1)</script>"]
    for number in range(COMMITS):
        made.commit()
        changed = altered(slower if number >= COMMITS // 2 else lambda m, c, value: value)
        made.measure(changed, machine="one", remedies=remedies)
        if number > COMMITS - 3:
            made.measure(changed, machine="<img src=x>", folder="two", remedies=remedies[:3])
    return made


@pytest.fixture(scope="module")
def site(repository: Repository) -> Path:
    out = repository.root / "public"
    assert main(["--config", str(repository.config), "--out", str(out)]) == 0
    return out


class Handler(http.server.SimpleHTTPRequestHandler):
    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()

    def log_message(self, format: str, *values: object) -> None:
        pass


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    handler = functools.partial(Handler, directory=str(site))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if not BROWSER:
        pytest.skip("no Chromium on this machine")
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync_api.sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu"]
        started = playwright.chromium.launch(executable_path=BROWSER, args=arguments)
        yield started
        started.close()


class Visit:
    """A page that lets nothing out, and keeps what the browser complains about."""

    def __init__(self, browser: Any, address: str, width: int = 1280, scheme: str = "light"):
        viewport = {"width": width, "height": 800}
        self.page = browser.new_page(viewport=viewport, color_scheme=scheme)
        self.address, self.said = address, list[str]()
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("dialog", lambda dialog: self.said.append(dialog.message))
        self.page.route("**/*", self._allow)

    def _allow(self, route: Any) -> None:
        if route.request.url.startswith(self.address):
            return route.continue_()
        self.said.append(f"asked for {route.request.url}")
        return route.abort()

    def open(self, path: str) -> Any:
        self.page.goto("about:blank")
        self.page.goto(self.address + path, wait_until="networkidle")
        return self.page


@pytest.fixture
def visit(address: str, browser: Any) -> Iterator[Visit]:
    made = Visit(browser, address)
    yield made
    assert made.said == []
    made.page.close()


def test_the_front_page_is_the_report_in_its_colours(visit: Visit) -> None:
    page = visit.open("")
    assert page.locator("#answer").is_visible() and page.locator("svg:visible").count() >= 3
    fills = page.eval_on_selector_all(
        "svg path[fill]", "found => found.map(e => getComputedStyle(e).fill)"
    )
    assert len(set(fills)) > 3
    assert page.evaluate("getComputedStyle(document.body).maxWidth") != "none"


@pytest.mark.parametrize("view", VIEWS)
def test_each_view_of_the_history_has_content(visit: Visit, view: str) -> None:
    page = visit.open(f"history/index.html#view={view}")
    page.locator(VIEWS[view]).first.wait_for()
    assert "track_" in page.locator("#root").inner_text() or view == "compare"


def test_a_regression_is_listed_and_the_graph_shows_it(visit: Visit) -> None:
    page = visit.open("history/index.html#view=regressions")
    rows = page.locator("table tbody tr", has_text=SLOWER)
    assert rows.count() >= 1 and "1.40" in rows.first.inner_text()
    rows.first.get_by_text(SLOWER).first.click()
    page.locator(".uplot canvas").wait_for()
    assert "'tf_cast'" in page.locator(SHOWN).inner_text()


def test_a_link_of_the_feed_opens_its_series(visit: Visit, site: Path) -> None:
    atom = "{http://www.w3.org/2005/Atom}"
    feed = ElementTree.parse(site / "history" / "regressions.xml")  # noqa: S314
    entries = [e for e in feed.iter(f"{atom}entry") if SLOWER in str(e.findtext(f"{atom}title"))]
    assert entries
    link = entries[0].find(f"{atom}link")
    assert link is not None
    page = visit.open("history/" + link.attrib["href"])
    page.locator(".uplot canvas").wait_for()
    assert "'tf_cast'" in page.locator(SHOWN).inner_text()


def test_lower_is_better_everywhere(visit: Visit) -> None:
    page = visit.open(f"history/index.html#view=explore&bench={SLOWER}")
    page.locator(".uplot canvas").wait_for()
    assert "higher is better" not in page.locator("#root").inner_text().lower()


def test_the_halves_link_to_each_other(visit: Visit) -> None:
    page = visit.open("")
    page.get_by_role("link", name="History").click()
    page.locator("#root nav, #root header").first.wait_for()
    assert page.url.partition("#")[0] == visit.address + "history/index.html"
    page.get_by_role("link", name="Report").first.click()
    page.locator("#answer").wait_for()
    assert page.url == visit.address + "index.html"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_telephone_shows_it_without_scrolling_sideways(
    address: str, browser: Any, scheme: str
) -> None:
    visit = Visit(browser, address, width=360, scheme=scheme)
    for path in ("", "history/index.html", "history/index.html#view=regressions"):
        page = visit.open(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
    visit.page.close()
    assert visit.said == []


@pytest.mark.parametrize(
    ("scheme", "views", "options"),
    [
        ("light", [*VIEWS, "explore"], {}),
        # What the theme does not change is looked at once.
        ("dark", ["overview", "explore"], {"runOnly": ["color-contrast"]}),
    ],
)
def test_axe_finds_nothing_in_the_history(
    address: str, browser: Any, scheme: str, views: list[str], options: dict[str, Any]
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    visit = Visit(browser, address, scheme=scheme)
    for view in views:
        page = visit.open(f"history/index.html#view={view}")
        page.locator(VIEWS.get(view, "h1")).first.wait_for()
        found = axe.run(page, options=options).response["violations"]
        assert [(v["id"], v["nodes"][0]["html"]) for v in found] == [], view
    visit.page.close()


def test_the_site_says_nothing_of_this_machine(site: Path, repository: Repository) -> None:
    for path in site.rglob("*"):
        if path.is_file():
            assert str(repository.root).encode() not in path.read_bytes(), path


def test_what_asv_loads_from_elsewhere_is_gone(site: Path) -> None:
    pages = {p.relative_to(site).as_posix(): p.read_text() for p in site.rglob("*.html")}
    assert set(pages) == {"index.html", "history/index.html"}
    for page in pages.values():
        assert not re.findall(r'<(?:script|link|img)[^>]*(?:src|href)="(?:https?:)?//', page)


def publish(config: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    # A process of its own: the report forks, and this one has threads by now.
    return subprocess.run(
        [sys.executable, "-m", "reports.site", "--config", str(config), *arguments],
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
    )


def test_what_is_left_out_is_told_and_a_strangers_file_stops_it(
    repository: Repository, folder: Folder, tmp_path: Path
) -> None:
    folder.add()
    arguments = ["--results", str(folder.root), "--out", "public"]
    done = publish(repository.config, *arguments, cwd=tmp_path)
    assert done.returncode == 0 and done.stdout == "public/index.html\n"
    assert done.stderr == (
        "publish: the history leaves out results of 1 commit: not on its branches in this clone: "
        "aaaaaaaa\n"
    )
    (tmp_path / "public" / "notes.txt").write_text("mine")
    done = publish(repository.config, *arguments, cwd=tmp_path)
    assert done.returncode == 2 and "holds 'notes.txt'" in done.stderr
    assert (tmp_path / "public" / "notes.txt").read_text() == "mine"
    assert (tmp_path / "public" / "index.html").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--config", "no.json"], "publish: no 'no.json': name asv's settings with --config FILE"),
        (["--results", "no"], "publish: no results folder 'no': run the suite first (asv run), "),
        (["--nothing"], "publish: unknown argument: --nothing; choose from: --out, --results, "),
    ],
)
def test_a_mistake_is_one_line(
    repository: Repository, tmp_path: Path, arguments: list[str], said: str
) -> None:
    done = publish(repository.config, "--out", "out", *arguments, cwd=tmp_path)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith(said) and done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
