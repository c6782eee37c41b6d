"""A knowledge table is edited in the browser, and a template's variable draws from it."""

import json
import urllib.request
from pathlib import Path

import pytest
from browser_tab import Seedbed, Tab
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
HANDBOOK = Path(__file__).resolve().parents[2] / "data" / "samples" / "bank_handbook.md"
WAIT_MS = 40_000
TEMPLATE = """\
name: explain-a-term
title: Explain a term
domain: support
description: Explains one term of the domain.
system: You explain words.
user: "Explain {{ word.term }}. It means: {{ word.definition }}"
variables:
  - name: word
    sampler: {kind: knowledge, table: terms}
output:
  type: object
  additionalProperties: false
  required: [answer]
  properties:
    answer: {type: string}
mapping:
  input: "{{ word.term }}"
  response: "{{ output.answer }}"
"""


def post(seedbed: Seedbed, path: str, body: object) -> dict[str, object]:
    request = urllib.request.Request(
        f"{seedbed.url}/api/v1/{path}",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        found: dict[str, object] = json.load(answer)
    return found


def get(seedbed: Seedbed, path: str) -> dict[str, list[dict[str, dict[str, str]]]]:
    with urllib.request.urlopen(f"{seedbed.url}/api/v1/{path}") as answer:
        found: dict[str, list[dict[str, dict[str, str]]]] = json.load(answer)
    return found


def write_row(tab: Tab, row: int, cells: list[str]) -> None:
    """Type into a row of the table editor, which is drawn on a canvas."""
    grid = tab.page.locator(".stDataFrameGlideDataEditor").first
    expect(grid).to_be_visible(timeout=WAIT_MS)
    tab.page.wait_for_timeout(1_000)  # the canvas takes keys a moment after it is drawn
    grid.click(position={"x": 120, "y": 47 + 31 * row})
    for cell in cells:
        tab.page.wait_for_timeout(1_500)  # the run after the cell before may draw it anew
        tab.page.keyboard.type(cell)
        tab.page.wait_for_timeout(300)
        tab.page.keyboard.press("Enter" if cell is cells[-1] else "Tab")
    tab.page.wait_for_timeout(1_000)
    tab.settle()


def test_an_edited_knowledge_table_is_what_a_templates_variable_draws(
    tab: Tab, seedbed: Seedbed
) -> None:
    post(seedbed, "knowledge/terms?domain=support", {"rows": [{"term": "ticket"}]})
    tab.open("sources?view=knowledge&domain=support")
    expect(tab.key("sources.knowledge.save").locator("button")).to_be_disabled()
    write_row(tab, 1, ["backlog", "Tickets that wait."])
    expect(tab.key("sources.knowledge.save").locator("button")).to_be_enabled(timeout=WAIT_MS)
    tab.click("sources.knowledge.save")
    expect(tab.page.get_by_text("Entries: 1 added.")).to_be_visible(timeout=WAIT_MS)
    stored = get(seedbed, "knowledge/terms?domain=support")["items"]
    assert [entry["fields"]["term"] for entry in stored] == ["ticket", "backlog"]
    assert stored[1]["fields"]["definition"] == "Tickets that wait."
    post(seedbed, "templates", {"yaml": TEMPLATE})
    tab.open("templates?template=explain-a-term")
    tab.part("Plan")
    tab.key("templates.plan.part").get_by_text("Prompts", exact=True).click()
    tab.settle()
    prompts = tab.page.locator('[data-testid="stMain"]')
    expect(prompts).to_contain_text("Explain backlog. It means: Tickets that wait.")
    expect(prompts).to_contain_text("Explain ticket.")


def test_terms_are_extracted_in_the_background_and_drawn(tab: Tab, seedbed: Seedbed) -> None:
    tab.open("sources?view=add")
    tab.page.locator('input[type="file"]').set_input_files(HANDBOOK)
    tab.settle()
    tab.click("sources.import.submit")
    expect(tab.page.get_by_role("heading", name=HANDBOOK.name)).to_be_visible(timeout=WAIT_MS)
    tab.part("Terms")
    tab.click("sources.extract")
    expect(tab.page.get_by_text("by statistics")).to_be_visible(timeout=WAIT_MS)
    tab.settle()
    tab.part("Graph")
    expect(tab.page.locator(".js-plotly-plot").get_by_text("card", exact=True)).to_be_visible(
        timeout=WAIT_MS
    )
    assert seedbed.errors() == []
