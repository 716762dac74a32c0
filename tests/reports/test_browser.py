"""The page as a browser shows it: quiet, alone, no wider than the screen, and for everyone."""

import base64
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reports.__main__ import main
from tests.reports.factory import Made

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
pytestmark = pytest.mark.skipif(not BROWSER, reason="no Chromium on this machine")
OPEN = "document.querySelectorAll('details').forEach(d => d.open = true)"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync_api.sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu"]
        started = playwright.chromium.launch(executable_path=BROWSER, args=arguments)
        yield started
        started.close()


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("browser")
    small = {"workloads": ("image",), "launches": 3}
    Made(**small, machine="<script>alert(1)</script>").write(root / "sessions")
    Made(**small, machine="a-second-machine-with-a-rather-long-name", devices=("cpu", "gpu")).write(
        root / "sessions"
    )
    out = root / "out"
    assert main(["build", "--sessions", str(root / "sessions"), "--out", str(out)]) == 0
    return out / "index.html"


@pytest.fixture
def opened(browser, page_file) -> Iterator[Any]:
    """Return what opens the page in a window of some width."""
    pages = []

    def open_page(width: int, height: int = 800, **more: str) -> Any:
        page = browser.new_page(viewport={"width": width, "height": height}, **more)
        page.goto(page_file.as_uri())
        pages.append(page)
        return page

    yield open_page
    for page in pages:
        page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_the_page_is_quiet_alone_and_fits(browser, page_file, width: int, scheme: str) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, offline=True
    )
    page = context.new_page()
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: said.append(dialog.message))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(page_file.as_uri())
    page.evaluate(OPEN)
    assert said == []
    assert [url for url in asked if not url.startswith("data:")] == [page_file.as_uri()]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(
        "[...document.querySelectorAll('pre')].every(e => e.scrollWidth <= e.clientWidth)"
    )
    images = "[...document.images].map(i => i.complete && i.naturalWidth > 0)"
    assert set(page.evaluate(images)) == {True}
    shown = page.evaluate("[...document.images].map(i => i.currentSrc)")
    drawn = (page_file.parent / "figures" / f"steps-{scheme}.svg").read_bytes()
    assert shown[0].endswith(base64.b64encode(drawn).decode()[-60:])
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (paper == "rgb(255, 255, 255)") == (scheme == "light")
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(opened, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page = opened(360, color_scheme=scheme)
    page.evaluate(OPEN)
    # What the theme does not change is looked at once.
    options = {} if scheme == "light" else {"runOnly": ["color-contrast"]}
    found = axe.run(page, options=options).response["violations"]
    assert [(v["id"], [n["target"] for n in v["nodes"]][:3]) for v in found] == []


def test_the_answer_is_on_the_first_screen(opened) -> None:
    page = opened(1280)
    assert page.locator(".act").bounding_box()["y"] < 400
    for part in (".code-part", ".note >> text=What you still lose", "tr.pick"):
        assert page.locator(part).first.bounding_box()["y"] < 750
    assert page.locator("details[open]").count() == 0


def test_on_a_telephone_the_change_comes_first_then_losses_then_the_card(opened) -> None:
    page = opened(360)
    places = (".act", ".code-part", "text=What you still lose", "tr.pick",
              "tbody tr >> text=control", "text=Why this helps")  # fmt: skip
    tops = [page.locator(place).first.bounding_box()["y"] for place in places]
    assert tops == sorted(tops)
    page.locator(".heat-part tbody tr").last.scroll_into_view_if_needed()
    assert (
        page.locator(".heat-part thead").first.bounding_box()["y"] >= 0
    )  # the heads stay in sight


def test_every_section_and_scrolling_region_can_be_reached_with_the_keyboard(opened) -> None:
    page = opened(360)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the answer"
    assert page.evaluate(
        "[...document.querySelectorAll('.scroll, summary')].every(e => e.tabIndex >= 0)"
    )
    page.locator("details.section > summary").first.focus()
    page.keyboard.press("Enter")
    assert page.locator("details[open]").count() == 1


def test_paper_shows_the_folded_tables_and_nothing_too_wide(opened) -> None:
    page = opened(794, 1123)
    page.emulate_media(media="print")
    assert page.evaluate(
        "[...document.querySelectorAll('details table')].every(t => t.offsetHeight > 0)"
    )
    assert not page.locator("nav").is_visible()
    right = "[...document.querySelectorAll('img, table')].map(e => e.getBoundingClientRect().right)"
    assert max(page.evaluate(right)) <= 794
