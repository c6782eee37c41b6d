"""A template built from nothing in a real browser, by its forms, then previewed and compared."""

import json
import re
import urllib.request
from typing import Any

import pytest
from browser_tab import Seedbed, Tab
from playwright.sync_api import BrowserContext, expect

pytestmark = pytest.mark.browser
WAIT_MS = 60_000
ECHO_MS = 1600
N = 40
HEADER_PX, ROW_PX = 31, 31
# Where the columns of the output table begin, and of a table of values.
FIELD_X, TYPE_X, MIN_X, MAX_X = 120, 240, 368, 428
VALUE_X, WEIGHT_X = 120, 480

FIELDS = (
    ("ticket", "object"), ("ticket.subject", "text"), ("ticket.body", "text"),
    ("reply", "object"), ("reply.text", "text"), ("reply.action_items", "list"),
)  # fmt: skip
SYSTEM = "You write support tickets, and replies as an experienced agent would give them."
USER = """\
{{ customer.name }} from {{ customer.city }} has trouble with {{ sub_product }}, a {{ product }}.
The severity is {{ severity }} of 4.
{% if escalated %}
The case is escalated.
{% endif %}
Write the ticket, and a reply with one to four action items."""


class Studio(Tab):
    """A tab on a template: while it is written, the error of its YAML may be on screen."""

    def assert_sound(self) -> None:
        assert self.page.get_by_test_id("stException").count() == 0
        assert self.page.get_by_text("Traceback (most recent").count() == 0
        assert self.crashes == []
        assert self.outside == []

    def part_of_form(self, name: str) -> None:
        """Choose a part of the template."""
        self.key("templates.part").get_by_text(name, exact=True).click()
        self.settle()

    def view(self, name: str) -> None:
        """Choose a view of the template."""
        self.key("templates.tab").get_by_text(name, exact=True).click()
        self.settle()

    def pick(self, key: str, name: str) -> None:
        """Choose this option in a select box, by typing its beginning."""
        box = self.key(key).locator("input").first
        box.click()
        box.fill(name)
        self.page.get_by_role("option", name=name, exact=True).first.click()
        self.settle()

    def cell(self, table: str, row: int, x: int, text: str) -> None:
        """Write into a cell of a table that is drawn on a canvas."""
        grid = self.key(f"{table}.table").locator(".stDataFrameGlideDataEditor").first
        grid.click(position={"x": x, "y": HEADER_PX + ROW_PX * row + ROW_PX / 2})
        self.settle()
        if not self._is_editing():
            self.page.keyboard.press("Enter")
            self.page.wait_for_timeout(200)
        self.page.keyboard.press("Control+a")
        self.page.keyboard.type(text, delay=5)
        self.page.wait_for_timeout(150)
        self.page.keyboard.press("Enter")
        self.settle()

    def _is_editing(self) -> bool:
        return self.page.locator("#portal textarea, #portal input").count() > 0

    def draft(self) -> str:
        """The YAML of the whole draft."""
        self.part_of_form("Model")  # its right side is always the YAML
        return self.key("templates.yaml").locator("textarea").input_value()


@pytest.fixture
def studio(context: BrowserContext, seedbed: Seedbed) -> Studio:
    opened = Studio(context.new_page(), seedbed.url)
    opened.watch()
    return opened


def test_a_person_builds_previews_compares_and_launches_a_template_of_their_own(
    studio: Studio, seedbed: Seedbed
) -> None:
    begin_from_nothing(studio)
    add_products(studio)
    add_customer_and_severity(studio)
    add_escalation(studio)
    describe_the_output(studio)
    write_the_prompts(studio)
    see_the_draft_again(studio)
    see_the_plan(studio)
    preview(studio)
    save_two_versions(studio)
    compare_the_wording(studio)
    launch_both(studio)
    check_what_came_out(seedbed)
    assert seedbed.errors() == []


def begin_from_nothing(tab: Studio) -> None:
    tab.open("templates")
    tab.click("templates.new")
    tab.fill("templates.title_new", "Support desk")
    tab.click("templates.create")
    expect(tab.page.get_by_role("heading", name="Support desk")).to_be_visible()
    tab.part_of_form("Variables")


