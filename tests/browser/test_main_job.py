"""The main job in a real browser, clicked as a person would, on real processes and files."""

import csv
import hashlib
import json
import re
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from browser_tab import Seedbed, Tab
from playwright.sync_api import BrowserContext, Locator, expect

from app.navigation import PAGES

pytestmark = pytest.mark.browser
ROOT = Path(__file__).resolve().parents[2]
QUESTIONS = ROOT / "data" / "samples" / "customer_questions.csv"
VERSIONS = "/api/v1/dataset-versions"
WAIT_MS = 40_000
N = 40


def test_a_person_goes_from_a_file_to_a_verified_dataset(
    tab: Tab, seedbed: Seedbed, tmp_path: Path
) -> None:
    import_questions(tab, tmp_path)
    preview_the_banking_template(tab)
    save_compare_and_restore(tab)
    launch_and_watch(tab)
    batches = get_json(f"{seedbed.url}/api/v1/batches")["items"]
    assert [batch["name"] for batch in batches] == ["First forty"], "a double click launches once"
    look_at_insight(tab)
    review_by_keyboard(tab)
    release_verify_and_download(tab)
    see_the_spend(tab)
    assert seedbed.errors() == []


def import_questions(tab: Tab, folder: Path) -> None:
    """Sources: the first 40 customer questions, their text column suggested."""
    file = folder / "questions.csv"
    with QUESTIONS.open(encoding="utf-8", newline="") as source:
        rows = list(csv.reader(source))[: N + 1]
    with file.open("w", encoding="utf-8", newline="") as target:
        csv.writer(target).writerows(rows)
    tab.open("sources")
    tab.click("sources.add")
    tab.page.locator('input[type="file"]').set_input_files(file)
    expect(tab.key("sources.column")).to_contain_text("text", timeout=WAIT_MS)
    tab.click("sources.import.submit")
    expect(tab.page.get_by_role("heading", name="questions.csv")).to_be_visible()
    expect(tab.page.get_by_test_id("stMetric").first).to_contain_text(str(N))


def preview_the_banking_template(tab: Tab) -> None:
    """Templates: two real samples with their tokens, cost and schema verdict."""
    tab.go("Templates")
    tab.open_row(0)
    expect(tab.page.get_by_role("heading", name="Bank customer question")).to_be_visible()
    tab.part("Preview")
    tab.fill("templates.preview.n", "2")
    tab.choose("templates.preview.sources", "questions.csv")
    tab.click("templates.preview.submit")
    expect(tab.page.get_by_text("2 of 2 samples")).to_be_visible(timeout=WAIT_MS)
    expect(tab.page.get_by_text("Completed", exact=True)).to_be_visible(timeout=WAIT_MS)
    tab.settle()
    assert tab.page.get_by_text(re.compile("^(Fits|Does not fit) the schema$")).count() == 2
    for label in ("Tokens in", "Tokens out", "Cost", "Latency"):
        shown = [m for m in tab.metrics() if m[0] == label]
        assert len(shown) == 1, label
        assert re.match(r"\d", shown[0][1]), shown


def save_compare_and_restore(tab: Tab) -> None:
    """Templates: a changed prompt becomes version 2, its diff is shown, version 1 comes back."""
    tab.part("Design")
    prompt = tab.key("templates.system").locator("textarea")
    tab.fill("templates.system", prompt.input_value() + "\nAnswer in plain words.")
    tab.key("templates.save_box").locator("button").first.click()
    tab.fill("templates.note", "Plain words")
    tab.click("templates.save")
    expect(tab.page.get_by_text(re.compile("^Version 2, saved"))).to_be_visible()
    tab.part("Versions")
    tab.part("Differences")
    tab.key("templates.diff.yaml").locator("label").first.click()
    expect(tab.page.get_by_test_id("stCode")).to_contain_text("Answer in plain words.")
    tab.part("History")
    tab.choose("templates.versions.chosen", "Version 1")
    tab.click("templates.restore")
    expect(tab.page.get_by_text(re.compile("^Version 3, saved"))).to_be_visible()
    tab.part("Design")
    expect(prompt).not_to_have_value(re.compile("Answer in plain words."))


def launch_and_watch(tab: Tab) -> None:
    """Batches: 40 samples within a budget, watched until they are done."""
    tab.click("templates.launch")
    tab.fill("batches.n", str(N))
    tab.choose("batches.sources", "questions.csv")
    assert dict(tab.metrics())["Expected cost"] != "–"
    tab.fill("batches.name", "First forty")
    tab.fill("batches.budget", "1")
    tab.key("batches.launch.submit").locator("button").first.dblclick()
    tab.settle()
    expect(tab.page.get_by_role("heading", name="First forty")).to_be_visible()
    expect(tab.page.get_by_text("Completed", exact=True)).to_be_visible(timeout=WAIT_MS)
    tab.settle()
    figures = dict(tab.metrics())
    assert int(figures["Generated"]) + int(figures["Failed"]) == N
    expect(tab.page.get_by_text(f"{N} of {N} samples")).to_be_visible()


