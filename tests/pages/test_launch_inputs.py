"""The launch form and what it chooses for variables; a template's own model."""

import pytest
from factories import make_template

from app.widgets.batches.launch_inputs import as_text
from core.db.workspace import Workspace
from core.generation.browsing import list_batches
from core.providers.connections import save_connection


def make_given(workspace: Workspace, **changes: object) -> None:
    make_template(
        workspace,
        "toned",
        title="Toned",
        user="Write in the tone {{ tone }}.",
        variables=[
            {"name": "tone", "sampler": {"kind": "given", "default": "plain"},
             "description": "How it sounds."},
        ],
        **changes,
    )  # fmt: skip


def test_a_given_value_is_launched_as_typed(workspace: Workspace, open_page) -> None:
    make_given(workspace)
    at = open_page("batches", view="launch", template="toned")
    field = at.text_input(key="batches.input.toned.tone")
    assert (field.value, field.help) == ("plain", "How it sounds.")
    field.set_value("stern").run()
    at.button(key="batches.launch.submit").click().run()
    assert not at.exception
    assert list_batches(workspace)[0].inputs == {"tone": {"value": "stern"}}


def test_a_template_that_lacks_its_rows_says_what_to_choose(
    workspace: Workspace, open_page
) -> None:
    make_template(
        workspace, "ruled", user="Follow {{ law.rule }}.",
        variables=[{"name": "law", "sampler": {"kind": "knowledge", "table": "rules"}}],
    )  # fmt: skip
    at = open_page("batches", view="launch", template="ruled")
    assert not at.exception
    assert "Add rules to the knowledge" in at.info[0].value.replace("\\", "")
    assert not [button for button in at.button if button.key == "batches.launch.submit"]


def test_the_form_starts_from_the_templates_own_model(workspace: Workspace, open_page) -> None:
    save_connection(workspace, "house", "openai", "http://127.0.0.1:9/v1", None, "house-1")
    make_given(workspace, model={"connection": "house", "model": "house-2"})
    at = open_page("batches", view="launch", template="toned")
    assert not at.exception
    assert at.selectbox(key="batches.model.toned.connection").value == "house"
    assert at.text_input(key="batches.model.toned.model.house").value == "house-2"


@pytest.mark.parametrize(
    ("value", "text"), [("a", "a"), ("1", '"1"'), (1, "1"), ({"a": "é"}, '{"a": "é"}')]
)
def test_a_value_is_shown_as_it_would_be_typed(value: object, text: str) -> None:
    assert as_text(value) == text
