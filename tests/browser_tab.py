"""What the browser tests hold in their hands: a running Seedbed and a tab that watches itself."""

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Locator, Page

LOOPBACK = ("127.0.0.1", "localhost")
STILL = """() => {
  const app = document.querySelector('[data-testid="stApp"]');
  return app !== null && app.dataset.testConnectionState === 'CONNECTED'
    && app.dataset.testScriptState === 'notRunning'
    && document.querySelector('[data-testid="stMain"] .stElementContainer') !== null;
}"""


@dataclass
class Seedbed:
    """`seedbed up` in a process of its own."""

    url: str
    home: Path
    log: Path

    def errors(self) -> list[str]:
        """Lines of the log that should not be there."""
        bad = ("ERROR", "CRITICAL", "Traceback", "ended with code")
        return [line for line in self.log.read_text().splitlines() if any(b in line for b in bad)]


@dataclass
class Tab:
    """A browser tab that remembers what went wrong in it."""

    page: Page
    url: str
    outside: list[str] = field(default_factory=list)
    crashes: list[str] = field(default_factory=list)

    def watch(self) -> None:
        self.page.on("request", lambda request: self._note(request.url))
        self.page.on("pageerror", lambda error: self.crashes.append(str(error)))

    def _note(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.hostname not in LOOPBACK:
            self.outside.append(url)

    def open(self, path: str) -> None:
        """Load a page by its address."""
        self.page.goto(f"{self.url}/{path}")
        self.settle()

    def go(self, title: str) -> None:
        """Choose a page in the navigation."""
        self.page.get_by_test_id("stSidebarNavLink").get_by_text(title, exact=True).click()
        self.settle()

    def key(self, key: str) -> Locator:
        """The widget with this key."""
        return self.page.locator(f".st-key-{key.replace('.', '-')}")

    def click(self, key: str) -> None:
        """Click the button with this key and wait for the page."""
        self.key(key).locator("button").first.click()
        self.settle()

    def press(self, keys: str) -> None:
        self.page.keyboard.press(keys)
        self.settle()

    def part(self, name: str) -> None:
        """Choose a part of the page."""
        self.page.get_by_test_id("stButtonGroup").get_by_text(name, exact=True).click()
        self.settle()

    def fill(self, key: str, text: str) -> None:
        """Write into the field with this key and leave it."""
        written = self.key(key).locator("textarea, input").first
        written.fill(text)
        written.blur()
        self.settle()

    def choose(self, key: str, name: str) -> None:
        """Choose the option with this name in a multiselect and close its list."""
        self.key(key).locator("input").first.click()
        self.page.get_by_role("option").filter(has_text=name).first.click()
        self.page.keyboard.press("Escape")
        self.settle()

    def metrics(self) -> list[tuple[str, str]]:
        """Label and value of every figure on the page."""
        found = []
        for metric in self.page.get_by_test_id("stMetric").all():
            label = metric.get_by_test_id("stMetricLabel").inner_text().strip()
            value = metric.get_by_test_id("stMetricValue").inner_text().strip()
            found.append((label, value))
        return found

    def open_row(self, number: int = 0) -> None:
        """Click the name in a row of the page's table; the table is drawn on a canvas."""
        grid = self.page.locator(".stDataFrameGlideDataEditor").first
        grid.click(position={"x": 60, "y": 47 + 31 * number})
        self.settle()

    def settle(self) -> None:
        """Wait until the script has ended, and see that nothing went wrong."""
        # The run that an action starts begins a moment after it.
        self.page.wait_for_timeout(250)
        self.page.wait_for_function(STILL, timeout=30_000)
        self.assert_sound()

    def assert_sound(self) -> None:
        """No traceback, no error box, no request to another machine."""
        for kind in ("stException", "stAlertContentError"):
            shown = self.page.get_by_test_id(kind)
            assert shown.count() == 0, f"{self.page.url}: {shown.first.inner_text()}"
        assert self.page.get_by_text("Traceback (most recent").count() == 0
        assert self.crashes == []
        assert self.outside == []