def add(tab: Studio, label: str, kind: str, name: str, place: int) -> None:
    tab.key("templates.variables.add").locator("button").first.click()
    tab.page.get_by_role("button", name=label, exact=True).click()
    tab.settle()
    expect(tab.key(f"templates.variables.{place}.name").locator("input")).to_have_value(kind)
    tab.fill(f"templates.variables.{place}.name", name)


def paste(tab: Studio, table: str, lines: list[str]) -> None:
    tab.key(f"{table}.paste").locator("button").first.click()
    tab.fill(f"{table}.text", "\n".join(lines))


def add_products(tab: Studio) -> None:
    """Products typed into the table; their parts in a block for each product."""
    add(tab, "Category", "category", "product", 0)
    values = "templates.values.product"
    tab.cell(values, 0, VALUE_X, "router")
    tab.cell(values, 0, WEIGHT_X, "3")
    tab.cell(values, 1, VALUE_X, "camera")
    tab.cell(values, 1, WEIGHT_X, "1")
    expect(tab.page.get_by_text("Shares: router 75")).to_be_visible()
    add(tab, "Subcategory", "subcategory", "sub_product", 1)
    expect(tab.key("templates.block.sub_product")).to_contain_text("camera (1)")
    paste(tab, "templates.values.sub_product.0", ["Router One", "Router Max = 2"])
    tab.key("templates.block.sub_product").get_by_text("camera (1)").click()
    tab.settle()
    paste(tab, "templates.values.sub_product.1", ["Doorbell", "Indoor", "Outdoor"])
    expect(tab.key("templates.block.sub_product")).to_contain_text("camera (3)")


def add_customer_and_severity(tab: Studio) -> None:
    """A person whose name fits the locale, seen at once; a severity with weights."""
    add(tab, "Persona", "person", "customer", 2)
    tab.pick("templates.variables.2.sampler.locale", "en_GB")
    expect(tab.page.get_by_text("In the first samples")).to_be_visible()
    add(tab, "Category", "category", "severity", 3)
    paste(tab, "templates.values.severity", ["1 = 25", "2 = 30", "3 = 25", "4 = 20"])
    expect(tab.page.get_by_text("Shares: 1 25")).to_be_visible()


def add_escalation(tab: Studio) -> None:
    """A flag at 30 % that requires a severity of at least 3."""
    add(tab, "Yes or no (Bernoulli)", "bernoulli", "escalated", 4)
    tab.fill("templates.variables.4.sampler.probability", "0.3")
    tab.part_of_form("Constraints")
    tab.click("templates.constraints.add.rule")
    tab.fill("templates.constraints.0.when", "escalated")
    tab.fill("templates.constraints.0.then", "severity | int >= 3")
    draft = tab.draft()
    assert "probability: 0.3" in draft
    assert "then: severity | int >= 3" in draft


def describe_the_output(tab: Studio) -> None:
    """Nested fields typed into the table; a list of one to four items."""
    tab.part_of_form("Output")
    table = "templates.fields.output"
    for row, (path, kind) in enumerate(FIELDS):
        tab.cell(table, row, FIELD_X, path)
        tab.cell(table, row, TYPE_X, kind)
    last = len(FIELDS) - 1
    tab.cell(table, last, MIN_X, "1")
    tab.cell(table, last, MAX_X, "4")
    schema = json.loads(tab.key("templates.output.json").locator("textarea").input_value())
    items = schema["properties"]["reply"]["properties"]["action_items"]
    assert (items["type"], items["minItems"], items["maxItems"]) == ("array", 1, 4)
    assert schema["properties"]["ticket"]["required"] == ["subject", "body"]


def write_the_prompts(tab: Studio) -> None:
    """While the mapping reads a field that is gone, its error stands at its line."""
    tab.part_of_form("Prompt")
    expect(tab.key("templates.yaml_problem")).to_contain_text("Line ")
    expect(tab.key("templates.yaml_problem")).to_contain_text("text")
    tab.fill("templates.system", SYSTEM)
    tab.fill("templates.user", USER)
    tab.fill("templates.mapping.input", "{{ output.ticket.subject }}: {{ output.ticket.body }}")
    tab.fill("templates.mapping.response", "{{ output.reply.text }}")
    expect(tab.key("templates.yaml_problem")).to_have_count(0)
    expect(tab.key("templates.yaml_head")).to_contain_text("Valid")


