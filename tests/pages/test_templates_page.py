"""The template page: forms and YAML in step, drafts that are kept, saving."""

from typing import Any

from streamlit.testing.v1 import AppTest

from core.db.workspace import Workspace
from core.generation.browsing import list_batches
from core.templates.definition import build_template
from core.templates.drafts import load_draft, store_draft
from core.templates.editing.draft_text import read_draft
from core.templates.versions import (
    get_template,
    get_version,
    is_draft,
    latest_version,
    load_definition,
    save_template,
)

NAME = "bank-answers"
YAML = "templates.yaml"


def opened(open_page: Any, part: str = "Prompt") -> AppTest:
    at: AppTest = open_page("templates", template=NAME)
    return at.segmented_control(key="templates.part").set_value(part).run()


def draft_text(workspace: Workspace) -> str | None:
    template = get_template(workspace, NAME)
    draft = load_draft(workspace, template.template_id)
    return None if draft is None else draft.text


def test_an_edited_prompt_is_saved_as_the_next_version(
    workspace: Workspace, seeded, open_page
) -> None:
    at = opened(open_page)
    at.text_area(key="templates.system").set_value("You are a careful banker.").run()
    at.text_input(key="templates.note").set_value("careful")
    at.text_input(key="templates.version_name").set_value("the careful one")
    at.button(key="templates.save").click().run()
    assert not at.exception
    version = latest_version(workspace, NAME)
    assert (version.number, version.note, version.name) == (2, "careful", "the careful one")
    assert version.definition["system"] == "You are a careful banker."
    assert draft_text(workspace) is None, "what is saved is no draft any more"


def test_a_template_without_changes_cannot_be_saved(seeded, open_page) -> None:
    at = opened(open_page)
    assert at.button(key="templates.save").disabled


def test_a_form_edit_is_in_the_yaml_and_a_yaml_edit_in_the_form(seeded, open_page) -> None:
    at = opened(open_page)
    at.text_area(key="templates.user").set_value("Ask about {{ topic }} now.").run()
    text = at.text_area(key=YAML).value
    assert "Ask about {{ topic }} now." in text
    at.text_area(key=YAML).set_value(text.replace(" now.", " soon.")).run()
    assert at.text_area(key="templates.user").value == "Ask about {{ topic }} soon."
    assert not at.exception


def test_broken_yaml_is_an_error_at_its_line_and_the_forms_say_that_they_wait(
    workspace: Workspace, seeded, open_page
) -> None:
    at = opened(open_page)
    before = at.text_area(key="templates.system").value
    broken = at.text_area(key=YAML).value.replace("kind: category", "kind: nonsense", 1)
    at.text_area(key=YAML).set_value(broken).run()
    assert not at.exception
    assert at.error[0].value.startswith("Line ")
    assert any("> " in code.value and "nonsense" in code.value for code in at.code)
    assert "last state" in at.warning[0].value
    assert at.text_area(key="templates.system").value == before
    assert at.text_area(key="templates.system").disabled
    assert at.button(key="templates.save").disabled
    assert draft_text(workspace) == broken, "a broken text is kept too"
    assert latest_version(workspace, NAME).number == 1


def test_a_prompt_that_reads_an_unknown_name_is_kept_with_its_error(seeded, open_page) -> None:
    at = opened(open_page)
    at.text_area(key="templates.user").set_value("Ask about {{ colour }}.").run()
    assert "colour" in at.error[0].value
    assert at.text_area(key="templates.user").value == "Ask about {{ colour }}."
    assert not at.text_area(key="templates.user").disabled


def test_a_draft_is_there_again_in_another_tab_and_can_be_discarded(
    workspace: Workspace, seeded, open_page
) -> None:
    at = opened(open_page)
    at.text_area(key="templates.user").set_value("Ask about {{ topic }} later.").run()
    again = opened(open_page)
    assert again.text_area(key="templates.user").value == "Ask about {{ topic }} later."
    assert any("unsaved changes since" in caption.value for caption in again.caption)
    again.button(key="templates.discard").click().run()
    assert draft_text(workspace) is None
    assert "later" not in again.text_area(key=YAML).value
    at.run()
    assert "later" not in at.text_area(key=YAML).value, "the first tab follows"


