"""What kind of source a file is: by name, by wish, and whether its content agrees."""

import codecs
import re
from pathlib import PurePath
from typing import BinaryIO, Final

from core.errors import SourceError

SUFFIX_KINDS: Final = {
    ".txt": "text",
    ".text": "text",
    ".md": "markdown",
    ".markdown": "markdown",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".docx": "docx",
    ".pdf": "pdf",
    ".csv": "csv",
    ".tsv": "csv",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
}
KINDS: Final = tuple(dict.fromkeys(SUFFIX_KINDS.values()))
TABLE_KINDS: Final = ("csv", "json", "jsonl", "parquet")
SNIFFED_BYTES = 2**16
# First bytes of files that are not text, however they are named.
FORMATS: Final = (
    (b"%PDF-", "pdf", "a PDF"),
    (b"PK\x03\x04", "docx", "a ZIP archive"),
    (b"PK\x05\x06", "docx", "an empty ZIP archive"),
    (b"PAR1", "parquet", "a Parquet file"),
    (b"PARE", "", "an encrypted Parquet file"),
    (b"\x1f\x8b", "", "a gzip archive"),
    (b"BZh", "", "a bzip2 archive"),
    (b"\xfd7zXZ", "", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "", "a Zstandard archive"),
    (b"7z\xbc\xaf", "", "a 7-Zip archive"),
    (b"Rar!", "", "a RAR archive"),
    (b"\x89PNG", "", "a PNG picture"),
    (b"\xff\xd8\xff", "", "a JPEG picture"),
    (b"GIF8", "", "a GIF picture"),
    (b"\xd0\xcf\x11\xe0", "", "an old Office document"),
    (b"{\\rtf", "", "an RTF document"),
    (b"SQLite format 3", "", "an SQLite database"),
)
NOUNS: Final = {
    "pdf": "PDF", "docx": "DOCX", "parquet": "Parquet", "html": "HTML", "json": "JSON",
}  # fmt: skip
REMEDIES: Final = {
    "archive": "Unpack it and import the files inside.",
    "Office": "Save it as DOCX.",
    "RTF": "Save it as DOCX.",
    "encrypted": "Export it without encryption.",
}
HTML_PAGE: Final = re.compile(
    r"\s{0,999}(?:<\?xml[^>]{0,200}>\s{0,99})?<(?:!doctype\s+html|html\b)"
)
HTML_TAG: Final = re.compile(
    r"<(?:!doctype\s+html|html|head|body|title|meta|main|article|section|div|p|h[1-6]|ul|ol|table"
    r"|span|a|br|pre)\b"
)


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


def check_content(stream: BinaryIO, kind: str) -> None:
    """Pass where the content looks like its kind.

    Raises SourceError that says what the file is instead.
    """
    stream.seek(0)
    head = stream.read(SNIFFED_BYTES)
    stream.seek(0)
    found = next((item for item in FORMATS if head.startswith(item[0])), None)
    if found is None and kind == "pdf" and b"%PDF-" in head[:1024]:
        return  # readers allow some bytes before the header
    if found is None and kind in ("pdf", "docx", "parquet"):
        raise SourceError(
            f"The file is no {NOUNS[kind]}: it does not begin like one.",
            remedy="Choose its true kind, or export it again.",
        )
    if found is not None and found[1] != kind:
        raise SourceError(f"The file is {found[2]}, not {_noun(kind)}.", remedy=_remedy(*found[1:]))
    if found is None:
        _check_text(head, kind)


def _noun(kind: str) -> str:
    return NOUNS.get(kind, "text")


def _remedy(kind: str, noun: str) -> str:
    if kind in ("pdf", "parquet"):
        return f"Import it as {kind}."
    if kind == "docx":
        return "Import a DOCX as docx; unpack any other archive, or save a spreadsheet as CSV."
    return next(
        (text for word, text in REMEDIES.items() if word in noun),
        "Import text, Markdown, HTML, DOCX, PDF, CSV, JSON, JSONL or Parquet.",
    )


def _check_text(head: bytes, kind: str) -> None:
    is_wide = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    encoding = "utf-16" if is_wide else "utf-8-sig"
    text = head.decode(encoding, "replace").lower()
    if kind == "html" and not HTML_TAG.search(text):
        raise SourceError("The file is no HTML: it has no tags.", remedy="Import it as text.")
    if kind != "html" and HTML_PAGE.match(text):
        raise SourceError("The file is an HTML page.", remedy="Import it as html.")
    if kind == "json" and text.strip()[:1] not in ("[", "{", ""):
        raise SourceError(
            "The file is no JSON table: it begins with neither [ nor {.",
            remedy="Write a list of objects, or one object on each line as JSONL.",
        )
