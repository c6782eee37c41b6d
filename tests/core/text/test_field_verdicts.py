from typing import Any

import pytest

from core.text.field_verdicts import field_verdicts

SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["ticket", "actions"],
    "additionalProperties": False,
    "properties": {
        "ticket": {"type": "string", "minLength": 5},
        "severity": {"type": ["integer", "null"], "maximum": 5},
        "actions": {
            "type": "array", "maxItems": 2,
            "items": {
                "type": "object", "required": ["step"],
                "properties": {"step": {"type": "string"}, "owner": {"$ref": "#/$defs/person"}},
            },
        },
        "tags": {"type": "array", "items": {"type": "string"}},
    },
    "$defs": {"person": {"type": "object", "properties": {"name": {"type": "string"}}}},
}  # fmt: skip
PATHS = [
    "/ticket", "/severity", "/actions", "/actions/*/step", "/actions/*/owner",
    "/actions/*/owner/name", "/tags", "/tags/*",
]  # fmt: skip


def states(value: object) -> dict[str, str]:
    return {row.path: row.state for row in field_verdicts(SCHEMA, value)}


def problems(value: object) -> dict[str, tuple[str, ...]]:
    return {row.path: row.problems for row in field_verdicts(SCHEMA, value) if row.problems}


def test_every_field_of_the_schema_has_a_row_in_its_order() -> None:
    rows = field_verdicts(SCHEMA, {"ticket": "A card is lost", "actions": []})
    assert [row.path for row in rows] == PATHS
    assert {row.path for row in rows if row.is_required} == {
        "/ticket", "/actions", "/actions/*/step", "/tags/*",
    }  # fmt: skip
    assert rows[1].kind == "a whole number or null"


def test_what_fits_and_what_was_left_out_are_told_apart() -> None:
    value = {"ticket": "A card is lost", "actions": [{"step": "Freeze it"}], "tags": []}
    found = states(value)
    assert {path for path, state in found.items() if state == "fits"} == {
        "/ticket", "/actions", "/actions/*/step", "/tags",
    }  # fmt: skip
    assert found["/severity"] == found["/actions/*/owner"] == found["/tags/*"] == "absent"


def test_each_problem_stands_at_its_field_with_the_item_it_is_about() -> None:
    value = {
        "ticket": "No", "severity": 9,
        "actions": [{"step": "a"}, {"owner": {"name": 3}}, {"step": 1}], "tags": ["x", 2],
    }  # fmt: skip
    assert problems(value) == {
        "/ticket": ("must have at least 5 characters, has 2",),
        "/severity": ("must be at most 5, not 9",),
        "/actions": ("needs a list of at most 2, has 3",),
        "/actions/*/step": ("item 2 is required but missing", "item 3 must be text, not a number"),
        "/actions/*/owner/name": ("item 2 must be text, not a number",),
        "/tags/*": ("item 2 must be text, not a number",),
    }


def test_what_concerns_the_whole_answer_stands_on_top() -> None:
    rows = field_verdicts(SCHEMA, {"ticket": "A card is lost", "actions": [], "extra": 1})
    assert (rows[0].path, rows[0].state) == ("", "wrong")
    assert "extra" in rows[0].problems[0]
    assert states([])[""] == "wrong"


def test_without_an_answer_nothing_is_known() -> None:
    assert set(states(None).values()) == {"unknown"}


@pytest.mark.parametrize("name", ["a/b", "a~b", "7"])
def test_names_that_pointers_escape_are_found(name: str) -> None:
    schema = {"type": "object", "required": [name], "properties": {name: {"type": "string"}}}
    (row,) = field_verdicts(schema, {name: "x"})
    assert row.state == "fits"
    (row,) = field_verdicts(schema, {name: 1})
    assert row.problems == ("must be text, not a number",)


def test_a_schema_that_refers_to_itself_ends() -> None:
    schema = {
        "type": "object",
        "properties": {"next": {"$ref": "#/$defs/node"}},
        "$defs": {"node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}}},
    }
    rows = field_verdicts(schema, {"next": {}})
    assert (rows[0].state, rows[1].state) == ("fits", "absent")
    assert len(rows) < 50
