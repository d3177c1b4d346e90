"""The checker in a real browser: what it says of labels and proofs, with the network and without, and whom it asks."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from domain.label_token import ALPHABET
from labels.check_texts import TEXTS
from tests import published
from tests.api.hosting import Hosted, hosted

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

sync_api = pytest.importorskip("playwright.sync_api")

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium, chromium-browser or google-chrome on the PATH"),
]

PHONE = {"width": 360, "height": 640}
LABEL = published.label()
FLIPPED = LABEL[:40] + ALPHABET[ALPHABET.index(LABEL[40]) ^ 1] + LABEL[41:]
AFTER = 1_800_000_000  # 2027-01-15: after the day on which key 2 was withdrawn
LOG = published.PUBLISHED
FORKED = published.Published(events=[b"{}", *LOG.events[1:]])


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_api.sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
        arguments += ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield chromium
        chromium.close()


@pytest.fixture
def host(empty_sqlite: Path, tmp_path: Path) -> Iterator[Hosted]:
    served = hosted(empty_sqlite, tmp_path)
    yield served
    served.close()


class Visitor:
    """A person with a browser of their own; notes every request and every complaint."""

    def __init__(self, browser: Browser, host: Hosted, lang: str = "en", **options: Any) -> None:
        self.host, self.lang = host, lang
        self.context: BrowserContext = browser.new_context(viewport=PHONE, locale=lang, **options)  # type: ignore[arg-type]
        self.context.on("request", lambda request: self.requests.append(request.url))
        self.page: Page = self.context.new_page()
        self.page.on("console", lambda message: self.complaints.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.requests: list[str] = []
        self.complaints: list[str] = []

    def open(self, path: str = "/check", *, ready: bool = True) -> Page:
        self.page.goto(self.host.url + path)
        if ready:
            self.page.wait_for_selector("html[data-ready=yes]")
        return self.page

    def type(self, text: str) -> str:
        self.page.locator("#code").fill(text)
        self.page.locator("#form button[type=submit]").click()
        return self.verdict()

    def choose(self, data: Any, name: str = "proof.json") -> str:
        self.page.evaluate("document.querySelector('#verdict').replaceChildren()")
        body = data if isinstance(data, bytes) else json.dumps(data).encode()
        self.page.locator("#file").set_input_files({"name": name, "mimeType": "application/json", "buffer": body})
        return self.verdict()

    def verdict(self) -> str:
        self.page.wait_for_selector("#verdict h1")
        return self.page.locator("#verdict h1").inner_text().replace("\n", " ")

    def answers(self) -> dict[int, str]:
        """The answer to each numbered check, by the class of its line."""
        lines = self.page.evaluate("[...document.querySelectorAll('#checked li')].map(line => line.className)")
        return dict(enumerate(lines, 1))

    def installed(self) -> None:
        """Wait until the worker has all that it keeps, and controls the page."""
        self.page.evaluate("navigator.serviceWorker.ready.then(() => null)")
        self.page.evaluate(
            """navigator.serviceWorker.controller
            || new Promise((done) => navigator.serviceWorker.addEventListener("controllerchange", () => done()))"""
        )

    def offline(self) -> None:
        self.host.stop()
        self.context.set_offline(True)

    def close(self) -> None:
        self.context.close()


@pytest.fixture
def visitor(browser: Browser, host: Hosted) -> Iterator[Visitor]:
    made = Visitor(browser, host)
    yield made
    made.close()


def word(verdict: str, lang: str = "en") -> str:
    return TEXTS[f"word.{verdict}"][lang]  # type: ignore[index]


CASES = {
    "sound": (LABEL, None, "sound"),
    "an address": ("{host}/L/" + LABEL, None, "sound"),
    "flipped": (FLIPPED, None, "unsigned"),
    "foreign": (published.label(9), None, "unknown_key"),
    "withdrawn": (published.label(2), None, "withdrawn"),
    "retired": (published.label(3), None, "retired"),
    "mistyped": ("Z" + published.TYPED[1:], None, "mistyped"),
    "typed": (published.TYPED, None, "typed"),
    "nonsense": ("hello", None, "malformed"),
    "look-alike": ("https://t.example.com/L/" + LABEL, None, "other_host"),
    "proven": (LABEL, published.unit_bundle(), "proven"),
    "proof alone": (None, published.bundle(), "proven"),
    "proof of another": (LABEL, published.bundle(), "not_proven"),
    "logged before": (published.label(2), published.unit_bundle(), "proven"),
    "logged after": (published.label(2), published.unit_bundle(at=AFTER), "withdrawn_before"),
    "unwitnessed": (None, published.unit_bundle(witnesses=()), "unwitnessed"),
    "spoilt": (LABEL, b"{", "not_proven"),
}


def test_each_verdict_is_said_and_nobody_else_is_asked(visitor: Visitor) -> None:
    visitor.open()
    for name, (text, file, verdict) in CASES.items():
        visitor.page.evaluate("document.querySelector('#verdict').replaceChildren()")
        if text is not None:
            said = visitor.type(text.format(host=visitor.host.url))
        else:
            visitor.page.locator("#code").fill("")
            visitor.page.locator("#form button[type=submit]").click()
        if file is not None:
            said = visitor.choose(file)
        assert said == word(verdict), name
        assert len(visitor.answers()) == 9
        assert visitor.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, name
        if file is not None:
            visitor.page.locator("#drop").click()
            assert not visitor.page.locator("#drop").is_visible()
    missing = "error: Failed to load resource: the server responded with a status of 404"
    assert [text for text in visitor.complaints if not text.startswith(missing)] == []  # proofs that are not there
    assert {url.startswith((visitor.host.url, "data:")) for url in visitor.requests} == {True}
    assert visitor.context.cookies() == []
    assert not any("/v1" in path for path in visitor.host.asked)


def test_what_a_label_says_is_written_out(visitor: Visitor) -> None:
    page = visitor.open(f"/check#{LABEL}")
    assert visitor.verdict() == word("sound")
    said = page.locator("#said").inner_text()
    for part in ("62.5\u00a0kg", "23\u00a0November 2026", "Cocoa", "1, in force", "-".join(
        published.TYPED[at : at + 4] for at in range(0, 18, 4)
    )):  # fmt: skip
        assert part in said
    assert visitor.answers() == {
        1: "passed", 2: "not_applicable", 3: "passed", 4: "passed",
        5: "not_checked", 6: "not_checked", 7: "not_checked", 8: "not_checked", 9: "not_checked",
    }  # fmt: skip
    link = page.locator("#verdict a.go")
    assert link.get_attribute("href") == f"/l/{published.CODE}?lang=en"
    page.evaluate(f"location.hash = '{FLIPPED}'")
    sync_api.expect(page.locator("#verdict h1")).to_have_text(word("unsigned"))
    assert "62.5" not in page.locator("#said").inner_text()  # what nobody signed is not said


def test_the_proof_that_the_host_has_is_fetched_and_says_when_and_who(visitor: Visitor) -> None:
    visitor.host.prove(published.unit_bundle())
    page = visitor.open(f"/check#{LABEL}")
    sync_api.expect(page.locator("#verdict h1")).to_have_text(word("proven"))
    said = page.locator("#said").inner_text()
    assert "by 18\u00a0November 2026, 11:06\u00a0UTC, entry 700 of 900" in said
    assert "2 witnesses: w1.example, w2.example" in said
    assert set(visitor.answers().values()) == {"passed", "not_applicable"}  # 9: the seal kept is of this very tree


def test_one_bit_of_a_proof_is_noticed(visitor: Visitor) -> None:
    visitor.open()
    good = published.unit_bundle()
    for part, at in (("proof", 60), ("proof", 300), ("event", 40), ("proof", -20)):
        text = good[part]
        other = text[:at] + ("A" if text[at] != "A" else "B") + text[at:][1:]
        assert visitor.choose({**good, part: other}) == word("not_proven"), (part, at)
    assert visitor.choose(good) == word("proven")


def test_after_one_visit_it_works_without_network(visitor: Visitor) -> None:
    page = visitor.open()
    assert not page.locator("#offline").is_visible()
    visitor.installed()
    visitor.offline()
    page.wait_for_selector("#offline:not([hidden])")
    page = visitor.open(f"/check?again#{LABEL}")
    assert page.locator("#offline").is_visible()
    assert visitor.verdict() == word("sound")
    assert visitor.page.locator("#verdict a").count() == 0  # no link that leads nowhere
    assert visitor.choose(published.unit_bundle()) == word("proven")
    for path, verdict in (
        (f"/L/{LABEL}", "sound"),
        (f"/l/{FLIPPED}?lang=en", "unsigned"),
        (f"/l/{published.TYPED}", "typed"),
        (f"/l/?code={published.TYPED}", "typed"),
        (f"/l/{published.label(9)}", "unknown_key.old"),
    ):
        visitor.open(path)
        assert visitor.verdict() == word(verdict), path
        assert page.locator("#offline").is_visible()
    visitor.open(f"/l/{LABEL}?lang=fr")
    assert visitor.verdict().replace("\u202f", " ") == word("sound", "fr").replace("\u202f", " ")
    for path in (f"/l/{LABEL}.json", "/", "/v1/lots"):
        with pytest.raises(sync_api.Error):
            visitor.open(path, ready=False)


def test_a_network_that_does_not_answer_keeps_nobody_waiting(visitor: Visitor) -> None:
    page = visitor.open()
    visitor.installed()
    visitor.host.delay = 60
    for text, verdict in ((LABEL, "sound"), (published.label(9), "unknown_key.old")):
        visitor.page.goto(f"{visitor.host.url}/check?{verdict}#{text}")
        sync_api.expect(page.locator("#verdict h1")).to_have_text(word(verdict), timeout=3000)
    assert not page.locator("#offline").is_visible()
    sync_api.expect(page.locator("#offline")).to_be_visible(timeout=15_000)
    assert visitor.verdict() == word("unknown_key.old")


def test_with_network_the_live_page_answers_and_not_the_worker(visitor: Visitor) -> None:
    visitor.open()
    visitor.installed()
    answer = visitor.page.goto(f"{visitor.host.url}/l/{published.CODE}")
    assert answer is not None
    assert (answer.status, "Unknown code" in answer.text()) == (404, True)
    api = visitor.page.goto(f"{visitor.host.url}/healthz")
    assert api is not None
    assert not api.from_service_worker
    checker = visitor.page.goto(f"{visitor.host.url}/check")
    assert checker is not None
    assert checker.from_service_worker


def test_the_keys_of_the_first_visit_are_kept_and_a_changed_one_is_said_loudly(visitor: Visitor) -> None:
    page = visitor.open(f"/check#{LABEL}")
    assert page.locator("#alerts").inner_text() == ""
    changed = published.keys(host=visitor.host.url)
    changed["labels"][0]["public"] = published.label_key(9)["public"]
    visitor.host.publish(changed)
    page = visitor.open(f"/check?again#{LABEL}")
    assert f"The keys of {visitor.host.host} have changed" in page.locator("#alerts").inner_text()
    assert "label key 1" in page.locator("#alerts").inner_text()
    assert visitor.verdict() == word("sound")  # the kept key counts
    page.locator("#alerts button").click()
    sync_api.expect(page.locator("#alerts")).to_be_empty()
    sync_api.expect(page.locator("#verdict h1")).to_have_text(word("unsigned"))
    visitor.open("/check?third")
    assert page.locator("#alerts").inner_text() == ""


def test_a_key_withdrawn_since_counts_as_withdrawn_though_others_are_exchanged(visitor: Visitor) -> None:
    visitor.open()
    later = published.keys(host=visitor.host.url, witnesses=[str(published.WITNESSES[0].verifier)])
    later["labels"] = [published.label_key(1, compromised_since="2026-11-30"), *later["labels"][1:]]
    visitor.host.publish(later)
    page = visitor.open(f"/check?again#{LABEL}")
    assert "witness w2.example" in page.locator("#alerts").inner_text()
    assert visitor.verdict() == word("withdrawn")


def test_a_new_key_is_said_and_counts(visitor: Visitor) -> None:
    visitor.open()
    later = published.keys(host=visitor.host.url)
    later["labels"].append(published.label_key(9))
    visitor.host.publish(later)
    page = visitor.open(f"/check?again#{published.label(9)}")
    assert "label key 9" in page.locator("#alerts").inner_text()
    assert visitor.verdict() == word("sound")
    page.locator("#alerts button").click()
    sync_api.expect(page.locator("#alerts")).to_be_empty()


def test_a_log_that_goes_on_is_followed_and_one_that_does_not_is_said_loudly(visitor: Visitor) -> None:
    page = visitor.open()
    assert "900 entries" in page.locator("#keys").inner_text()
    keys = published.keys(host=visitor.host.url)
    visitor.host.publish(keys, LOG.checkpoint(1000), 1000)
    page = visitor.open("/check?again")
    assert "1\u202f000 entries" in page.locator("#keys").inner_text()
    assert visitor.choose(published.unit_bundle()) == word("proven")
    assert visitor.answers()[9] == "passed"  # over the tiles of the larger tree
    visitor.host.publish(keys, FORKED.checkpoint(1001))
    page = visitor.open("/check?third")
    assert page.locator("#alerts").inner_text() == ""  # tiles are missing: it cannot be said
    visitor.host.publish(keys, FORKED.checkpoint(1000))
    page = visitor.open("/check?fourth")
    assert "does not go on from the seal kept" in page.locator("#alerts").inner_text()
    assert "1\u202f000 entries" in page.locator("#keys").inner_text()
    assert visitor.choose(published.unit_bundle(FORKED, 1000)) == word("forked")


def test_a_new_release_replaces_all_that_was_kept(visitor: Visitor) -> None:
    """The page of before is shown once more, while the new files are fetched; then none of the old is left."""
    page = visitor.open()
    visitor.installed()
    names = "caches.keys().then((names) => names.filter((name) => name.startsWith('filiere-check-')))"
    (before,) = page.evaluate(names)
    visitor.host.release("release.example.org")
    page = visitor.open("/check?again")
    page.evaluate(
        """(before) => new Promise((done) => {
          const look = async () => ((await caches.keys()).includes(before) ? setTimeout(look, 50) : done());
          look();
        })""",
        before,
    )
    (after,) = page.evaluate(names)
    assert after != before
    visitor.offline()
    page = visitor.open(f"/check?third#{LABEL}")
    assert page.locator("header .host").inner_text() == "release.example.org"
    assert visitor.verdict() == word("sound")


def test_what_the_service_itself_publishes_is_proven(browser: Browser, host: Hosted) -> None:
    host.answers.clear()
    code = host.issue()
    visitor = Visitor(browser, host)
    page = visitor.open(f"/check#{host.url}/l/{code}")
    sync_api.expect(page.locator("#verdict h1")).to_have_text(word("proven"))
    assert visitor.answers()[8] == visitor.answers()[9] == "passed"
    assert visitor.answers()[7] == "not_applicable"
    assert page.locator("#alerts").inner_text() == ""
    host.issue_more()
    visitor.open(f"/check?again#{code}")
    sync_api.expect(page.locator("#verdict h1")).to_have_text(word("proven"))
    assert visitor.answers()[9] == "passed"
    assert "label key 1, label key 2" in page.locator("#alerts").inner_text()  # one ended, one new
    live = page.locator("#verdict a.go")
    live.click()
    page.wait_for_url(f"**/l/{code}?lang=en")
    assert page.locator("h1").inner_text().strip() == "In order"
    assert visitor.context.cookies() == []
    visitor.close()


def test_without_keys_it_says_that_it_can_check_nothing(browser: Browser, host: Hosted) -> None:
    host.answers["/.well-known/filiere-keys"] = ("application/json", b"{}")
    visitor = Visitor(browser, host)
    page = visitor.open(f"/check#{LABEL}")
    assert "could not be loaded" in page.locator("#alerts").inner_text()
    assert not page.locator("#verdict").is_visible()
    visitor.close()


def test_with_script_off_it_says_so_and_leads_to_the_live_page(browser: Browser, host: Hosted) -> None:
    visitor = Visitor(browser, host, "fr", java_script_enabled=False)
    page = visitor.open("/check", ready=False)
    assert page.locator("noscript .band").is_visible()
    assert "JavaScript est désactivé" in page.locator("main").inner_text()
    assert not page.locator("#proof").is_visible()
    page.locator("#code").fill("7q4k-9ztm-2hxd-1r8w")
    page.locator("#form button[type=submit]").click()
    assert page.url == f"{host.url}/l/7Q4K9ZTM2HXD1R8W?lang=fr"
    visitor.close()


def test_the_camera_is_offered_where_the_browser_reads_symbols(browser: Browser, host: Hosted) -> None:
    visitor = Visitor(browser, host, permissions=["camera"])
    page = visitor.open()
    assert not page.locator("#camera").is_visible()
    detector = """window.BarcodeDetector = class {
      static async getSupportedFormats() { return ["qr_code"]; }
      async detect(video) { return video.videoWidth ? [{ rawValue: "ADDRESS" }] : []; }
    };"""
    page.add_init_script(detector.replace("ADDRESS", f"{host.url}/L/{LABEL}"))
    page = visitor.open("/check?again")
    page.locator("#camera").click()
    assert visitor.verdict() == word("sound")
    assert not page.locator("#view").is_visible()
    assert page.evaluate("document.querySelector('video').srcObject") is None
    visitor.close()


@pytest.mark.parametrize("width", [320, 360, 1280])
@pytest.mark.parametrize("lang", ["en", "fr"])
def test_it_fits_the_screen_and_the_thumb(browser: Browser, host: Hosted, lang: str, width: int) -> None:
    visitor = Visitor(browser, host, lang)
    visitor.page.set_viewport_size({"width": width, "height": 640})
    page = visitor.open(f"/check#{LABEL}")
    visitor.choose(published.unit_bundle())
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    page.evaluate("document.documentElement.style.fontSize = ''")
    small = page.evaluate(
        """[...document.querySelectorAll('a, button, input:not([type=hidden])')]
        .filter(control => control.checkVisibility())
        .map(control => [control.textContent || control.id, control.getBoundingClientRect()])
        .filter(([text, box]) => box.width < 44 || box.height < 44).map(([text, box]) => `${text} ${box.height}`)"""
    )
    assert small == []
    assert page.locator("html").get_attribute("lang") == lang
    visitor.close()
