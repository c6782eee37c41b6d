"""A walk through the pages, each step timed inside the browser.

A page's first content is a figure, table, chart or text below its title. A step ends when the
script has stopped for good. Progress is a spinner, bar or skeleton on the page.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from browser_tab import Tab

START = """title => {
  const walk = {start: performance.now(), first: null, ran: null, stopped: null, progress: null,
                ended: null};
  window.seedbedWalk = walk;
  const busy = '[data-testid="stSpinner"], [data-testid="stProgress"], [data-testid="stSkeleton"]';
  const look = () => {
    if (window.seedbedWalk !== walk) return;
    const now = performance.now() - walk.start;
    const app = document.querySelector('[data-testid="stApp"]');
    const main = document.querySelector('[data-testid="stMain"]');
    const running = app === null || app.dataset.testScriptState !== 'notRunning';
    if (running) { walk.ran ??= now; walk.stopped = null; } else { walk.stopped ??= now; }
    if (main !== null) {
      if (main.querySelector(busy) !== null) walk.progress ??= now;
      const named = [...main.querySelectorAll('h1')].some(h => h.innerText.trim() === title);
      const fresh = [...main.querySelectorAll('.stElementContainer[data-stale="false"]')]
        .filter(e => e.querySelector('h1') === null && e.getBoundingClientRect().height > 8);
      if (named && fresh.length > 1) walk.first ??= now;
    }
    const began = walk.ran !== null || now > 1500;
    if (began && walk.stopped !== null && now - walk.stopped > 600) walk.ended ??= walk.stopped;
    setTimeout(look, 15);
  };
  look();
}"""
# A panel that refreshes itself runs again and again: the first long pause is the end.
ENDED = "() => window.seedbedWalk !== undefined && window.seedbedWalk.ended !== null"


@dataclass(frozen=True)
class Step:
    """One thing that a person does: on a page, with a control."""

    page: str  # title of the page
    name: str
    act: Callable[[Tab], None]


@dataclass(frozen=True)
class Timing:
    """What the browser saw of one step, in seconds since the action."""

    page: str
    name: str
    first_s: float | None  # first content; None where there was none
    whole_s: float  # until the script stopped
    progress_s: float | None  # the first spinner, bar or skeleton; None where none was shown


def walk(tab: Tab, steps: Sequence[Step]) -> list[Timing]:
    """Do every step, one after the other. A step that goes wrong fails as the tab does."""
    return [timed(tab, step) for step in steps]


def timed(tab: Tab, step: Step) -> Timing:
    """Do one step and wait for its end, at most two minutes."""
    tab.page.evaluate(START, step.page)
    step.act(tab)
    tab.page.wait_for_function(ENDED, timeout=120_000)
    seen = tab.page.evaluate("() => window.seedbedWalk")
    tab.assert_sound()
    return Timing(
        step.page, step.name, _seconds(seen["first"]), seen["ended"] / 1000,
        _seconds(seen["progress"]),
    )  # fmt: skip


def _seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000


def opening(title: str) -> Step:
    """Choose a page in the navigation."""

    def act(tab: Tab) -> None:
        tab.page.get_by_test_id("stSidebarNavLink").get_by_text(title, exact=True).click()

    return Step(title, "open", act)


def clicking(page: str, key: str) -> Step:
    """Click the button of that key."""
    return Step(page, f"click {key}", lambda tab: tab.key(key).locator("button").first.click())


def parting(page: str, name: str) -> Step:
    """Choose a part of the page."""

    def act(tab: Tab) -> None:
        tab.page.get_by_test_id("stButtonGroup").get_by_text(name, exact=True).first.click()

    return Step(page, f"part {name}", act)


def choosing(page: str, key: str, option: str) -> Step:
    """Choose an option of the selectbox or multiselect of that key."""

    def act(tab: Tab) -> None:
        tab.key(key).locator("input").first.click()
        tab.page.get_by_role("option").filter(has_text=option).first.click()
        tab.page.keyboard.press("Escape")

    return Step(page, f"{key} = {option}", act)


def typing(page: str, key: str, text: str) -> Step:
    """Write into the field of that key and leave it."""

    def act(tab: Tab) -> None:
        field = tab.key(key).locator("textarea, input").first
        field.fill(text)
        field.press("Enter")

    return Step(page, f"{key} = {text!r}", act)
