"""JSON and Parquet as rows: values, places, and what is refused."""

import datetime
import io
import json
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.db.workspace import Workspace
from core.errors import SourceError
from core.settings import SourceLimits
from core.sources.browsing import list_chunks
from core.sources.importing import import_stream, preview_source
from core.sources.parsing.json_rows import json_records
from core.sources.parsing.parquet_rows import parquet_records
from core.sources.parsing.rows import Record
from tests.documents import parquet

LIMITS = SourceLimits()


def json_rows(text: str, step: int = 7) -> list[Record]:
    pieces = [text[k : k + step] for k in range(0, len(text), step)]
    return list(json_records(pieces, LIMITS))


def parquet_rows(table: pa.Table, **options: Any) -> list[Record]:
    return list(parquet_records(io.BytesIO(parquet(table, **options)), LIMITS))


texts = st.text(st.characters(exclude_characters="\x00", codec="utf-8"), max_size=8)
marks = st.sampled_from(['"', "\\", '\\"', "]", "{", "}],", "\\\\", "é", "🌱"])
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | texts | marks,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
rows = st.lists(st.dictionaries(st.sampled_from(["a", "b]", 'c"']), values), min_size=1, max_size=5)


@settings(max_examples=200, deadline=None)
@given(
    found=rows, indent=st.sampled_from([None, 2]), step=st.sampled_from([1, 3, 64]),
    wrapped=st.booleans(),
)  # fmt: skip
def test_json_rows_are_cut_out_exactly(
    found: list[dict[str, Any]], indent: int | None, step: int, wrapped: bool
) -> None:
    whole = {"version": "1]", "meta": {"data": [1]}, "data": found} if wrapped else found
    text = json.dumps(whole, indent=indent, ensure_ascii=False)
    records = json_rows(text, step)
    assert [record.fields for record in records] == found
    assert [json.loads(text[record.start : record.end]) for record in records] == found
    assert [record.row for record in records] == list(range(1, len(found) + 1))


PROBLEMS: dict[str, tuple[str, int | None, str]] = {
    "empty list": ("[]", None, "empty"),
    "empty object": ("{}", None, "no list"),
    "empty wrapped list": ('{"data": []}', None, "empty"),
    "object without a list": ('{"a": 1, "b": [1]}', None, "no list"),
    "numbers": ("[1, 2]", 1, "number, not an object"),
    "lists": ('[{"a": 1}, [2]]', 2, "list, not an object"),
    "not closed": ('[{"a": 1}', 1, "neither a comma"),
    "cut inside": ('[{"a": 1}, {"a": "x', 2, "never closed"),
    "no comma": ('[{"a": 1} {"a": 2}]', 1, "neither a comma"),
    "comma at the end": ('[{"a": 1},]', 2, "not JSON"),
    "crossed brackets": ('[{"a": [1}]', 1, "not JSON"),
    "something after": ('[{"a": 1}] {"a": 2}', 1, "follows the list"),
    "a NUL": ('[{"a": "\\u0000"}]', 1, "NUL"),
    "not a number": ('[{"a": NaN}]', 1, "not JSON"),
    "a lone surrogate": ('[{"a": "\\ud800"}]', 1, "not JSON"),
    "jsonl": ('{"a": 1}\n{"a": 2}\n', None, "no list"),
}


@pytest.mark.parametrize(("text", "row", "word"), PROBLEMS.values(), ids=PROBLEMS.keys())
def test_malformed_json_is_refused_with_its_row(text: str, row: int | None, word: str) -> None:
    with pytest.raises(SourceError) as caught:
        json_rows(text)
    assert word in caught.value.message
    assert caught.value.row == row


def test_a_json_file_is_a_table(any_workspace: Workspace) -> None:
    data = json.dumps({"data": [{"question": "Why?", "n": 1}, {"question": "How?", "n": None}]})
    source = import_stream(any_workspace, io.BytesIO(data.encode()), "squad.json")
    assert (source.kind, source.columns, source.chunk_count) == ("json", ["question", "n"], 2)
    chunks = list_chunks(any_workspace, source.source_id)
    assert [c.text for c in chunks] == ["Why?", "How?"]
    assert json.loads(data[chunks[1].start_char : chunks[1].end_char]) == chunks[1].fields


def test_parquet_values_become_json() -> None:
    day = datetime.date(2026, 5, 1)
    moment = datetime.datetime(2026, 5, 1, 12, 30, tzinfo=datetime.UTC)
    table = pa.table(
        {
            "text": ["a", "é"], "n": [2**62, None], "x": [0.5, float("nan")],
            "ok": [True, False], "day": [day, None], "moment": [moment, None],
            "cost": [Decimal("1.20"), None], "list": [[1, 2], []],
            "object": [{"a": "b"}, None], "picture": [b"\x89PNG", b"x"],
            "kind": pa.array(["one", "one"]).dictionary_encode(),
        }
    )  # fmt: skip
    first, second = parquet_rows(table)
    assert first.fields == {
        "text": "a", "n": 2**62, "x": 0.5, "ok": True, "day": "2026-05-01",
        "moment": "2026-05-01T12:30:00+00:00", "cost": "1.20", "list": [1, 2],
        "object": {"a": "b"}, "kind": "one",
    }  # fmt: skip
    assert second.fields["x"] is None
    assert (first.start, second.start) == (0, first.end + 1)


def test_a_parquet_file_is_read_by_row_groups(workspace: Workspace) -> None:
    table = pa.table({"question": [f"Question {k}?" for k in range(5_000)], "k": range(5_000)})
    data = parquet(table, row_group_size=700, compression="zstd")
    source = import_stream(workspace, io.BytesIO(data), "questions.parquet")
    assert (source.chunk_count, source.columns) == (5_000, ["question", "k"])
    chunks = list_chunks(workspace, source.source_id, limit=2, offset=4_998)
    assert [c.fields["k"] for c in chunks] == [4_998, 4_999]
    shown = preview_source(data, "questions.parquet")
    assert (shown.suggested_text_column, shown.rows[0]["k"]) == ("question", 0)


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (parquet(pa.table({"text": ["a"]}))[:-9], "damaged"),
        (b"PAR1" + b"\0" * 100 + b"PAR1", "damaged"),
        (parquet(pa.table({"text": pa.array([], pa.string())})), "no rows"),
        (parquet(pa.table({"picture": [b"\x00"]})), "No column"),
        (parquet(pa.table({"text": ["a\x00b"]})), "NUL"),
    ],
    ids=["cut off", "empty", "no rows", "only bytes", "a NUL"],
)
def test_a_parquet_file_that_cannot_be_read_says_why(
    workspace: Workspace, data: bytes, word: str
) -> None:
    with pytest.raises(SourceError, match=word) as caught:
        import_stream(workspace, io.BytesIO(data), "a.parquet")
    assert caught.value.remedy
