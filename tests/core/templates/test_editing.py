"""The text of a draft, what it says, and edits of it."""

from typing import Any

import pytest

from core.templates.definition import template_yaml
from core.templates.editing.draft_text import (
    delete_item,
    free_name,
    insert_item,
    move_item,
    read_draft,
    set_at,
    value_at,
    whole_text,
    write_draft,
)
from core.templates.editing.starting import minimal_template, name_for
from core.templates.starters import starter_definitions

COMMENTED = """\
# Who this is for.
name: notes
title: Notes
domain: general

# The voice.
system: You write notes.  # short
user: Write one about {{ topic }}.

# What differs.
variables:
- name: topic
  sampler: {kind: category, values: [rain, sun]}
output: {type: object, additionalProperties: false, required: [text], properties: {text: {type: string}}}
mapping: {input: a note, response: "{{ output.text }}"}
"""  # noqa: E501


def data_of(text: str) -> dict[str, Any]:
    data = read_draft(text).data
    assert data is not None
    return data


def test_the_smallest_template_is_a_valid_one() -> None:
    reading = read_draft(whole_text(minimal_template("Support tickets!")))
    assert reading.definition is not None
    assert reading.definition.name == "support-tickets"


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Ünder 3 skies", "nder-3-skies"),
        ("2024", "template"),
        ("  A  B ", "a-b"),
        ("?", "template"),
    ],
)
def test_a_title_gives_a_name_that_templates_can_have(title: str, name: str) -> None:
    assert name_for(title) == name


def test_a_change_of_one_part_keeps_the_comments_of_the_others() -> None:
    text = write_draft(COMMENTED, set_at(data_of(COMMENTED), ("title",), "Short notes"))
    assert text == COMMENTED.replace("title: Notes", "title: Short notes")


def test_a_part_that_is_new_goes_where_it_usually_stands() -> None:
    changed = set_at(data_of(COMMENTED), ("constraints",), [{"kind": "rule", "then": "true"}])
    text = write_draft(COMMENTED, changed)
    assert data_of(text) == changed
    assert text.index("variables:") < text.index("constraints:") < text.index("output:")
    assert "# The voice." in text


def test_a_part_that_is_taken_away_leaves_the_rest_alone() -> None:
    text = write_draft(COMMENTED, set_at(data_of(COMMENTED), ("variables",), None))
    assert "topic\n" not in text
    assert "# The voice." in text
    assert data_of(text).keys() == data_of(COMMENTED).keys() - {"variables"}


@pytest.mark.parametrize("definition", starter_definitions(), ids=lambda d: d.name)
def test_every_starter_can_be_edited_part_by_part(definition: Any) -> None:
    text = template_yaml(definition)
    data = data_of(text)
    changed = set_at(set_at(data, ("title",), "Other: title"), ("checks", "min_chars"), 7)
    again = write_draft(text, changed)
    assert data_of(again) == changed
    reading = read_draft(again)
    assert reading.definition is not None
    assert reading.definition.checks.min_chars == 7


def test_text_that_is_no_yaml_cannot_be_drawn_and_names_its_line() -> None:
    reading = read_draft(COMMENTED.replace("title: Notes", "title: [Notes"))
    assert reading.data is None
    assert reading.definition is None
    assert reading.problem is not None
    assert reading.problem.line in (4, 5)


@pytest.mark.parametrize(
    "broken",
    ["{{ topik }}", "{{ topic", "{% if topic %}"],
    ids=["unknown name", "open bracket", "open block"],
)
def test_a_prompt_that_does_not_fit_yet_can_still_be_drawn(broken: str) -> None:
    reading = read_draft(COMMENTED.replace("{{ topic }}", broken))
    assert reading.data is not None
    assert reading.definition is None
    assert reading.problem is not None
    assert reading.problem.line == 8


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("{kind: category, values: [rain, sun]}", "{kind: nonsense}"),
        ("{kind: category, values: [rain, sun]}", "{kind: integer, low: few, high: 3}"),
        ("{kind: category, values: [rain, sun]}", "rain"),
        ("title: Notes", "title: Notes\ncolour: red"),
        ("mapping: {", "mapping: 3\nchecks: {"),
    ],
    ids=["kind", "number", "no sampler", "unknown key", "no mapping"],
)
def test_what_forms_would_misrepresent_is_not_drawn(old: str, new: str) -> None:
    reading = read_draft(COMMENTED.replace(old, new))
    assert reading.data is None
    assert reading.problem is not None


def test_edits_leave_what_they_were_given_unchanged() -> None:
    data = data_of(COMMENTED)
    before = whole_text(data)
    changed = set_at(data, ("variables", 0, "sampler", "values"), ["snow"])
    changed = insert_item(changed, ("variables",), {"name": "x"}, 0)
    changed = move_item(changed, ("variables",), 0, 5)
    assert [v["name"] for v in changed["variables"]] == ["topic", "x"]
    assert delete_item(delete_item(changed, ("variables",), 0), ("variables",), 0).keys() == (
        data.keys() - {"variables"}
    )
    assert whole_text(data) == before
    assert value_at(data, ("variables", 9, "name"), "none") == "none"


def test_a_free_name_counts_on_from_the_last() -> None:
    assert free_name("a", []) == "a"
    assert free_name("a", ["a"]) == "a_2"
    assert free_name("a_2", ["a", "a_2"]) == "a_3"
