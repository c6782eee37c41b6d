"""Bytes become text: which encoding, which line ends, where a byte does not fit.

Offsets of chunks count in the text that `open_text` gives: without a byte order mark, with the
line ends of the file.
"""

import codecs
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, Final

from core.errors import SourceError

BLOCK_BYTES = 2**16
BLOCK_CHARS = 2**16
ENCODING_REMEDY = "Save the file as UTF-8 (in a spreadsheet: “CSV UTF-8”) and import it again."
# What an HTML page may declare. Python knows more codecs by name, and not all of them give text.
DECLARED: Final = re.compile(
    rb"""<meta[^>]{0,200}charset\s{0,9}=\s{0,9}["']?\s{0,9}([a-z0-9_-]{1,20})""", re.IGNORECASE
)
DECLARABLE: Final = re.compile(
    r"utf-?8|us-ascii|iso-?8859-\d{1,2}|latin-?1|windows-125\d|cp125\d|koi8-[ru]"
    r"|shift_jis|euc-jp|euc-kr|gb2312|gbk|gb18030|big5",
    re.IGNORECASE,
)
DECLARATION_BYTES = 4096


@contextmanager
def open_text(stream: BinaryIO, *, is_html: bool = False) -> Iterator[io.TextIOWrapper]:
    """The decoded text of a stream, from its start, line ends kept.

    Raises SourceError at the byte that does not decode.
    """
    stream.seek(0)
    encoding = _encoding(stream.read(DECLARATION_BYTES), is_html=is_html)
    stream.seek(0)
    text = io.TextIOWrapper(stream, encoding=encoding, errors="strict", newline="")
    try:
        yield text
    except UnicodeError as error:
        raise _encoding_error(stream, encoding, error) from error
    finally:
        text.detach()  # else the wrapper would close the stream with itself


def text_pieces(text: io.TextIOWrapper) -> Iterator[str]:
    """The text in pieces of bounded size.

    Raises SourceError for a NUL.
    """
    while block := text.read(BLOCK_CHARS):
        refuse_nul(block)
        yield block


def _encoding(head: bytes, *, is_html: bool) -> str:
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise SourceError("The file is UTF-32.", remedy=ENCODING_REMEDY)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    declared = DECLARED.search(head) if is_html else None
    if declared is None or head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    name = declared[1].decode("ascii").lower()
    if not DECLARABLE.fullmatch(name):
        raise SourceError(f"The page declares the encoding {name!r}.", remedy=ENCODING_REMEDY)
    # What browsers take these names for. Source: the WHATWG encoding standard.
    western = {"us-ascii", "latin1", "latin-1", "iso-8859-1", "iso8859-1"}
    return "windows-1252" if name in western else "utf-8-sig" if name.startswith("utf") else name


def _encoding_error(stream: BinaryIO, encoding: str, error: UnicodeError) -> SourceError:
    """What to tell the user about bytes that do not decode: the first one's offset in the file."""
    offset = _first_bad_byte(stream) if encoding == "utf-8-sig" else None
    where = "" if offset is None else f": the byte at offset {offset:,} does not fit"
    reason = error.reason if isinstance(error, UnicodeDecodeError) else str(error)
    name = encoding.upper().removesuffix("-SIG")
    return SourceError(f"The file is not valid {name}{where} ({reason}).", remedy=ENCODING_REMEDY)


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
