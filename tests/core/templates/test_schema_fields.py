"""An output schema as rows, and rows as a schema."""

from typing import Any

import pytest

from core.errors import SchemaError
from core.templates.editing.schema_fields import SchemaField, fields_of, schema_of
from core.templates.editing.schema_rows import fields_of_rows, table_rows
from core.templates.starters import starter_definitions

TICKET: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["ticket", "reply"],
    "properties": {
        "ticket": {
            "type": "object", "additionalProperties": False, "required": ["subject"],
            "properties": {
                "subject": {"type": "string", "minLength": 5, "maxLength": 80},
                "priority": {"type": ["integer", "null"], "minimum": 1, "maximum": 4},
                "opened": {"type": "string", "format": "date"},
            },
        },
        "reply": {
            "type": "object", "additionalProperties": False, "required": ["items", "tags", "ok"],
            "properties": {
                "items": {
                    "type": "array", "minItems": 1, "maxItems": 4,
                    "items": {
                        "type": "object", "additionalProperties": False, "required": ["owner"],
                        "properties": {
                            "owner": {"type": "string", "enum": ["agent", "customer"]},
                            "hours": {"type": "number", "minimum": 0.5},
                        },
                    },
                },
                "tags": {"type": "array", "items": {"type": "string"}},
                "ok": {"type": "boolean"},
                "code": {"type": "string", "pattern": "^[A-Z]{3}$"},
            },
        },
    },
}  # fmt: skip


def test_a_nested_schema_becomes_rows_with_paths() -> None:
    fields = fields_of(TICKET)
    assert fields is not None
    by_path = {field.path: field for field in fields}
    assert list(by_path) == [
        "ticket", "ticket.subject", "ticket.priority", "ticket.opened", "reply", "reply.items",
        "reply.items[]", "reply.items[].owner", "reply.items[].hours", "reply.tags", "reply.ok",
        "reply.code",
    ]  # fmt: skip
    assert (by_path["ticket.subject"].low, by_path["ticket.subject"].high) == (5, 80)
    assert by_path["ticket.priority"].is_nullable
    assert not by_path["ticket.priority"].is_required
    assert by_path["reply.items"].max_items == 4
    assert by_path["reply.items[].owner"].choices == ("agent", "customer")


def test_rows_give_back_the_schema_that_they_came_from() -> None:
    fields = fields_of(TICKET)
    assert fields is not None
    assert schema_of(fields) == TICKET
    assert schema_of(fields_of_rows(table_rows(fields))) == TICKET


def test_every_starter_that_rows_can_hold_survives_the_table() -> None:
    schemas = [definition.output for definition in starter_definitions()]
    held = [(schema, fields) for schema in schemas if (fields := fields_of(schema))]
    assert held
    for schema, fields in held:
        again = fields_of(schema_of(fields_of_rows(table_rows(fields))))
        assert again == fields, schema


@pytest.mark.parametrize(
    "change",
    [
        {"$ref": "#/$defs/x"},
        {"anyOf": [{"type": "string"}]},
        {"type": "string", "const": "a"},
        {"type": "object", "properties": {}},
        {"type": "array"},
        {"type": "string", "title": "A title"},
        {"type": ["string", "integer"]},
        True,
    ],
    ids=["reference", "alternatives", "constant", "open", "no items", "title", "types", "true"],
)
def test_a_schema_that_says_more_than_rows_stays_json(change: Any) -> None:
    schema = {
        "type": "object", "additionalProperties": False, "properties": {"a": change},
    }  # fmt: skip
    assert fields_of(schema) is None


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ([SchemaField("a"), SchemaField("a")], "twice"),
        ([SchemaField("a"), SchemaField("a.b")], "object"),
        ([SchemaField("a[]")], "list"),
        ([SchemaField("no good")], "no field"),
        ([SchemaField("a", "colour")], "type is one of"),
    ],
    ids=["twice", "child of a text", "item without a list", "a space", "kind"],
)
def test_rows_that_make_no_schema_are_refused(fields: list[SchemaField], message: str) -> None:
    with pytest.raises(SchemaError, match=message):
        schema_of(fields)


def test_a_half_filled_row_is_not_yet_a_field() -> None:
    rows = [{"Field": "text", "Type": "text"}, {"Field": None, "Type": "list"}, {}]
    assert [field.path for field in fields_of_rows(rows)] == ["text"]


def test_choices_are_read_in_the_type_of_their_field() -> None:
    (field,) = fields_of_rows([{"Field": "n", "Type": "integer", "Choices": ["1", "2", " "]}])
    assert field.choices == (1, 2)
    with pytest.raises(SchemaError, match="no integer"):
        fields_of_rows([{"Field": "n", "Type": "integer", "Choices": ["one"]}])
    with pytest.raises(SchemaError, match="no choices"):
        fields_of_rows([{"Field": "n", "Type": "object", "Choices": ["one"]}])
