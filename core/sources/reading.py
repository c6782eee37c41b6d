"""A file of any kind becomes pieces: text, offsets, heading, fields. Streaming, nothing stored."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, BinaryIO, NamedTuple

from core.errors import SourceError
from core.sources.chunking import (
    MAX_CHUNK_CHARS,
    MIN_CHUNK_CHARS,
    cut_passages,
)
from core.sources.decoding import encoding_error, open_text, refuse_nul
from core.sources.rows import (
    SNIFFED_CHARS,
    Record,
    bounded_lines,
    csv_records,
    jsonl_records,
    sniff_delimiter,
    suggest_text_column,
)

BLOCK_CHARS = 2**16
SUGGESTION_ROWS = 1_000
TABLE_KINDS = ("csv", "jsonl")


@dataclass(frozen=True)
class ReadSettings:
    """How a file is cut. The last two count only for text and Markdown."""

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


class Piece(NamedTuple):
    """One chunk before it is stored."""

    text: str
    start: int
    end: int
    heading: str
    fields: dict[str, Any]


@contextmanager
def decoding(stream: BinaryIO) -> Iterator[Any]:
    """The stream's text; a byte that does not decode becomes a SourceError with its offset."""
    text = open_text(stream)
    try:
        yield text
    except UnicodeError as error:
        raise encoding_error(stream, error) from error
    finally:
        text.detach()  # else the wrapper would close the stream with itself


def read_records(stream: BinaryIO, kind: str) -> Iterator[Record]:
    """The rows of a table, one after the other.

    Raises SourceError naming the row that does not fit.
    """
    stream.seek(0)
    with decoding(stream) as text:
        if kind == "jsonl":
            yield from jsonl_records(bounded_lines(text))
            return
        sample = text.read(SNIFFED_CHARS)
        delimiter = sniff_delimiter(sample)
        text.seek(0)
        yield from csv_records(bounded_lines(text), delimiter)


def read_pieces(stream: BinaryIO, settings: ReadSettings) -> Iterator[Piece]:
    """The chunks of a file, in order.

    Raises SourceError for whatever is wrong with it.
    """
    settings.check()
    if settings.kind in TABLE_KINDS:
        yield from _row_pieces(stream, settings)
        return
    stream.seek(0)
    with decoding(stream) as text:
        passages = cut_passages(
            _checked_blocks(text),
            is_markdown=settings.kind == "markdown",
            chunk_chars=settings.chunk_chars,
            overlap_chars=settings.overlap_chars,
        )
        found = False
        for passage in passages:
            found = True
            yield Piece(*passage, {})
        if not found:
            raise SourceError("The file holds no text.", remedy="Choose another file.")


def _checked_blocks(text: Any) -> Iterator[str]:
    while block := text.read(BLOCK_CHARS):
        refuse_nul(block)
        yield block


def _row_pieces(stream: BinaryIO, settings: ReadSettings) -> Iterator[Piece]:
    records = read_records(stream, settings.kind)
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
        yield Piece(text, record.start, record.end, "", record.fields)


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
