"""The starter library: found, looked at in full, copied."""

import pytest

from core.db.workspace import Workspace
from core.templates.starters import get_starter, starters
from core.templates.versions import latest_version, list_templates, load_definition

PARTS = ("Prompts", "Variables", "Output", "Checks", "Example", "YAML")


def test_the_library_lists_every_starter_and_leaves_the_templates_alone(
    workspace: Workspace, open_page
) -> None:
    at = open_page("templates", view="library")
    assert not at.exception
    assert len(at.dataframe[0].value) == len(starters())
    assert "support-ticket" not in {row.template.name for row in list_templates(workspace)}


@pytest.mark.parametrize(
    ("field", "value", "found"),
    [
        ("set", "comic", {"comic"}),
        ("set", "languages", {"languages"}),
        ("search", "sarcasm", {"classification"}),
        ("search", "lockout", {"industry"}),
    ],
)
def test_it_is_browsed_by_set_and_searched(open_page, field: str, value: str, found) -> None:
    at = open_page("templates", view="library")
    widget = at.selectbox if field == "set" else at.text_input
    widget(key=f"templates.library.{field}").set_value(value).run()
    assert not at.exception
    titles = {row.split(": ")[-1] for row in at.dataframe[0].value["Starter"]}
    sets = {s.set_name for s in starters() if any(s.definition.title in t for t in titles)}
    assert sets == found


def test_a_search_without_result_says_so(open_page) -> None:
    at = open_page("templates", view="library")
    at.text_input(key="templates.library.search").set_value("zzzz").run()
    assert any("No starter fits" in text.value for text in at.markdown)


@pytest.mark.parametrize("name", ["healthcare-expert-answer", "critique-and-revision"])
@pytest.mark.parametrize("part", PARTS)
def test_a_starter_is_seen_in_full_before_it_is_copied(open_page, name: str, part: str) -> None:
    at = open_page("templates", view="library", starter=name)
    at.segmented_control(key="templates.library.part").set_value(part).run()
    assert not at.exception
    definition = get_starter(name).definition
    if part == "Prompts":
        codes = [code.value for code in at.code]
        for text in (definition.system, *(step.user for step in definition.steps)):
            assert text.rstrip() in codes
    if part == "Variables":
        assert list(at.dataframe[0].value["Variable"]) == [v.name for v in definition.variables]


def test_the_shares_of_a_variable_are_those_of_the_plan(open_page) -> None:
    at = open_page("templates", view="library", starter="support-ticket")
    at.segmented_control(key="templates.library.part").set_value("Variables").run()
    at.selectbox(key="templates.library.share_of").set_value("escalated").run()
    shares = at.dataframe[1].value
    planned = dict(zip(shares["Value"], shares["Share"], strict=True))
    assert planned == pytest.approx({"true": 30.0, "false": 70.0}, abs=0.1)


def test_copying_makes_a_template_and_opens_it(workspace: Workspace, open_page) -> None:
    at = open_page("templates", view="library", starter="support-ticket")
    at.text_input(key="templates.library.name.support-ticket").set_value("tickets").run()
    at.button(key="templates.library.copy").click().run()
    assert not at.exception
    assert at.query_params["template"] in ("tickets", ["tickets"])
    copied = load_definition(latest_version(workspace, "tickets"))
    assert copied.output == get_starter("support-ticket").definition.output


def test_a_name_that_is_taken_is_an_error_and_copies_nothing(
    workspace: Workspace, open_page
) -> None:
    at = open_page("templates", view="library", starter="support-ticket")
    at.text_input(key="templates.library.name.support-ticket").set_value("comic-panel").run()
    at.button(key="templates.library.copy").click().run()
    assert any("comic-panel" in error.value.replace("\\", "") for error in at.error)
    assert latest_version(workspace, "comic-panel").number == 1


def test_an_unknown_starter_is_an_error_on_the_page(open_page) -> None:
    at = open_page("templates", view="library", starter="nothing")
    assert not at.exception
    assert any("nothing" in error.value for error in at.error)
