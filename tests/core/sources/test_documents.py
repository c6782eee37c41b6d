"""PDF, DOCX and HTML: what is text, in which order, under which heading, on which page."""

import io
import resource
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from core.db.tables import Chunk, Source
from core.db.workspace import Workspace
from core.errors import SourceError
from core.settings import SourceLimits
from core.sources.browsing import chunk_context, list_chunks
from core.sources.importing import import_source, import_stream, preview_source
from core.sources.parsing.chunking import Block
from core.sources.parsing.docx_text import docx_blocks
from core.sources.parsing.html_text import html_blocks
from core.sources.parsing.pdf_text import paragraphs
from tests.documents import MIB, archive, docx, paragraph, pdf, pdf_of_objects, table

STYLES = (
    '<w:style w:styleId="Titel"><w:name w:val="Title"/></w:style>'
    '<w:style w:styleId="berschrift2"><w:name w:val="heading 2"/></w:style>'
    '<w:style w:styleId="Own"><w:name w:val="My own"/><w:basedOn w:val="berschrift2"/></w:style>'
    '<w:style w:styleId="Loop"><w:name w:val="a"/><w:basedOn w:val="Loop"/></w:style>'
)


def imported(workspace: Workspace, data: bytes, name: str, **settings: Any) -> list[Chunk]:
    source = import_stream(workspace, io.BytesIO(data), name, **settings)
    return list_chunks(workspace, source.source_id, limit=10_000)


def blocks_of_docx(body: str, **more: Any) -> list[Block]:
    return list(docx_blocks(io.BytesIO(docx(body, styles=STYLES, **more)), SourceLimits()))


def text_of_html(html: str | bytes) -> str:
    data = html.encode() if isinstance(html, str) else html
    return "".join(block.text for block in html_blocks(io.BytesIO(data)))


def test_a_pdf_has_pages_and_bookmarks_as_headings(any_workspace: Workspace) -> None:
    pages = [[f"Sentence number {line} of page {page}." for line in range(30)] for page in range(4)]
    data = pdf(pages, bookmarks=[("First part", 0), ("Second (part)", 2)])
    source = import_stream(any_workspace, io.BytesIO(data), "book.pdf", chunk_chars=400)
    chunks = list_chunks(any_workspace, source.source_id, limit=100)
    assert (source.kind, source.page_count, source.columns) == ("pdf", 4, [])
    assert [c.page for c in chunks] == sorted(c.page or 0 for c in chunks)
    assert {c.page for c in chunks} == {1, 2, 3, 4}
    assert {c.heading for c in chunks if (c.page or 0) >= 3} == {"Second (part)"}
    for chunk in chunks:
        assert f"of page {(chunk.page or 0) - 1}" in chunk.text[:40]
        assert len(chunk.text) == chunk.end_char - chunk.start_char <= 400


def test_lines_of_a_page_become_paragraphs() -> None:
    text = (
        "The first line of a paragraph goes on in the second line of\r\n"
        "it, where a word is divi\x02\r\nded, and it ends.\r\n"
        "Another paragraph begins here and fills its line up to the\r\nend.\r\n"
        "Name Price\r\nTea 2.10\r\n• one\r\n• two"
    )
    assert list(paragraphs(text)) == [
        "The first line of a paragraph goes on in the second line of it, where a word is divided, "
        "and it ends.\n\n",
        "Another paragraph begins here and fills its line up to the end.\n\n",
        "Name Price\n", "Tea 2.10\n", "• one\n", "• two\n\n",
    ]  # fmt: skip


def test_a_pdf_of_a_thousand_pages_is_cut_in_bounded_memory(
    workspace: Workspace, tmp_path: Path
) -> None:
    path = tmp_path / "long.pdf"
    lines = [f"Line {k} tells of the matter in the words that lines have." for k in range(45)]
    path.write_bytes(pdf([f"Page {page}.", *lines] for page in range(1_000)))
    before = psutil.Process().memory_info().rss
    begun = time.monotonic()
    source = import_source(workspace, path)
    assert time.monotonic() - begun < 60
    assert source.page_count == 1_000
    assert source.chunk_count >= 2_000
    assert psutil.Process().memory_info().rss - before < 64 * MIB
    # The largest child so far: never more than the reader of a PDF with some pages held.
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 < 2**30
    last = list_chunks(workspace, source.source_id, offset=source.chunk_count - 1)[0]
    assert last.page == 1_000


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (pdf([["text"]])[:200], "damaged"),
        (b"%PDF-1.7\n" + b"nothing\n" * 50, "damaged"),
        (pdf([[]]), "OCR"),
        (pdf_of_objects([b"<< /Type /Catalog >>"]), "no text|damaged"),
    ],
    ids=["cut off", "no objects", "a page without text", "no pages"],
)
def test_a_pdf_that_cannot_be_read_says_why(workspace: Workspace, data: bytes, word: str) -> None:
    with pytest.raises(SourceError, match=word):
        imported(workspace, data, "a.pdf")


