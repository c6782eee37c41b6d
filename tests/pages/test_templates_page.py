"""Editing, saving and comparing template versions from the page."""

from core.db.workspace import Workspace
from core.generation.batches import list_batches
from core.templates.versions import (
    get_version,
    is_draft,
    latest_version,
    list_versions,
    load_definition,
)


def test_an_edited_prompt_is_saved_as_the_next_version(
    workspace: Workspace, seeded, open_page
) -> None:
    at = open_page("templates", template="bank-answers")
    at.text_area(key="templates.system").set_value("You are a careful banker.").run()
    at.text_input(key="templates.note").set_value("careful")
    at.button(key="templates.save").click().run()
    assert not at.exception
    version = latest_version(workspace, "bank-answers")
    assert (version.number, version.note) == (2, "careful")
    assert version.definition["system"] == "You are a careful banker."


def test_a_template_without_changes_cannot_be_saved(seeded, open_page) -> None:
    at = open_page("templates", template="bank-answers")
    assert at.button(key="templates.save").disabled


def test_broken_yaml_is_an_error_at_its_line_and_nothing_is_saved(
    workspace: Workspace, seeded, open_page
) -> None:
    at = open_page("templates", template="bank-answers")
    at.segmented_control(key="templates.tab").set_value("YAML").run()
    broken = at.text_area(key="templates.yaml").value.replace("kind: category", "kind: nonsense", 1)
    at.text_area(key="templates.yaml").set_value(broken).run()
    assert not at.exception
    assert at.error[0].value.startswith("Line ")
    assert any("> " in code.value and "nonsense" in code.value for code in at.code)
    assert latest_version(workspace, "bank-answers").number == 1


def test_restoring_makes_a_new_version_with_the_old_content(
    workspace: Workspace, seeded, open_page
) -> None:
    first = latest_version(workspace, "bank-answers")
    at = open_page("templates", template="bank-answers")
    at.text_area(key="templates.user").set_value("Ask about {{ topic }}.").run()
    at.button(key="templates.save").click().run()
    at.segmented_control(key="templates.tab").set_value("Versions").run()
    assert "+user: Ask about {{ topic }}." in "".join(code.value for code in at.code)
    at.button(key="templates.restore").click().run()
    versions = list_versions(workspace, first.template_id)
    assert [v.number for v in versions] == [3, 2, 1]
    assert load_definition(versions[0]) == load_definition(versions[2])


def test_a_preview_is_a_small_batch_of_kind_preview(
    workspace: Workspace, seeded, open_page
) -> None:
    at = open_page("templates", template="bank-answers")
    at.segmented_control(key="templates.tab").set_value("Preview").run()
    at.number_input(key="templates.preview.n").set_value(2)
    at.button(key="templates.preview.submit").click().run()
    assert not at.exception
    (batch,) = list_batches(workspace, kind="preview")
    assert (batch.n, batch.priority, batch.state) == (2, 1, "queued")


def test_unsaved_changes_are_previewed_without_adding_a_version(
    workspace: Workspace, seeded, open_page
) -> None:
    at = open_page("templates", template="bank-answers")
    at.text_area(key="templates.user").set_value("Ask about {{ topic }}, in a hurry.").run()
    at.segmented_control(key="templates.tab").set_value("Preview").run()
    at.button(key="templates.preview.submit").click().run()
    assert not at.exception
    (batch,) = list_batches(workspace, kind="preview")
    previewed = get_version(workspace, batch.template_version_id)
    assert is_draft(previewed)
    assert load_definition(previewed).user == "Ask about {{ topic }}, in a hurry."
    assert latest_version(workspace, "bank-answers").number == 1
