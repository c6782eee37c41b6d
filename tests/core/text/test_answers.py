"""JSON is read strictly, then looked for in a fence or in prose, and never guessed."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text.schema import parse_json

OBJECTS = st.dictionaries(
    st.text(max_size=8).filter(lambda key: "\x00" not in key),
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(alphabet="ab{}\"'\\ \n`é"),
    max_size=5,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 1}', {"a": 1}),
        (" \n[1, 2]\n", [1, 2]),
        ('```json\n{"a": 1}\n```', {"a": 1}),
        ('Here you are:\n```\n{"a": "```x"}\n```', {"a": "```x"}),
        ('Sure! ```JSON\n{"a": [1]}\n``` Anything else?', {"a": [1]}),
        ('The answer is {"a": {"b": "}"}} as asked.', {"a": {"b": "}"}}),
        ('Use {name}, then {"a": 1}.', {"a": 1}),
        ('A stray { brace, then {"a": 1}', {"a": 1}),
        ('{"a": 1}\n{"b": 2}', {"a": 1}),
        ('{"a": "line\\nbreak \\u00e9"}', {"a": "line\nbreak é"}),
    ],
)
def test_an_object_is_found_where_models_put_it(text: str, value: Any) -> None:
    assert parse_json(text) == value


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "zero-length"),
        ("I cannot answer.", "not JSON"),
        ("{'a': 1}", "not JSON"),
        ('{"a": 1, "a": 2}', "the key 'a' appears twice"),
        ('{"x": {"a": 1, "a": 2}, "y": {"b": 1}}', "appears twice"),
        ('{"a": NaN, "b": {"c": 1}}', "not JSON"),
        ('{"a": Infinity}', "not JSON"),
        ('{"a": 1e999}', "infinity"),
        ('{"a": "\\ud800"}', "surrogate"),
        ('{"a": "nul \\u0000"}', "NUL"),
        ('{"answer": {"text": "whole"}, "more": "cut o', "not JSON"),
        ('[{"a": 1}, {"b": "cut o', "not JSON"),
    ],
)
def test_what_is_not_one_clear_value_is_refused_with_a_reason(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_json(text)


def test_an_escaped_backslash_before_u0000_is_no_nul() -> None:
    assert parse_json(r'{"a": "\\u0000"}') == {"a": r"\u0000"}


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "[" * 100_000 + "]" * 100_000,
        '{"a":' * 100_000,
        '{"a":' * 100_000 + "1" + "}" * 100_000,
        "{" * 100_000,
        "{ " * 50_000 + '"' * 50_001,
        "word {" + '{"a":' * 100_000,
    ],
    ids=["lists", "closed-lists", "objects", "closed-objects", "braces", "quotes", "prose"],
)
def test_hostile_depth_is_a_value_error_and_quick(text: str) -> None:
    with pytest.raises(ValueError, match="not JSON"):
        parse_json(text)


@pytest.mark.parametrize("depth", [200, 900, 980, 1000, 1020])
def test_depth_near_the_limit_is_read_or_refused_cleanly(depth: int) -> None:
    text = "[" * depth + r'"\u0000"' + "]" * depth
    with pytest.raises(ValueError, match="not JSON"):
        parse_json(text)


@given(OBJECTS)
def test_any_object_comes_back_alone_fenced_and_in_prose(value: dict[str, Any]) -> None:
    text = json.dumps(value)
    assert parse_json(text) == value
    assert parse_json(f"Result: {text}.") == value
    if "```" not in text:
        assert parse_json(f"```json\n{text}\n```") == value


@given(st.text())
def test_any_text_gives_a_value_or_a_value_error(text: str) -> None:
    with contextlib.suppress(ValueError):
        parse_json(text)