def test_a_docx_keeps_its_order_and_headings(any_workspace: Workspace) -> None:
    body = (
        paragraph("The handbook", "Titel") + paragraph("Before everything.")
        + paragraph("Cards & more", "berschrift2") + paragraph("About cards.")
        + table([["Card", "Fee"], ["Gold", "12"]]) + paragraph("After the table.")
        + paragraph("Own style", "Own") + paragraph("Under it.")
    )  # fmt: skip
    chunks = imported(any_workspace, docx(body, styles=STYLES), "handbook.docx")
    assert [(c.text, c.heading) for c in chunks] == [
        ("The handbook\n\nBefore everything.", "The handbook"),
        (
            "Cards & more\n\nAbout cards.\n\nCard | Fee\nGold | 12\n\nAfter the table.",
            "The handbook › Cards & more",
        ),
        ("Own style\n\nUnder it.", "The handbook › Own style"),
    ]
    context = chunk_context(any_workspace, chunks[1].chunk_id)
    assert context.before.endswith("Before everything.\n\n")


def test_lists_and_outline_levels_of_a_docx_are_read() -> None:
    item = '<w:numPr><w:numId w:val="1"/></w:numPr>'
    blocks = blocks_of_docx(
        paragraph("Level", "", '<w:outlineLvl w:val="2"/>') + paragraph("one", "", item)
        + paragraph("two", "", item) + paragraph("after", "Loop")
    )  # fmt: skip
    assert blocks[0] == Block("Level\n\n", 3, "Level")
    assert "".join(b.text for b in blocks[1:]) == "- one\n- two\n\nafter\n\n"


def test_hidden_and_deleted_text_of_a_docx_is_left_out() -> None:
    blocks = blocks_of_docx(
        "<w:p><w:r><w:t>seen</w:t></w:r>"
        "<w:r><w:rPr><w:vanish/></w:rPr><w:t>HIDDEN</w:t></w:r>"
        '<w:r><w:rPr><w:vanish w:val="0"/></w:rPr><w:t> shown</w:t></w:r>'
        "<w:del><w:r><w:delText>DELETED</w:delText></w:r></w:del>"
        "<w:r><w:instrText>CODE</w:instrText></w:r><w:r><w:tab/><w:t>after</w:t></w:r></w:p>"
    )
    assert "".join(b.text for b in blocks) == "seen shown\tafter\n\n"


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"PK\x03\x04 and no more", "damaged"),
        (archive({"a.txt": b"words"}), "no DOCX"),
        (archive({"word/document.xml": b"<w:document"}), "XML is damaged"),
        (docx("<w:p/>"), "no text"),
        (docx(paragraph("x"))[:-30], "damaged"),
    ],
    ids=["no table", "another archive", "broken XML", "empty", "cut off"],
)  # fmt: skip
def test_a_docx_that_cannot_be_read_says_why(workspace: Workspace, data: bytes, word: str) -> None:
    with pytest.raises(SourceError, match=word):
        imported(workspace, data, "a.docx")


def test_html_is_read_as_it_is_seen(any_workspace: Workspace) -> None:
    page = """<!doctype html><html><head><title>T</title><style>p {color: red}</style></head>
    <body><nav>Menu</nav><header>Site</header><main><h1>Fees &amp; limits</h1>
    <p>First   <b>bold</b>
    words.<br>Next line.</p><script>alert("x")</script>
    <p hidden>HIDDEN</p><div style="color: red; display : none"><p>HIDDEN</p></div>
    <span aria-hidden="true">HIDDEN</span><!-- COMMENT -->
    <h2>Table</h2><table><tr><th>Card<th>Fee<tr><td>Gold<td><p>12</p></table>
    <ul><li>one<li>two</ul><pre>a = 1
  b = 2</pre></main><footer>Foot</footer></body></html>"""
    chunks = imported(any_workspace, page.encode(), "fees.html")
    assert [(c.text, c.heading) for c in chunks] == [
        ("Fees & limits\n\nFirst bold words. Next line.", "Fees & limits"),
        (
            "Table\n\nCard | Fee\nGold | 12\n\n- one\n- two\n\na = 1\n  b = 2",
            "Fees & limits › Table",
        ),
    ]


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>whole page<aside>ad</aside>", "whole page\n\n"),
        ("<article>" + "long text " * 9 + "</article><p>other", "long text " * 8 + "long text\n\n"),
        ("<p>" + "main text " * 99 + "<article>teaser</article>", None),
        ("<p>a<template>no</template><svg><text>no</text></svg>b", "ab\n\n"),
        ("text only &lt;b&gt;<br>", "text only <b>\n\n"),
        ("<p>unclosed <b>bold <i>both</b> after</i>", "unclosed bold both after\n\n"),
        ('<p style="visibility:hidden">no</p><p style="opacity: 0.5">yes', "yes\n\n"),
        ("<table><tr><td>a<table><tr><td>b</table><td>c</table>", "a b | c\n\n"),
    ],
    ids=["no main", "article", "teaser", "left out", "entities", "overlap", "styles", "nested"],
)
def test_html_of_many_kinds(html: str, text: str | None) -> None:
    found = text_of_html(f"<html><body>{html}</body></html>")
    assert found == text if text is not None else found.startswith("main text main text")


