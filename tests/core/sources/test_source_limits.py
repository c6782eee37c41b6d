"""Each limit, one below it, at it and one above; and that settings can only lower it."""

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest
from pydantic import ValidationError

from core.db.workspace import Workspace
from core.errors import SourceError
from core.settings import SourceLimits, load_settings
from core.sources.importing import import_stream
from tests.documents import archive, docx, paragraph, parquet, pdf


def csv_rows(count: int) -> bytes:
    return b"text\n" + b"r\n" * count


def csv_columns(count: int) -> bytes:
    names = ",".join(["text", *(f"c{k}" for k in range(1, count))])
    return f"{names}\n{names}\n".encode()


def jsonl_columns(count: int) -> bytes:
    """The names differ from row to row: it is their sum that counts."""
    lines = [json.dumps({"text": "a", f"c{k}": 1}) for k in range(1, count)]
    return "\n".join(lines).encode()


def columns_of_parquet(count: int) -> bytes:
    return parquet(pa.table({"text": ["a"], **{f"c{k}": [1] for k in range(1, count)}}))


def entries_of_docx(count: int) -> bytes:
    """Three are always there."""
    return docx(paragraph("x"), **{f"word__p{k}": b"" for k in range(count - 3)})


def expanded_docx(total: int) -> bytes:
    parts = {"word/document.xml": document()}
    rest = total - len(parts["word/document.xml"])
    return archive({**parts, "word/media/a": b"\0" * rest})


def document() -> bytes:
    return zipfile.ZipFile(io.BytesIO(docx(paragraph("x")))).read("word/document.xml")


# The limit's name, a small value for it, the file's name, the file with that much of it, the word
# of the error.
LIMITED: dict[str, tuple[str, int, str, Callable[[int], bytes], str]] = {
    "file": ("file_bytes", 100, "a.txt", lambda n: b"x" * n, "larger than 100 bytes"),
    "rows of csv": ("rows", 7, "a.csv", csv_rows, "more than 7 rows"),
    "rows of jsonl": ("rows", 7, "a.jsonl", lambda n: b'{"text": "a"}\n' * n, "more than 7 rows"),
    "rows of json": (
        "rows", 7, "a.json", lambda n: json.dumps([{"text": "a"}] * n).encode(), "more than 7 rows"
    ),
    "rows of parquet": (
        "rows", 7, "a.parquet", lambda n: parquet(pa.table({"text": ["a"] * n})), "more than 7 rows"
    ),
    "chunks": ("rows", 7, "a.md", lambda n: b"# H\n\nx\n\n" * n, "more than 7 chunks"),
    "columns of csv": ("columns", 7, "a.csv", csv_columns, "8 columns"),
    "columns of jsonl": ("columns", 7, "a.jsonl", jsonl_columns, "8 columns"),
    "columns of parquet": ("columns", 7, "a.parquet", columns_of_parquet, "8 columns"),
    "cell of csv": ("cell_bytes", 99, "a.csv", lambda n: b"text\n" + b"x" * n, "larger than 99"),
    "cell of jsonl": (
        "cell_bytes", 99, "a.jsonl", lambda n: json.dumps({"text": "x" * n}).encode(), "than 99"
    ),
    "cell of parquet": (
        "cell_bytes", 99, "a.parquet", lambda n: parquet(pa.table({"text": ["x" * n]})), "than 99"
    ),
    "pages": ("pages", 7, "a.pdf", lambda n: pdf([["x"]] * n), "8 pages"),
    "entries": ("entries", 9, "a.docx", entries_of_docx, "more than 9 entries"),
    "expanded archive": ("expanded_bytes", 5_000, "a.docx", expanded_docx, "expands to more"),
    "text": (
        # A chunk's line is 22 characters longer than its text.
        "expanded_bytes", 700, "a.txt", lambda n: b"x" * (n - 22), "of text"
    ),
}  # fmt: skip


def limited(workspace: Workspace, **limits: Any) -> Workspace:
    settings = load_settings(home=workspace.home, source_limits=SourceLimits(**limits))
    return Workspace(settings, workspace.engine)


@pytest.mark.parametrize(
    ("name", "limit", "file", "make", "word"), LIMITED.values(), ids=LIMITED.keys()
)
def test_a_limit_holds_at_its_edge(
    workspace: Workspace, name: str, limit: int, file: str, make: Callable[[int], bytes], word: str
) -> None:
    workspace = limited(workspace, **{name: limit})
    for size in (limit - 1, limit):
        assert import_stream(workspace, io.BytesIO(make(size)), file).chunk_count
    with pytest.raises(SourceError, match=word) as caught:
        import_stream(workspace, io.BytesIO(make(limit + 1)), file)
    assert caught.value.remedy


def test_the_ratio_of_an_entry_has_a_limit(workspace: Workspace) -> None:
    data = docx(paragraph("x" * 8_000))
    entry = zipfile.ZipFile(io.BytesIO(data)).getinfo("word/document.xml")
    ratio = entry.file_size // entry.compress_size
    assert 10 < ratio < 99
    with pytest.raises(SourceError, match=f"more than {ratio} times"):
        import_stream(limited(workspace, ratio=ratio), io.BytesIO(data), "a.docx")
    source = import_stream(limited(workspace, ratio=ratio + 1), io.BytesIO(data), "a.docx")
    assert source.chunk_count


@pytest.mark.parametrize("name", SourceLimits.model_fields)
def test_settings_can_lower_a_limit_and_never_raise_it(name: str) -> None:
    default = getattr(SourceLimits(), name)
    assert getattr(SourceLimits(**{name: default // 2}), name) == default // 2
    for value in (default + 1, 0, -1):
        with pytest.raises(ValidationError):
            SourceLimits(**{name: value})
