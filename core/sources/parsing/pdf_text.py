"""A PDF becomes blocks: its text page by page, paragraphs put together from lines, bookmarks as
headings. Pictures are never decoded, forms and scripts never run."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any, BinaryIO, Final

import pypdfium2
from pypdfium2 import PdfiumError

from core.errors import SourceError
from core.settings import SourceLimits
from core.sources.parsing.chunking import Block
from core.text.hashing import storable

FULL_LINE = 0.75  # of the page's usual line: one that is shorter ends a paragraph or a row
MAX_BOOKMARKS = 10_000
MAX_BOOKMARK_DEPTH = 6
BLOCK_CHARS = 2**16
BULLETS: Final = ("•", "-", "–", "*", "▪", "◦", "·")
# How pdfium marks a hyphen that only divides a word at a line's end.
SOFT_HYPHENS: Final = ("\x02", "\ufffe", "\u00ad")


@contextmanager
def open_pdf(stream: BinaryIO, limits: SourceLimits) -> Iterator[Any]:
    """The PDF of a stream.

    Raises SourceError for one that is damaged, locked or too long.
    """
    try:
        document = pypdfium2.PdfDocument(stream)
    except PdfiumError as error:
        is_locked = "password" in str(error).lower()
        raise SourceError(
            "The PDF asks for a password." if is_locked else "The PDF is damaged.",
            remedy="Save it without a password." if is_locked else "Export it again.",
        ) from error
    try:
        if len(document) > limits.pages:
            raise SourceError(
                f"The PDF has {len(document):,} pages, and at most {limits.pages:,} are read.",
                remedy="Split it.",
            )
        yield document
    finally:
        document.close()


def pdf_blocks(document: Any) -> Iterator[Block]:
    """Headings from the bookmarks, and paragraphs; each knows its page, from 1."""
    titles = _titles(document)
    for index in range(len(document)):
        number = index + 1
        text = _page_text(document, index)
        for level, title in titles.get(index, ()):
            # A bookmark's title stands on its page: it opens a section and adds no text.
            yield Block("", level=level, title=title, page=number)
        for paragraph in paragraphs(text):
            yield Block(paragraph, page=number)


def _titles(document: Any) -> dict[int, list[tuple[int, str]]]:
    """The bookmarks by page; those that cannot be read are left out."""
    found: dict[int, list[tuple[int, str]]] = {}
    try:
        for bookmark in islice(document.get_toc(max_depth=MAX_BOOKMARK_DEPTH), MAX_BOOKMARKS):
            target = bookmark.get_dest()
            index = None if target is None else target.get_index()
            title = " ".join(storable(bookmark.get_title()).split())
            if index is not None and title:
                found.setdefault(index, []).append((bookmark.level + 1, title))
    except (PdfiumError, ValueError):
        return found
    return found


def _page_text(document: Any, index: int) -> str:
    """The page's text; a page that cannot be read stops the import, for a gap would not be seen."""
    try:
        page = document[index]
        text_page = page.get_textpage()
        try:
            return str(text_page.get_text_range())
        finally:
            text_page.close()
            page.close()
    except PdfiumError as error:
        raise SourceError(
            f"Page {index + 1} of the PDF is damaged.", remedy="Export it again."
        ) from error


def paragraphs(text: str) -> Iterator[str]:
    """Lines as a page shows them, joined to paragraphs that end in an empty line.

    A line shorter than the page's usual one ends its paragraph, as does one before a bullet.
    """
    lines = [" ".join(line.split()) for line in _plain(text).split("\n")]
    lengths = sorted(len(line) for line in lines if line)
    usual = lengths[int(len(lengths) * 0.9)] if lengths else 0
    waiting: list[str] = []
    size = 0
    for line, below in zip(lines, [*lines[1:], ""], strict=True):
        if line:
            waiting.append(line)
            size += len(line)
        is_short = len(line) < usual * FULL_LINE
        ends = not line or is_short or below.startswith(BULLETS) or size > BLOCK_CHARS
        if waiting and ends:
            joint = "\n" if line and below and is_short and not line.endswith(".") else "\n\n"
            yield " ".join(waiting) + joint
            waiting, size = [], 0
    if waiting:
        yield " ".join(waiting) + "\n\n"


def _plain(text: str) -> str:
    for mark in SOFT_HYPHENS:
        text = text.replace(f"{mark}\r\n", "").replace(f"{mark}\n", "").replace(mark, "")
    return storable(text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", ""))
