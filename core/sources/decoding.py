"""Bytes become text: which encoding, which line ends, where a byte does not fit.

Offsets of chunks count in the text that `open_text` gives: without a byte order mark, with the
line ends of the file.
"""

import codecs
import io
from pathlib import PurePath
from typing import BinaryIO, Final

from core.errors import SourceError

BLOCK_BYTES = 2**16
KINDS: Final = ("text", "markdown", "csv", "jsonl")
SUFFIX_KINDS: Final = {
    ".txt": "text",
    ".text": "text",
    ".md": "markdown",
    ".markdown": "markdown",
    ".csv": "csv",
    ".tsv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
}
# First bytes of files that are not text, however they are named.
OTHER_FORMATS: Final = (
    (b"%PDF", "a PDF"),
    (b"PK\x03\x04", "a ZIP archive (perhaps DOCX or XLSX)"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"PAR1", "a Parquet file"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"\xd0\xcf\x11\xe0", "an old Office document"),
)
ENCODING_REMEDY = "Save the file as UTF-8 (in a spreadsheet: “CSV UTF-8”) and import it again."


def kind_of(name: str, kind: str | None = None) -> str:
    """What kind of source a file is: as asked, else by the ending of its name.

    Raises SourceError for a kind or an ending that Seedbed does not read.
    """
    if kind is not None:
        if kind not in KINDS:
            raise SourceError(f"{kind!r} is no kind of source.", remedy=f"Use {', '.join(KINDS)}.")
        return kind
    suffix = PurePath(name).suffix.lower()
    if suffix not in SUFFIX_KINDS:
        raise SourceError(
            f"Seedbed cannot tell from its name what {name!r} is.",
            remedy=f"Use a file ending in {', '.join(SUFFIX_KINDS)}, or name its kind.",
        )
    return SUFFIX_KINDS[suffix]


def open_text(stream: BinaryIO) -> io.TextIOWrapper:
    """The decoded text of a stream that stands at its start, line ends kept.

    Raises SourceError for a format that is not text.
    """
    head = stream.read(8)
    stream.seek(0)
    for magic, noun in OTHER_FORMATS:
        if head.startswith(magic):
            raise SourceError(
                f"The file is {noun}, not text.",
                remedy="Import text, Markdown, CSV or JSONL.",
            )
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise SourceError("The file is UTF-32.", remedy=ENCODING_REMEDY)
    encoding = "utf-8-sig"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    return io.TextIOWrapper(stream, encoding=encoding, errors="strict", newline="")


def encoding_error(stream: BinaryIO, error: UnicodeError) -> SourceError:
    """What to tell the user about bytes that do not decode: the first one's offset in the file."""
    stream.seek(0)
    head = stream.read(2)
    is_utf16 = head in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    offset = None if is_utf16 else _first_bad_byte(stream)
    encoding = "UTF-16" if is_utf16 else "UTF-8"
    where = "" if offset is None else f": the byte at offset {offset:,} does not fit"
    return SourceError(
        f"The file is not valid {encoding}{where} ({_reason(error)}).", remedy=ENCODING_REMEDY
    )


def _reason(error: UnicodeError) -> str:
    return error.reason if isinstance(error, UnicodeDecodeError) else str(error)


def _first_bad_byte(stream: BinaryIO) -> int | None:
    stream.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")()
    start = 0
    while True:
        block = stream.read(BLOCK_BYTES)
        kept = len(decoder.getstate()[0])  # bytes of a letter that the last block cut in two
        try:
            decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            return start - kept + error.start
        if not block:
            return None
        start += len(block)


def refuse_nul(text: str, row: int | None = None) -> None:
    """Raises SourceError where the text holds a NUL, which no text file does."""
    if "\x00" in text:
        raise SourceError(
            "The text contains a NUL character, so the file is damaged or not text.",
            remedy="Remove it, or export the file again as UTF-8 text.",
            row=row,
        )
