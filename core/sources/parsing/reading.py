"""A file of any kind becomes pieces: text, offsets, heading, page, fields. Streaming.

Runs in the confined child alone (`child`): what it calls reads hostile bytes. The text that
offsets count in is the file's own for text, Markdown, CSV, JSON and JSONL; for the other kinds it
is what Seedbed reads from them, and for Parquet its rows as JSON lines.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, BinaryIO, NamedTuple

from core.errors import SourceError
from core.settings import SourceLimits
from core.sources.parsing.chunking import MAX_CHUNK_CHARS, MIN_CHUNK_CHARS, Block, cut_passages
from core.sources.parsing.decoding import open_text, text_pieces
from core.sources.parsing.kinds import TABLE_KINDS
from core.sources.parsing.plain_text import markdown_blocks, text_blocks
from core.sources.parsing.rows import (
    SNIFFED_CHARS,
    Record,
    bounded_lines,
    csv_records,
    jsonl_records,
    sniff_delimiter,
    suggest_text_column,
)

SUGGESTION_ROWS = 1_000


@dataclass(frozen=True)
class ReadSettings:
    """How a file is cut. The text column counts for tables, the last two for documents."""

    kind: str
    text_column: str | None = None  # None: the suggested one
    chunk_chars: int = 1200
    overlap_chars: int = 150

    def check(self) -> None:
        """Raises SourceError for sizes that cannot work."""
        if not MIN_CHUNK_CHARS <= self.chunk_chars <= MAX_CHUNK_CHARS:
            raise SourceError(
                f"A chunk of {self.chunk_chars} characters is not possible.",
                remedy=f"Choose {MIN_CHUNK_CHARS} to {MAX_CHUNK_CHARS:,}.",
            )
        if not 0 <= self.overlap_chars <= self.chunk_chars // 2:
            raise SourceError(
                f"An overlap of {self.overlap_chars} characters is not possible.",
                remedy="Choose 0 up to half of a chunk.",
            )


@dataclass
class Findings:
    """What reading tells of the whole document, complete once all of it has been read."""

    page_count: int | None = None  # of a PDF


class Piece(NamedTuple):
    """One chunk before it is stored."""

    text: str
    start: int
    end: int
    heading: str
    page: int | None
    fields: dict[str, Any]


def read_records(stream: BinaryIO, kind: str, limits: SourceLimits) -> Iterator[Record]:
    """The rows of a table, one after the other.

    Raises SourceError naming the row that does not fit.
    """
    if kind == "parquet":
        from core.sources.parsing.parquet_rows import parquet_records

        yield from parquet_records(stream, limits)
        return
    with open_text(stream) as text:
        if kind == "json":
            from core.sources.parsing.json_rows import json_records

            yield from json_records(text_pieces(text), limits)
        elif kind == "jsonl":
            yield from jsonl_records(bounded_lines(text), limits)
        else:
            delimiter = sniff_delimiter(text.read(SNIFFED_CHARS))
            text.seek(0)
            yield from csv_records(bounded_lines(text), delimiter, limits)


def read_blocks(
    stream: BinaryIO, kind: str, limits: SourceLimits, findings: Findings
) -> Iterator[Block]:
    """The headings, paragraphs, tables and pages of a document, in order.

    Raises SourceError for whatever is wrong with it.
    """
    if kind == "pdf":
        from core.sources.parsing.pdf_text import open_pdf, pdf_blocks

        with open_pdf(stream, limits) as document:
            findings.page_count = len(document)
            yield from pdf_blocks(document)
    elif kind == "docx":
        from core.sources.parsing.docx_text import docx_blocks

        yield from docx_blocks(stream, limits)
    elif kind == "html":
        from core.sources.parsing.html_text import html_blocks

        yield from html_blocks(stream)
    else:
        with open_text(stream) as text:
            split = markdown_blocks if kind == "markdown" else text_blocks
            yield from split(text_pieces(text))


def read_pieces(
    stream: BinaryIO, settings: ReadSettings, limits: SourceLimits, findings: Findings
) -> Iterator[Piece]:
    """The chunks of a file, in order.

    Raises SourceError for whatever is wrong with it.
    """
    if settings.kind in TABLE_KINDS:
        yield from _row_pieces(read_records(stream, settings.kind, limits), settings)
        return
    passages = cut_passages(
        read_blocks(stream, settings.kind, limits, findings),
        chunk_chars=settings.chunk_chars,
        overlap_chars=settings.overlap_chars,
    )
    found = False
    for passage in passages:
        found = True
        yield Piece(*passage, {})
    if not found:
        remedy = "Choose another file."
        if settings.kind == "pdf":
            remedy = "Its pages are perhaps pictures: run text recognition (OCR) on it first."
        raise SourceError("The file holds no text.", remedy=remedy)


def _row_pieces(records: Iterator[Record], settings: ReadSettings) -> Iterator[Piece]:
    first = list(islice(records, SUGGESTION_ROWS))
    column = settings.text_column or suggest_text_column([record.fields for record in first])
    known = dict.fromkeys(name for record in first for name in record.fields)
    if column is None:
        raise SourceError("No column holds text.", remedy="Choose another file.")
    if column not in known:
        raise SourceError(
            f"There is no column {column!r}.", remedy=f"The columns are {', '.join(known)}."
        )
    for record in chain(first, records):
        text = _text_of(record, column)
        yield Piece(text, record.start, record.end, "", None, record.fields)


def _text_of(record: Record, column: str) -> str:
    value = record.fields.get(column)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, str) and value.strip():
        return value
    found = "is empty" if value is None or isinstance(value, str) else "is not text"
    raise SourceError(
        f"The text column {column!r} {found}.",
        remedy="Fill it, remove the row, or choose another text column.",
        row=record.row,
    )