def see_the_draft_again(tab: Studio) -> None:
    """Nothing was saved, and everything is there after a reload, and on both sides."""
    tab.page.reload()
    tab.settle()
    expect(tab.page.get_by_text("unsaved changes since")).to_be_visible()
    field = tab.key("templates.user").locator("textarea")
    expect(field).to_have_value(USER)
    yaml = tab.key("templates.yaml").locator("textarea")
    tab.fill("templates.yaml", yaml.input_value().replace("has trouble with", "is unhappy with"))
    expect(field).to_have_value(USER.replace("has trouble with", "is unhappy with"))
    tab.page.wait_for_timeout(ECHO_MS)  # sooner, it could be an echo of the field's older text
    tab.fill("templates.user", USER)
    expect(yaml).to_have_value(re.compile("has trouble with"))


def see_the_plan(tab: Studio) -> None:
    tab.view("Plan")
    tab.fill("templates.plan.n", str(N))
    figures = dict(tab.metrics())
    assert figures["Samples"] == str(N)
    tab.key("templates.plan.part").get_by_text("Prompts", exact=True).click()
    tab.settle()
    expect(tab.page.get_by_test_id("stCode").first).to_contain_text("The severity is")


def preview(tab: Studio) -> None:
    tab.view("Preview")
    tab.fill("templates.preview.n", "2")
    tab.click("templates.preview.submit")
    expect(tab.page.get_by_text("Completed", exact=True).first).to_be_visible(timeout=WAIT_MS)
    tab.settle()
    expect(tab.page.get_by_text("action_items").first).to_be_visible()


def save(tab: Studio, name: str, why: str, number: int) -> None:
    tab.key("templates.save_box").locator("button").first.click()
    tab.fill("templates.version_name", name)
    tab.fill("templates.note", why)
    tab.click("templates.save")
    expect(tab.page.get_by_text(re.compile(f"^Version {number}.*saved"))).to_be_visible()
    expect(tab.page.get_by_text("unsaved changes since")).to_have_count(0)


def save_two_versions(tab: Studio) -> None:
    save(tab, "plain", "The first whole recipe", 2)
    tab.view("Design")
    tab.part_of_form("Prompt")
    tab.fill("templates.system", SYSTEM + " The reply is warm and short.")
    save(tab, "warm", "Replies were cold", 3)


def compare_the_wording(tab: Studio) -> None:
    tab.view("Versions")
    tab.part("Differences")
    expect(tab.page.get_by_text("The reply is warm and short.").first).to_be_visible()


def launch_both(tab: Studio) -> None:
    tab.part("A/B comparisons")
    tab.fill("templates.ab.n", str(N))
    tab.fill("templates.ab.name", "Warm or plain")
    tab.click("templates.ab.submit")
    expect(tab.page.get_by_role("heading", name="Warm or plain")).to_be_visible()
    expect(tab.page.get_by_role("heading", name="Outcome")).to_be_visible(timeout=WAIT_MS)
    tab.settle()
    assert tab.page.get_by_text("Completed", exact=True).count() == 2


def check_what_came_out(seedbed: Seedbed) -> None:
    """Both batches followed the plan: shares, the constraint, the parts, the action items."""
    found = get_json(f"{seedbed.url}/api/v1/batches")["items"]
    launched = [b for b in found if b["n"] == N]
    assert len(launched) == 2
    for batch in launched:
        page = f"{seedbed.url}/api/v1/samples?batch_id={batch['batch_id']}&limit={N}"
        samples = get_json(page)["items"]
        assert len(samples) == N
        variables = [sample["variables"] for sample in samples]
        assert sum(v["escalated"] for v in variables) == round(0.3 * N)
        assert all(int(v["severity"]) >= 3 for v in variables if v["escalated"])
        assert sum(v["product"] == "router" for v in variables) == round(0.75 * N)
        parts = {(v["product"], v["sub_product"].split()[0]) for v in variables}
        assert parts == {
            ("router", "Router"), ("camera", "Doorbell"), ("camera", "Indoor"),
            ("camera", "Outdoor"),
        }  # fmt: skip
        answers = [s["output"] for s in samples if s["state"] == "generated"]
        assert answers
        assert all(1 <= len(a["reply"]["action_items"]) <= 4 for a in answers)


def get_json(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=10) as reply:
        return json.loads(reply.read())
