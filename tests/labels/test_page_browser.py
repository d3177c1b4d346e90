"""The public page in a real browser: it fits small screens, needs no script, asks for nothing, prints on two sheets."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from labels.page import CHECKED_AT, csp_style_hash, page_html
from labels.texts import LANGS, Lang
from tests.labels.test_page import HOST, HOSTILE, STATES, URL, every_page, poisoned

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

sync_api = pytest.importorskip("playwright.sync_api")

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium, chromium-browser or google-chrome on the PATH"),
]

POLICY = (
    f"default-src 'none'; style-src '{csp_style_hash()}'; img-src data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
ADDRESS = f"https://{HOST}/l/7Q4K9ZTM2HXD1R8W"
PHONE = {"width": 360, "height": 640}
PAGES = [(lang, name) for lang in LANGS for name in every_page("en")]
LOTS = [(lang, name) for lang in LANGS for name in (*STATES, "big")]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_api.sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield chromium
        chromium.close()


class Visitor:
    """A tab that is served one document, and notes every request and every complaint of the browser."""

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self.page: Page = context.new_page()
        self.page.route("**/*", self._answer)
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.html = b""
        self.requests: list[str] = []
        self.complaints: list[str] = []

    def open(self, html: bytes) -> Page:
        self.html = html.replace(CHECKED_AT.encode(), b"23 Nov 2026 14:05 UTC")
        self.requests.clear()
        self.complaints.clear()
        self.page.goto(ADDRESS)
        return self.page

    def _answer(self, route: object) -> None:
        self.requests.append(route.request.url)  # type: ignore[attr-defined]
        headers = {"content-security-policy": POLICY, "content-type": "text/html; charset=utf-8"}
        route.fulfill(body=self.html, headers=headers)  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def visitor(browser: Browser) -> Iterator[Visitor]:
    context = browser.new_context(viewport=PHONE)  # type: ignore[arg-type]
    yield Visitor(context)
    context.close()


def wider_than_the_screen(page: Page) -> int:
    width: int = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    return width


@pytest.mark.parametrize(("lang", "name"), PAGES)
def test_nothing_is_asked_for_but_the_document_and_the_policy_holds(visitor: Visitor, lang: Lang, name: str) -> None:
    page = visitor.open(every_page(lang)[name])
    assert visitor.requests == [ADDRESS]
    assert not visitor.complaints
    assert not visitor.context.cookies()
    ground = page.evaluate("getComputedStyle(document.querySelector('.verdict, button')).backgroundColor")
    assert ground != "rgba(0, 0, 0, 0)"  # the style was let in


@pytest.mark.parametrize(("lang", "name"), LOTS)
def test_verdict_lot_and_weight_are_above_the_fold(visitor: Visitor, lang: Lang, name: str) -> None:
    visitor.page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page = visitor.open(every_page(lang)[name])
    for part in (".verdict", ".lot h2", ".net"):
        box = page.locator(part).bounding_box()
        assert box
        assert box["y"] + box["height"] <= 640, part


@pytest.mark.parametrize("zoom", [100, 200])
@pytest.mark.parametrize("width", [320, 360, 768, 1280])
def test_nothing_scrolls_sideways(visitor: Visitor, width: int, zoom: int) -> None:
    visitor.page.set_viewport_size({"width": width, "height": 640})
    for lang in LANGS:
        pages = every_page(lang)
        long = poisoned(STATES["valid"], HOSTILE[2])
        hostile = page_html(replace(long, state="recalled", state_reason=("RECALLED", {"reason": HOSTILE[2]})), lang)  # type: ignore[type-var]
        for name, html in {**pages, "hostile": hostile}.items():
            page = visitor.open(html)
            page.evaluate(f"document.documentElement.style.fontSize = '{zoom}%'")
            page.evaluate("document.querySelectorAll('details').forEach(fold => fold.open = true)")
            assert wider_than_the_screen(page) <= 0, (name, lang)


@pytest.mark.parametrize(("lang", "name"), PAGES)
def test_targets_are_large_enough_for_a_thumb(visitor: Visitor, lang: Lang, name: str) -> None:
    visitor.page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page = visitor.open(every_page(lang)[name])
    small = page.evaluate(
        """[...document.querySelectorAll('a, summary, button, input:not([type=hidden])')]
        .filter(control => control.checkVisibility())
        .map(control => [control.textContent, control.getBoundingClientRect()])
        .filter(([text, box]) => box.width < 44 || box.height < 44).map(([text, box]) => `${text} ${box.height}`)"""
    )
    assert small == []


@pytest.mark.parametrize("lang", LANGS)
def test_it_works_without_script(browser: Browser, lang: Lang) -> None:
    context = browser.new_context(viewport=PHONE, java_script_enabled=False)  # type: ignore[arg-type]
    visitor = Visitor(context)
    page = visitor.open(every_page(lang)["big"])
    assert page.locator("h1").inner_text().strip()
    assert "12\u202f500" in page.locator(".net").inner_text()
    hidden = page.locator(".more .brief")
    assert not hidden.is_visible()
    page.locator(".more > summary").click()
    assert hidden.is_visible()
    page = visitor.open(every_page(lang)["start"])
    page.locator("#code").fill("7q4k 9ztm 2hxd 1r8w")
    page.locator("button").click()
    page.wait_for_url("**/l/?code=*")
    assert visitor.requests[-1] == f"https://{HOST}/l/?code=7q4k+9ztm+2hxd+1r8w&lang={lang}"
    context.close()


def test_links_lead_where_they_say(visitor: Visitor) -> None:
    page = visitor.open(every_page("en")["valid"])
    links = page.evaluate("[...document.querySelectorAll('a')].map(link => link.href)")
    assert links == [
        f"{ADDRESS}?lang=en",
        f"{ADDRESS}?lang=fr",
        f"{ADDRESS}#checked",
        f"{ADDRESS}?format=json",
        f"https://{HOST}/l/?lang=en",
        f"https://{HOST}/check?lang=en",
        f"https://{HOST}/l/7Q4K9ZTM2HXD1R8W/proof",
        "mailto:office@nimbahills.example?subject=Lot%20LR-NH-2501-0042%2C%20label%207Q4K-9ZTM-2HXD-1R8W",
    ]


def test_every_control_is_reached_by_keyboard_and_shows_it(visitor: Visitor) -> None:
    page = visitor.open(every_page("fr")["big"])
    controls = page.evaluate("document.querySelectorAll('a, summary').length")
    folded = page.evaluate("document.querySelectorAll('details:not([open]) a, details:not([open]) details').length")
    reached = set()
    for _ in range(controls):
        page.keyboard.press("Tab")
        at, outline = page.evaluate(
            """[[...document.querySelectorAll('a, summary')].indexOf(document.activeElement),
            getComputedStyle(document.activeElement).outlineStyle]"""
        )
        reached.add(at)
        assert outline == "solid"
    assert len(reached) == controls - folded


@pytest.mark.parametrize("name", [*STATES, "big"])
def test_it_prints_on_two_sheets_with_time_and_address(visitor: Visitor, name: str) -> None:
    visitor.page.emulate_media(media="print")
    for lang in LANGS:
        page = visitor.open(every_page(lang)[name])
        pdf = page.pdf(prefer_css_page_size=True)
        assert len(re.findall(rb"/Type\s*/Page\b", pdf)) <= 2
        assert URL in page.locator(".paper").inner_text()
        assert "23 Nov 2026 14:05 UTC" in page.locator(".at").inner_text()
        assert not page.locator("nav").is_visible()
    visitor.page.emulate_media(media="null")


def test_states_differ_in_shape_for_those_who_see_no_colour(visitor: Visitor) -> None:
    visitor.page.emulate_media(forced_colors="active")
    pictures = {}
    for name in ("valid", "on_hold", "recalled", "superseded", "revoked", "unknown"):
        page = visitor.open(every_page("en")[name])
        pictures[name] = page.locator(".verdict > .i").screenshot()
    visitor.page.emulate_media(forced_colors="none")
    assert len(set(pictures.values())) == len(pictures)


def test_it_follows_a_dark_system(visitor: Visitor) -> None:
    visitor.page.emulate_media(color_scheme="dark")
    page = visitor.open(every_page("en")["valid"])
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(18, 22, 20)"
    assert page.evaluate("getComputedStyle(document.querySelector('.verdict')).color") == "rgb(143, 224, 180)"
    visitor.page.emulate_media(color_scheme="light")