def test_a_version_that_somebody_saved_meanwhile_is_said(
    workspace: Workspace, seeded, open_page
) -> None:
    at = opened(open_page)
    at.text_area(key="templates.user").set_value("Mine about {{ topic }}.").run()
    other = load_definition(latest_version(workspace, NAME)).model_dump(mode="json")
    save_template(workspace, build_template({**other, "title": "Theirs"}), "theirs")
    at.run()
    assert any("Version 2 was saved" in text.value for text in at.markdown)
    at.button(key="templates.keep_mine").click().run()
    assert not any("Version 2 was saved" in text.value for text in at.markdown)
    at.button(key="templates.save").click().run()
    assert latest_version(workspace, NAME).definition["user"] == "Mine about {{ topic }}."
    assert latest_version(workspace, NAME).number == 3


def test_a_variable_is_added_renamed_and_deleted(workspace: Workspace, seeded, open_page) -> None:
    at = opened(open_page, "Variables")
    at.button(key="templates.variables.add.integer").click().run()
    place = len(_data(at)["variables"]) - 1
    assert _data(at)["variables"][place] == {
        "name": "integer", "sampler": {"kind": "integer", "low": 1, "high": 10},
    }  # fmt: skip
    at.number_input(key=f"templates.variables.{place}.sampler.high").set_value(5).run()
    at.text_input(key=f"templates.variables.{place}.name").set_value("level").run()
    at.selectbox(key=f"templates.variables.{place}.sampler.kind").set_value("number").run()
    assert _data(at)["variables"][place]["sampler"] == {
        "kind": "number", "low": 1, "high": 5, "decimals": 2,
    }  # fmt: skip
    assert any("first samples" in caption.value for caption in at.caption)
    at.button(key="templates.variables.delete").click().run()
    assert [v["name"] for v in _data(at)["variables"]][-1] != "level"
    assert not at.exception


def test_a_renamed_variable_is_renamed_in_the_prompt(seeded, open_page) -> None:
    at = opened(open_page, "Variables")
    at.selectbox(key="templates.variables.open").set_value("topic").run()
    place = [v["name"] for v in _data(at)["variables"]].index("topic")
    at.text_input(key=f"templates.variables.{place}.name").set_value("subject").run()
    assert "{{ subject }}" in _data(at)["user"]
    assert any("user prompt" in info.value for info in at.info)
    assert read_draft(at.text_area(key=YAML).value).definition is not None


def test_every_part_opens_for_a_template_with_everything_in_it(
    workspace: Workspace, seeded, open_page
) -> None:
    save_template(workspace, build_template(EVERYTHING), is_trusted=True)
    at = open_page("templates", template="everything")
    for part in ("Prompt", "Constraints", "Output", "Examples", "Steps", "Checks", "Model"):
        at.segmented_control(key="templates.part").set_value(part).run()
        assert not at.exception, part
        assert not at.error, part
    at.segmented_control(key="templates.part").set_value("Variables").run()
    for variable in EVERYTHING["variables"]:
        at.selectbox(key="templates.variables.open").set_value(variable["name"]).run()
        assert not at.exception, variable["name"]
    at.segmented_control(key="templates.tab").set_value("Plan").run()
    for part in ("Quotas", "Variables", "Prompts"):
        at.segmented_control(key="templates.plan.part").set_value(part).run()
        assert not at.exception, part
        assert not at.error, part
    assert any("[user]" in code.value for code in at.code)


def _data(at: AppTest) -> dict[str, Any]:
    data = read_draft(at.text_area(key=YAML).value).data
    assert data is not None
    return data


def test_a_template_begins_from_nothing_or_from_yaml(
    workspace: Workspace, seeded, open_page
) -> None:
    at = open_page("templates", view="new")
    at.text_input(key="templates.title_new").set_value("Support tickets").run()
    at.button(key="templates.create").click().run()
    assert not at.exception
    assert latest_version(workspace, "support-tickets").note == "Started from nothing."
    text = at.text_area(key=YAML).value
    at = open_page("templates", view="new")
    at.segmented_control(key="templates.way").set_value("From YAML").run()
    at.text_area(key="templates.pasted").set_value(text).run()
    at.button(key="templates.create_yaml").click().run()
    assert "already" in at.error[0].value
    at.text_area(key="templates.pasted").set_value(
        text.replace("support-tickets", "other-tickets")
    ).run()
    at.button(key="templates.create_yaml").click().run()
    assert latest_version(workspace, "other-tickets").number == 1


def test_a_preview_is_a_small_batch_of_kind_preview(
    workspace: Workspace, seeded, open_page
) -> None:
    at = open_page("templates", template=NAME)
    at.segmented_control(key="templates.tab").set_value("Preview").run()
    at.number_input(key="templates.preview.n").set_value(2)
    at.button(key="templates.preview.submit").click().run()
    assert not at.exception
    (batch,) = list_batches(workspace, kinds=["preview"])
    assert (batch.n, batch.priority, batch.state) == (2, 1, "queued")


