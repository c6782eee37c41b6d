"""Damaged files of every kind: pieces or a SourceError, never anything else."""

import io
import json
from collections.abc import Callable

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import SourceError
from core.settings import SourceLimits
from core.sources.importing import preview_source
from core.sources.parsing.kinds import check_content
from core.sources.parsing.reading import Findings, ReadSettings, read_pieces
from tests.documents import archive, docx, paragraph, parquet, pdf, table

LIMITS = SourceLimits()
DOCUMENT = docx(paragraph("Title", "Heading1") + paragraph("Words & more") + table([["a", "b"]]))
SEEDS: dict[str, bytes] = {
    "text": "Words, and é more.\n\nAnother paragraph.".encode(),
    "markdown": b"# Title\n\nWords.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```\nc\n```\n\nB\n---\nx",
    "html": b"<html><body><main><h1>Title</h1><p>Words <b>x</b><table><tr><td>1</table><ul><li>y",
    "csv": b'text,label\n"one, two",a\nthree,b\n',
    "jsonl": b'{"text": "a", "n": [1, {"b": null}]}\n{"text": "c"}\n',
    "json": json.dumps({"v": 1, "data": [{"text": "a", "n": [1]}, {"text": "b"}]}).encode(),
}
BINARY: dict[str, bytes] = {
    "docx": DOCUMENT,
    "pdf": pdf([["Words of a page.", "More."], ["Second page."]], bookmarks=[("Part", 1)]),
    "parquet": parquet(pa.table({"text": ["a", "b"], "n": [[1], None]})),
}
TOKENS = st.sampled_from(
    b"""\x00 \xff \r " ' , { [ ] } \\ < > </ <!-- <![CDATA[ &#0; &lt # ``` | = --- \xf0\x9f
    \xef\xbb\xbf <table> <td> <pre> <h7> </main> \\ud800 1e999 \xe2\x80\xa8 %PDF-""".split(b" ")
)
CHANGES = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 3), TOKENS | st.binary(max_size=4)), max_size=12
)


def changed(data: bytes, changes: list[tuple[float, int, bytes]]) -> bytes:
    """The data with some bytes at some places replaced by others."""
    for where, dropped, put in changes:
        place = int(where * len(data))
        data = data[:place] + put + data[place + dropped :]
    return data


def read(data: bytes, kind: str) -> None:
    """What the child does, in this process: safe for the kinds that we read ourselves."""
    stream = io.BytesIO(data)
    try:
        check_content(stream, kind)
        reading = ReadSettings(kind, chunk_chars=100, overlap_chars=20)
        pieces = list(read_pieces(stream, reading, LIMITS, Findings()))
    except SourceError:
        return
    assert pieces
    for piece in pieces:
        assert 0 <= piece.start <= piece.end
        assert "\x00" not in piece.text
        assert piece.text.strip()
    starts = [piece.start for piece in pieces]
    assert starts == sorted(starts)


@pytest.mark.parametrize("kind", SEEDS)
@settings(max_examples=300, deadline=None)
@given(changes=CHANGES)
def test_a_damaged_text_is_read_or_refused(
    kind: str, changes: list[tuple[float, int, bytes]]
) -> None:
    read(changed(SEEDS[kind], changes), kind)


@settings(max_examples=200, deadline=None)
@given(changes=CHANGES)
def test_a_docx_with_damaged_xml_is_read_or_refused(
    changes: list[tuple[float, int, bytes]],
) -> None:
    body = (
        b'<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
        b"<w:body><w:p><w:pPr><w:pStyle w:val='Heading1'/></w:pPr><w:r><w:t>Title</w:t></w:r></w:p>"
        b"<w:tbl><w:tr><w:tc><w:p><w:r><w:t>a</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"
        b"<w:p><w:r><w:rPr><w:vanish/></w:rPr><w:t>x</w:t></w:r></w:p></w:body></w:document>"
    )
    read(archive({"word/document.xml": changed(body, changes)}), "docx")


@settings(max_examples=200, deadline=None)
@given(changes=CHANGES)
def test_a_damaged_archive_is_read_or_refused(changes: list[tuple[float, int, bytes]]) -> None:
    read(changed(DOCUMENT, changes), "docx")


@pytest.mark.parametrize("kind", BINARY)
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(changes=CHANGES)
def test_a_damaged_file_costs_at_most_its_child(
    kind: str, changes: list[tuple[float, int, bytes]]
) -> None:
    # Read by libraries in C, which may crash: in a child, as ever.
    try:
        shown = preview_source(changed(BINARY[kind], changes), f"a.{kind}")
    except SourceError:
        return
    assert shown.chunk_texts or shown.rows


def test_the_seeds_of_this_test_are_sound() -> None:
    def chunks(data: bytes, kind: str) -> Callable[[], int]:
        return lambda: len(preview_source(data, "a", kind=kind).chunk_texts)

    assert all(chunks(data, kind)() for kind, data in {**SEEDS, **BINARY}.items())