def look_at_insight(tab: Tab) -> None:
    """Insight: computed by a worker; the map has its points, every figure a value."""
    tab.click("batches.to_insight")
    # A finished batch is analysed by itself.
    plane = tab.page.get_by_role("application", name=re.compile("samples by meaning"))
    expect(plane).to_be_visible(timeout=WAIT_MS)
    tab.settle()
    choose_on_the_map(tab, plane)
    expect(tab.page.get_by_text("embedded with")).to_be_visible(timeout=WAIT_MS)
    tab.part("Diversity")
    expect(tab.page.get_by_text("All figures")).to_be_visible()
    figures = dict(tab.metrics())
    assert len(figures) >= 5
    assert all(re.match(r"\d", value) for value in figures.values()), figures
    tab.part("Bias")
    expect(tab.page.get_by_text(re.compile("^Share of samples by")).first).to_be_visible()


def choose_on_the_map(tab: Tab, plane: Locator) -> None:
    """A box around the whole map holds every sample; what can be done with them is offered."""
    tab.page.get_by_role("button", name="Choose with a box").click()
    box = plane.bounding_box()
    assert box is not None
    tab.page.mouse.move(box["x"] + 4, box["y"] + 4)
    tab.page.mouse.down()
    tab.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    tab.page.mouse.move(box["x"] + box["width"] - 4, box["y"] + box["height"] - 4)
    tab.page.mouse.up()
    expect(plane.get_by_role("status")).to_contain_text("chosen")
    expect(tab.key("insight.reject")).to_be_visible(timeout=WAIT_MS)


def review_by_keyboard(tab: Tab) -> None:
    """Review: accept, edit, reject with a reason, undo; each is one key."""
    tab.go("Review")
    expect(tab.key("review.accept")).to_be_visible()
    tab.press("a")
    expect(tab.page.get_by_text("1 accepted")).to_be_visible()
    tab.press("e")
    response = tab.key("review.response").locator("textarea")
    corrected = response.input_value() + " Call us if this does not help."
    response.fill(corrected)
    response.press("Control+Enter")
    tab.settle()
    expect(tab.page.get_by_text("1 edited")).to_be_visible()
    tab.press("x")
    expect(tab.key("review.reason.wrong")).to_be_visible()
    tab.press("1")
    expect(tab.page.get_by_text("1 rejected")).to_be_visible()
    tab.press("u")
    expect(tab.page.get_by_text("0 rejected")).to_be_visible()
    expect(tab.page.get_by_text("1 edited")).to_be_visible()


def release_verify_and_download(tab: Tab) -> None:
    """Datasets: a version is built, verified, and its file matches the manifest."""
    tab.go("Datasets")
    tab.click("datasets.new")
    tab.choose("datasets.batches", "First forty")
    expect(tab.page.get_by_text("Samples selected")).to_be_visible()
    selected = int(dict(tab.metrics())["Samples selected"])
    assert selected > N // 2
    tab.fill("datasets.name", "bank-answers")
    tab.fill("datasets.changelog", "The first forty.")
    tab.click("datasets.build")
    expect(tab.page.get_by_text("Released", exact=True)).to_be_visible(timeout=WAIT_MS)
    tab.settle()
    expect(tab.page.get_by_role("heading", name="bank-answers 1.0.0")).to_be_visible()
    tab.click("datasets.verify")
    expect(tab.page.get_by_text("match their SHA-256")).to_be_visible()
    version_id = tab.page.url.split("version=")[1]
    manifest = get_json(f"{tab.url}{VERSIONS}/{version_id}")["manifest"]
    sums = {file["name"]: file["sha256"] for file in manifest["files"]}
    with tab.page.expect_download() as download:
        tab.key("datasets.file.train.parquet").locator("a").click()
    content = Path(download.value.path()).read_bytes()
    assert download.value.suggested_filename.endswith("train.parquet")
    assert hashlib.sha256(content).hexdigest() == sums["train.parquet"]


def see_the_spend(tab: Tab) -> None:
    """Spend: every call is in the ledger, and offline calls cost nothing."""
    tab.go("Spend")
    expect(tab.page.get_by_text("Per accepted sample")).to_be_visible()
    figures = dict(tab.metrics())
    assert int(figures["Calls"]) >= N + 2
    assert figures["In all"].startswith("0.00")
    expect(tab.page.get_by_text("Ledger", exact=True)).to_be_visible()


def get_json(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=10) as reply:
        return json.loads(reply.read())


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_fits_the_screen(
    scheme: str, context: BrowserContext, tab: Tab, seedbed: Seedbed
) -> None:
    tab.page.emulate_media(color_scheme=scheme)
    for spec in PAGES:
        tab.open("" if spec is PAGES[0] else spec.noun)
        expect(tab.page.get_by_role("heading", name=spec.title).first).to_be_visible()
        for width in (1024, 1440):
            tab.page.set_viewport_size({"width": width, "height": 800})
            tab.settle()
            wide = tab.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            assert wide <= 1, f"{spec.title} is {wide} px too wide at {width} px"
    assert seedbed.errors() == []