@pytest.mark.parametrize(
    "data",
    [
        '<meta charset="iso-8859-1"><p>Grüße – “x”'.encode("windows-1252"),
        b"<html><meta http-equiv='Content-Type' content='text/html; charset=windows-1252'><p>"
        + "Grüße – “x”".encode("windows-1252"),
        "<html><p>Grüße – “x”".encode(),
        "<html><p>Grüße – “x”".encode("utf-16"),
    ],
    ids=["meta", "http-equiv", "utf-8", "utf-16"],
)
def test_html_is_decoded_as_it_declares(data: bytes) -> None:
    assert text_of_html(data) == "Grüße – “x”\n\n"


@pytest.mark.parametrize("name", ["rot13", "zip", "unicode_escape", "utf-7", "idna"])
def test_odd_encodings_of_html_are_refused(name: str) -> None:
    with pytest.raises(SourceError, match="encoding"):
        text_of_html(f'<html><meta charset="{name}"><p>x')


MISNAMED: dict[str, tuple[bytes, str, str]] = {
    "pdf as docx": (pdf([["x"]]), "a.docx", "is a PDF, not DOCX.*Import it as pdf"),
    "docx as pdf": (docx(paragraph("x")), "a.pdf", "ZIP archive, not PDF"),
    "text as pdf": (b"words", "a.pdf", "no PDF"),
    "text as docx": (b"words", "a.docx", "no DOCX"),
    "text as parquet": (b"words", "a.parquet", "no Parquet"),
    "text as html": (b"only words", "a.html", "no HTML"),
    "html as text": (b"<!DOCTYPE html><p>words", "a.txt", "Import it as html"),
    "html as csv": (b"\n <html lang='en'><p>words", "a.csv", "Import it as html"),
    "pdf as csv": (pdf([["x"]]), "a.csv", "a PDF"),
    "words as json": (b"words", "a.json", "neither"),
    "docx as json": (docx(paragraph("x")), "a.json", "ZIP"),
    "rtf as text": (b"{\\rtf1 words}", "a.txt", "RTF"),
    "old word": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a.docx", "Save it as DOCX"),
}


@pytest.mark.parametrize(("data", "name", "word"), MISNAMED.values(), ids=MISNAMED.keys())
def test_content_must_match_its_kind(
    workspace: Workspace, data: bytes, name: str, word: str
) -> None:
    with pytest.raises(SourceError, match=word) as caught:
        imported(workspace, data, name)
    assert caught.value.remedy


def test_a_preview_shows_chunks_with_page_and_heading() -> None:
    data = pdf([["Words of one page."], ["Words of another."]], bookmarks=[("Part", 1)])
    shown = preview_source(data, "a.pdf", chunk_chars=100, overlap_chars=0)
    assert [(p.text, p.page, p.heading) for p in shown.pieces] == [
        ("Words of one page.", 1, ""), ("Words of another.", 2, "Part")
    ]  # fmt: skip
    assert shown.chunk_texts == [p.text for p in shown.pieces]


def test_one_name_may_belong_to_two_sources(workspace: Workspace) -> None:
    sources: list[Source] = []
    for user, words in (("usr_a", b"Her words."), ("usr_b", b"His words.")):
        stream = io.BytesIO(words)
        sources.append(import_stream(workspace, stream, "notes.txt", created_by=user))
    assert sources[0].source_id != sources[1].source_id
    assert {source.name for source in sources} == {"notes.txt"}
