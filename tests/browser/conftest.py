"""Headless Chromium, as the distribution packages it, through the DevTools protocol."""

import shutil
from functools import partial
from pathlib import Path
from typing import Self

import pytest
from playwright.sync_api import sync_playwright

ARGUMENTS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --no-default-browser-check"
).split()
TIMEOUT_MS = 10_000
DESKTOP = {"width": 1280, "height": 900}
ANSWER = """async ([id, value]) => {
  const control = document.getElementById(id);
  const start = performance.now();
  control.value = value;
  control.dispatchEvent(new Event(control.tagName === "SELECT" ? "change" : "input", { bubbles: true }));
  await new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)));
  return performance.now() - start;
}"""

TICK = """async (label) => {
  const start = performance.now();
  [...document.querySelectorAll("#label-list input")].find((box) => box.value === label).click();
  await new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)));
  return performance.now() - start;
}"""


@pytest.fixture(scope="session")
def chromium():
    """The browser, with a profile of its own that is thrown away."""
    program = shutil.which("chromium")
    if not program:
        pytest.skip("no Chromium to open the page with; install Debian's package `chromium` (apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


class Page:
    """An open page and what it says and asks for."""

    def __init__(self, page):
        self.page = page
        self.complaints: list[str] = []
        self.requests: list[str] = []
        page.on("console", lambda message: self.complaints.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", lambda dialog: (self.complaints.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on("request", lambda request: self.requests.append(request.url))

    def open(self, path: Path, state: str = "") -> Self:
        """Load the page from disk, with a state in its address."""
        # A new document, even where only what follows the # differs.
        self.page.goto("about:blank")
        self.page.goto(path.as_uri() + state)
        return self


class Gallery(Page):
    """The open gallery and what a test asks of it."""

    def set(self, control: str, value: str) -> float:
        """Change a control; milliseconds until the browser has drawn the cards."""
        return self.page.evaluate(ANSWER, [control, value])

    def tick(self, label: str) -> float:
        """Choose a label, or no longer; milliseconds as in `set`."""
        return self.page.evaluate(TICK, label)

    def choose(self, *labels: str) -> None:
        """Choose these labels and no others."""
        ticked = self.page.eval_on_selector_all("#label-list input:checked", "boxes => boxes.map((box) => box.value)")
        for label in {*ticked} ^ {*labels}:
            self.tick(label)

    def shown(self) -> list[str]:
        """Shot ids of the cards on the page, in order."""
        return self.page.eval_on_selector_all(".card", "cards => cards.map((card) => card.dataset.id)")

    def all_pages(self) -> list[str]:
        """Shot ids of all pages from this one on, turned with the button."""
        ids = self.shown()
        following = self.page.locator(".bar .next")
        while following.is_visible() and following.is_enabled():
            following.click()
            ids += self.shown()
        return ids

    def count(self) -> int:
        """The number that the page says it has found."""
        return int(self.page.inner_text("#found").split()[0].replace(",", ""))


@pytest.fixture
def open_page(chromium):
    """Opens pages; at the end none may have complained or asked for anything but files."""
    opened = []

    def start(path: Path, state: str = "", kind: type[Page] = Page, **options) -> Page:
        context = chromium.new_context(**{"viewport": DESKTOP, **options})
        context.set_default_timeout(TIMEOUT_MS)
        opened.append((context, kind(context.new_page())))
        return opened[-1][1].open(path, state)

    yield start
    for context, page in opened:
        context.close()
        assert page.complaints == []
        assert [url for url in page.requests if not url.startswith(("file:", "data:", "about:", "blob:file:"))] == []


@pytest.fixture
def open_gallery(open_page):
    """Opens galleries."""
    return partial(open_page, kind=Gallery)