def test_unsaved_changes_are_previewed_without_adding_a_version(
    workspace: Workspace, seeded, open_page
) -> None:
    at = opened(open_page)
    at.text_area(key="templates.user").set_value("Ask about {{ topic }}, in a hurry.").run()
    at.segmented_control(key="templates.tab").set_value("Preview").run()
    at.button(key="templates.preview.submit").click().run()
    assert not at.exception
    (batch,) = list_batches(workspace, kinds=["preview"])
    previewed = get_version(workspace, batch.template_version_id)
    assert is_draft(previewed)
    assert load_definition(previewed).user == "Ask about {{ topic }}, in a hurry."
    assert latest_version(workspace, NAME).number == 1


def test_a_stored_draft_that_does_not_parse_opens_with_its_error(
    workspace: Workspace, seeded, open_page
) -> None:
    version = latest_version(workspace, NAME)
    store_draft(workspace, version.template_id, version.template_version_id, "name: [")
    at = opened(open_page)
    assert not at.exception
    assert at.text_area(key=YAML).value == "name: ["
    assert at.text_area(key="templates.system").value == version.definition["system"]


EVERYTHING: dict[str, Any] = {
    "name": "everything",
    "title": "Everything",
    "domain": "general",
    "system": "You write.",
    "variables": [
        {"name": "product", "sampler": {"kind": "category", "values": ["router", "mesh"]}},
        {
            "name": "part",
            "sampler": {
                "kind": "subcategory",
                "parent": "product",
                "values": {"router": ["R1", {"value": "R2", "weight": 3}], "mesh": ["M1"]},
            },
        },
        {"name": "urgent", "sampler": {"kind": "bernoulli", "probability": 0.25}},
        {
            "name": "days",
            "sampler": {
                "kind": "integer",
                "low": 0,
                "high": 30,
                "distribution": "normal",
                "mean": 5,
                "std": 2,
            },
        },
        {"name": "score", "sampler": {"kind": "number", "low": 0, "high": 1}},
        {
            "name": "opened",
            "sampler": {"kind": "date", "start": "2026-01-01", "end": "2026-02-01"},
        },
        {
            "name": "company",
            "when": "urgent",
            "sampler": {"kind": "faker", "method": "company", "locale": "de_DE"},
        },
        {"name": "who", "sampler": {"kind": "persona", "locale": "en_GB"}},
        {"name": "line", "sampler": {"kind": "expression", "template": "{{ part }} {{ who.age }}"}},
        {
            "name": "filed",
            "sampler": {"kind": "source_field", "column": "category", "default": "none"},
        },
        {
            "name": "row",
            "sampler": {"kind": "table_row", "source": "orders", "columns": ["id", "the city"]},
        },
        {"name": "term", "sampler": {"kind": "knowledge", "table": "terms"}},
        {
            "name": "mood",
            "sampler": {
                "kind": "grown",
                "instruction": "Moods",
                "values": ["calm", "cross"],
                "wanted": 9,
            },
        },
        {"name": "parent", "sampler": {"kind": "parent_sample"}},
        {"name": "tone", "sampler": {"kind": "given", "default": "warm"}},
    ],
    "source": {"required": False},
    "constraints": [
        {"kind": "inequality", "left": "days", "operator": "<=", "right": 20},
        {"kind": "exclusion", "values": {"product": ["mesh"], "mood": ["cross"]}},
        {"kind": "rule", "when": "urgent", "then": "days <= 10"},
    ],
    "steps": [
        {
            "name": "draft",
            "user": "Write about {{ line }}, {{ mood }}.",
            "output": {
                "type": "object",
                "additionalProperties": False,
                "required": ["text"],
                "properties": {"text": {"type": "string"}},
            },
        },
        {
            "name": "final",
            "user": "Better: {{ output.draft.text }}",
            "continues": True,
            "temperature": 0.1,
            "output": {
                "type": "object",
                "properties": {"text": {"type": "string"}},
                "required": ["text"],
            },
        },
    ],
    "examples": [{"user": "Write about R1.", "output": {"text": "R1 is good."}, "step": "draft"}],
    "mapping": {"input": "{{ line }}", "response": "{{ output.final.text }}"},
    "model": {"connection": "offline", "temperature": 0.5},
    "checks": {"rules": [{"name": "short", "condition": "output.final.text | length < 900",
                          "message": "too long"}]},
}  # fmt: skip
