"""Seconds that pages and their controls take in a real Chromium, beside a page that shows nothing.

    python tests/benchmarks/bench_pages.py URL

walks a running Seedbed that holds one large batch. Each row: first content and end of a step, its
ratio to the baseline of the same run (opening the Settings page, whose size does not depend on the
samples), and whether a spinner or a bar was shown meanwhile.
"""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1])]

from browser_tab import Tab  # noqa: E402
from page_walk import Timing, opening, walk  # noqa: E402
from playwright.sync_api import sync_playwright  # noqa: E402
from walked_steps import STEPS  # noqa: E402

BASELINE = "Settings"
CHROMIUM = "/usr/bin/chromium"


def main(url: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
        tab = Tab(page, url)
        tab.watch()
        tab.open("")
        baseline = min(walk(tab, [opening(BASELINE), opening("Overview")] * 3)[::2], key=whole)
        show([baseline], baseline)
        for step in STEPS:
            show(walk(tab, [step]), baseline)
        browser.close()


def whole(timing: Timing) -> float:
    return timing.whole_s


def show(timings: list[Timing], baseline: Timing) -> None:
    for t in timings:
        first = "      " if t.first_s is None else f"{t.first_s:6.2f}"
        shown = "" if t.progress_s is None else f"progress at {t.progress_s:.2f}"
        times = f"{first} {t.whole_s:6.2f} {t.whole_s / baseline.whole_s:5.1f}x"
        print(f"{t.page:10} {t.name:46} {times}  {shown}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
