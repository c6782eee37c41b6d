"""Schemas are checked when saved, values when they arrive; messages are for people."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import SchemaError
from core.text.schema import CompiledSchema, FieldError, check_schema

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "answer": {"type": "string", "minLength": 3},
        "stars": {"type": ["integer", "null"], "minimum": 1, "maximum": 5},
        "tone": {"enum": ["warm", "plain"]},
        "tags": {"type": "array", "items": {"type": "string"}, "minItems": 1},
        "day": {"type": "string", "format": "date"},
    },
    "required": ["answer"],
    "additionalProperties": False,
}


def test_a_fitting_value_has_no_errors() -> None:
    value = {"answer": "Yes.", "stars": None, "tone": "warm", "tags": ["a"], "day": "2026-11-20"}
    assert CompiledSchema(SCHEMA).errors(value) == []
    assert CompiledSchema(SCHEMA).is_valid(value)


@pytest.mark.parametrize(
    ("value", "path", "message"),
    [
        ({}, "/answer", "is required but missing"),
        ({"answer": 3}, "/answer", "must be text, not a number"),
        ({"answer": "no"}, "/answer", "must have at least 3 characters, has 2"),
        ({"answer": "yes", "stars": 9}, "/stars", "must be at most 5, not 9"),
        ({"answer": "yes", "stars": True}, "/stars", "must be a whole number or null, not true"),
        ({"answer": "yes", "tone": "cold"}, "/tone", "must be one of 'warm', 'plain', not 'cold'"),
        ({"answer": "yes", "tags": []}, "/tags", "needs a list of at least 1, has 0"),
        ({"answer": "yes", "tags": ["a", 1]}, "/tags/1", "must be text, not a number"),
        ({"answer": "yes", "day": "soon"}, "/day", "must be a valid date, not 'soon'"),
        ({"answer": "yes", "more": 1}, "", "does not know: 'more'"),
        (["yes"], "", "must be an object, not a list"),
        (None, "", "must be an object, not null"),
    ],
)
def test_an_error_names_the_field_and_says_what_is_wrong(
    value: Any, path: str, message: str
) -> None:
    errors = CompiledSchema(SCHEMA).errors(value)
    assert [error.path for error in errors] == [path]
    assert message in errors[0].message
    assert not CompiledSchema(SCHEMA).is_valid(value)


def test_a_path_is_a_json_pointer() -> None:
    schema = {"type": "object", "properties": {"a/b~c": {"type": "string"}}}
    assert CompiledSchema(schema).errors({"a/b~c": 1})[0].path == "/a~1b~0c"


def test_an_error_reads_as_one_line() -> None:
    assert str(FieldError("/a", "is required but missing")) == "/a: is required but missing"
    assert str(FieldError("", "must be an object")) == "the answer must be an object"


def test_many_errors_are_cut_and_long_values_are_not_repeated() -> None:
    schema = {"type": "object", "additionalProperties": {"type": "integer"}}
    errors = CompiledSchema(schema).errors({f"k{i}": "x" * 10_000 for i in range(500)})
    assert len(errors) == 20
    assert all(len(error.message) < 200 for error in errors)


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ([], "is a mapping"),
        ({}, '"type" must be "object", got None'),
        ({"type": "array"}, "got 'array'"),
        ({"name": "string"}, '"type" must be "object"'),
        (
            {"type": "object", "properties": {"a": {"type": "strin"}}},
            "At /properties/a/type: 'strin' is not a JSON Schema type. Use one of array",
        ),
        ({"type": "object", "properties": {"a": "string"}}, "At /properties/a: "),
        ({"type": "object", "properties": ["a"]}, "At /properties: "),
        ({"type": "object", "required": "a"}, "At /required: "),
        ({"type": "object", "properties": {"a": {"minLength": -1}}}, "/properties/a/minLength"),
        ({"type": "object", "properties": {"a": {"pattern": "("}}}, "/properties/a/pattern"),
        (
            {"type": "object", "properties": {"a": {"$ref": "https://example.org/s.json"}}},
            "At /properties/a/$ref: 'https://example.org/s.json' points outside",
        ),
        ({"type": "object", "$ref": "other.json"}, "points outside"),
        ({"type": "object", "properties": {"a": {"$ref": "#/$defs/x"}}}, "'/$defs/x' does not"),
        ({"type": "object", "$schema": "http://json-schema.org/draft-04/schema#"}, "dialect"),
        ({"type": "object", "default": float("nan")}, "is not JSON"),
        ({"type": "object", "default": {1, 2}}, "is not JSON"),
    ],
)
def test_an_unusable_schema_is_refused_with_its_path(schema: Any, words: str) -> None:
    with pytest.raises(SchemaError) as caught:
        check_schema(schema)
    assert words in str(caught.value)
    assert caught.value.remedy


def test_a_schema_nested_too_deeply_is_refused_without_recursion() -> None:
    schema: dict[str, Any] = {"type": "object"}
    for _ in range(100_000):
        schema = {"type": "object", "properties": {"a": schema}}
    with pytest.raises(SchemaError, match="nested deeper"):
        check_schema(schema)
    while schema.get("properties"):  # undone step by step: so deep a value cannot free itself
        schema = schema["properties"].pop("a")


def test_definitions_inside_the_schema_may_be_recursive() -> None:
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "$defs": {"tree": {"type": "array", "items": {"$ref": "#/$defs/tree"}}},
        "properties": {"tree": {"$ref": "#/$defs/tree"}},
    }
    check_schema(schema)
    assert CompiledSchema(schema).errors({"tree": [[], [[1]]]})[0].path == "/tree/1/0/0"


def test_a_value_nested_too_deeply_gets_an_error_or_a_verdict_but_never_a_crash() -> None:
    value: list[Any] = []
    for _ in range(100_000):
        value = [value]
    loose = CompiledSchema({"type": "object"}).errors({"a": value})
    strict = CompiledSchema(SCHEMA).errors({"answer": value})
    assert len(loose) <= 1
    assert len(strict) == 1
    while value:
        value = value.pop()


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-9, 9) | st.floats(allow_nan=False) | st.text(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["answer", "stars", "tags", "x"]), inner)
        ),
        max_leaves=8,
    )
)
def test_errors_and_validity_always_agree(value: Any) -> None:
    compiled = CompiledSchema(SCHEMA)
    assert compiled.is_valid(value) == (compiled.errors(value) == [])
