import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import SourceError
from core.settings import SourceLimits
from core.sources.parsing.rows import (
    MAX_RECORD_CHARS,
    csv_records,
    jsonl_records,
    sniff_delimiter,
    suggest_text_column,
)

LIMITS = SourceLimits()


def csv_rows(text: str) -> list[Any]:
    return list(csv_records(text.splitlines(keepends=True), sniff_delimiter(text)))


def jsonl_rows(text: str) -> list[Any]:
    return list(jsonl_records(text.splitlines(keepends=True)))


def test_rows_know_where_they_stand() -> None:
    text = 'text,label\r\n"one, two",a\r\n"three\r\nlines",b\r\n'
    records = csv_rows(text)
    assert [r.fields for r in records] == [
        {"text": "one, two", "label": "a"}, {"text": "three\r\nlines", "label": "b"}
    ]  # fmt: skip
    assert [text[r.start : r.end] for r in records] == [
        '"one, two",a\r\n', '"three\r\nlines",b\r\n'
    ]  # fmt: skip
    assert [r.row for r in records] == [2, 3]


@pytest.mark.parametrize(
    "delimiter", [",", ";", "\t", "|"], ids=["comma", "semicolon", "tab", "bar"]
)
def test_the_delimiter_is_found(delimiter: str) -> None:
    rows = [["text", "label"], ["hello, you; there", "a"], ["more", "b"]]
    text = "\n".join(delimiter.join(f'"{cell}"' for cell in row) for row in rows)
    assert csv_rows(text)[0].fields == {"text": "hello, you; there", "label": "a"}


def test_one_column_needs_no_delimiter() -> None:
    assert [r.fields for r in csv_rows("text\nhello\nyou")] == [{"text": "hello"}, {"text": "you"}]


def test_empty_lines_are_passed_over_but_counted() -> None:
    assert [r.row for r in csv_rows("text\n\nhello\n\n\nyou\n")] == [3, 6]
    assert [r.row for r in jsonl_rows('\n{"a": 1}\n\n{"a": 2}\n')] == [2, 4]


CSV_PROBLEMS: dict[str, tuple[str, int | None, str]] = {
    "empty": ("", None, "empty"),
    "blank": ("\n\n", None, "empty"),
    "header only": ("text,label\n", None, "no rows"),
    "ragged short": ("text,label\na,b\nc\n", 3, "1 cells"),
    "ragged long": ("text,label\na,b\nc,d,e\n", 3, "3 cells"),
    "unclosed quote": ('text,label\na,b\n"c,d\ne,f\n', 3, "never closed"),
    "text after quote": ('text,label\n"a"b,c\n', 2, "closing quote"),
    "duplicate header": ("text,label,text\na,b,c\n", 1, "'text'"),
    "duplicate after strip": ("text, text \na,b\n", 1, "'text'"),
    "unnamed column": ("text,,label\na,b,c\n", 1, "Column 2"),
    "nul": ("text,label\na,b\nc\x00,d\n", 3, "NUL"),
    "nul in header": ("te\x00xt\na\n", 1, "NUL"),
    "long header": ("x" * 201 + ",b\na,b\n", 1, "longer"),
    "many columns": (
        ",".join(f"c{k}" for k in range(LIMITS.columns + 1)) + "\n",
        1,
        "1,001 columns",
    ),
    "large cell": ("text,b\na,b\n" + "é" * (LIMITS.cell_bytes // 2 + 1) + ",b\n", 3, "larger"),
    "endless row": ('text,b\na,b\n"' + "x\n" * (MAX_RECORD_CHARS // 2 + 1), 3, "never closed"),
}


@pytest.mark.parametrize(("text", "row", "word"), CSV_PROBLEMS.values(), ids=CSV_PROBLEMS.keys())
def test_malformed_csv_is_refused_with_its_row(text: str, row: int | None, word: str) -> None:
    with pytest.raises(SourceError) as caught:
        csv_rows(text)
    assert caught.value.row == row
    assert word in str(caught.value)


def nested(depth: int) -> str:
    return '{"a": ' + "[" * depth + "]" * depth + "}"


JSONL_PROBLEMS: dict[str, tuple[str, int | None, str]] = {
    "empty": ("", None, "empty"),
    "not json": ('{"a": 1}\n{"a": \n', 2, "not JSON"),
    "list": ('{"a": 1}\n[1]\n', 2, "list"),
    "number": ("7\n", 1, "number"),
    "null": ("null\n", 1, "null"),
    "two on a line": ('{"a": 1} {"a": 2}\n', 1, "not JSON"),
    "one over two lines": ('{"a":\n1}\n', 1, "not JSON"),
    "not a number": ('{"a": NaN}\n', 1, "not JSON"),
    "lone surrogate": ('{"a": "\\ud800"}\n', 1, "not JSON"),
    "raw nul": ('{"a": "x\x00"}\n', 1, "NUL"),
    "escaped nul": ('{"a": {"b": ["x\\u0000"]}}\n', 1, "NUL"),
    "escaped nul in name": ('{"a\\u0000": 1}\n', 1, "NUL"),
    "deep": (nested(40), 1, "deeper"),
    "very deep": (nested(200_000), 1, "not JSON"),
    "large cell": (json.dumps({"a": "x" * (LIMITS.cell_bytes + 1)}), 1, "larger"),
    "long line": ('{"a": "' + "x" * MAX_RECORD_CHARS + '"}', 1, "longer"),
    "many fields": (
        json.dumps({f"c{k}": 1 for k in range(LIMITS.columns + 1)}),
        1,
        "1,001 columns",
    ),
}


@pytest.mark.parametrize(
    ("text", "row", "word"), JSONL_PROBLEMS.values(), ids=JSONL_PROBLEMS.keys()
)
def test_malformed_jsonl_is_refused_with_its_line(text: str, row: int | None, word: str) -> None:
    with pytest.raises(SourceError) as caught:
        jsonl_rows(text)
    assert caught.value.row == row
    assert word in str(caught.value)


def test_cells_at_the_limit_pass() -> None:
    assert len(csv_rows("text,b\n" + "x" * LIMITS.cell_bytes + ",b\n")[0].fields["text"]) == 2**20
    columns = ",".join(f"c{k}" for k in range(LIMITS.columns))
    assert len(csv_rows(f"{columns}\n{columns}\n")[0].fields) == LIMITS.columns


def test_nested_json_is_kept() -> None:
    line = '{"text": "x", "meta": {"tags": ["a"], "n": 1.5, "ok": true, "none": null}}\n'
    assert jsonl_rows(line)[0].fields == json.loads(line)


@pytest.mark.parametrize(
    ("rows", "column"),
    [
        ([{"id": "a much longer identifier", "Question": "why?"}], "Question"),
        ([{"a": "short", "b": "quite a bit longer", "c": 123456789012345}], "b"),
        ([{"a": 1, "b": None}], None),
        ([], None),
        ([{"text": "", "answer": "yes"}], "answer"),
    ],
    ids=["by name", "by length", "no text", "no rows", "empty name"],
)
def test_a_text_column_is_suggested(rows: list[dict[str, Any]], column: str | None) -> None:
    assert suggest_text_column(rows) == column


@pytest.mark.parametrize("read", [csv_rows, jsonl_rows], ids=["csv", "jsonl"])
@settings(max_examples=150, deadline=None)
@given(text=st.text(st.sampled_from('a",;\t|\n\r\x00{}[]:1 \\u é\ufeff'), max_size=60))
def test_any_text_is_read_or_refused(read: Callable[[str], list[Any]], text: str) -> None:
    try:
        records = read(text)
    except SourceError:
        return
    assert records
