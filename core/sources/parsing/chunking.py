"""Blocks of a document become passages: cut at headings, paragraphs and sentences, exact offsets.

Pure and streaming: it holds a few passages and one block, never the whole text. The text is what
the blocks' texts give when they are joined; every offset counts in it.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

MIN_CHUNK_CHARS = 100
MAX_CHUNK_CHARS = 20_000
LEAST_FILL = 0.4  # a cut never leaves less than this share of a chunk, unless a section ends
HEADING_SEPARATOR = " › "
MAX_TITLE_CHARS = 200
MAX_PATH_CHARS = 500
# Where to cut, the best place first: after a paragraph, a line, a sentence, a word.
CUTS: Final = tuple(
    re.compile(pattern)
    for pattern in (r"\r?\n[ \t]*\r?\n\s*", r"\r?\n", r"[.!?…]['\"”’)\]]*\s+", r"\s+")
)
STEP_CHARS = 2**14
WORD_WINDOW = 100  # where a space is looked for first: most words are shorter


class Block(NamedTuple):
    """A consecutive part of a document; white space after it belongs to it."""

    text: str
    level: int = 0  # of a heading, from 1; 0 for anything else
    title: str = ""  # of a heading, without its marks
    group: int = 0  # parts of one table or code share a number: kept in one passage where they fit
    page: int | None = None  # of a PDF, from 1


class Passage(NamedTuple):
    """A piece of the text: `text` is exactly the characters from `start` to `end`."""

    text: str
    start: int
    end: int
    heading: str  # the headings above or inside, outermost first; "" where none
    page: int | None = None  # where it begins


class _Group(NamedTuple):
    number: int
    start: int
    end: int


@dataclass
class _Section:
    """What has been read of one section and not yet been given out."""

    text: str = ""
    start: int = 0
    path: list[tuple[int, str]] = field(default_factory=list)
    has_body: bool = False
    groups: list[_Group] = field(default_factory=list)  # offsets in the whole text
    pages: list[tuple[int, int]] = field(default_factory=list)  # (offset, page) where one begins

    def add(self, block: Block) -> None:
        place = self.start + len(self.text)
        if block.page is not None and (not self.pages or self.pages[-1][1] != block.page):
            self.pages.append((place, block.page))
        if block.group:
            begun = place
            if self.groups and self.groups[-1].number == block.group:
                begun = self.groups.pop().start
            self.groups.append(_Group(block.group, begun, place + len(block.text)))
        self.text += block.text

    def drop(self, count: int) -> None:
        """Forget the first characters, which have been given out."""
        self.text = self.text[count:]
        self.start += count
        self.groups = [group for group in self.groups if group.end > self.start]
        while len(self.pages) > 1 and self.pages[1][0] <= self.start:
            self.pages.pop(0)

    def enter(self, level: int, title: str) -> None:
        self.path = [step for step in self.path if step[0] < level]
        self.path.append((level, title[:MAX_TITLE_CHARS]))

    @property
    def heading(self) -> str:
        return HEADING_SEPARATOR.join(title for _, title in self.path if title)[-MAX_PATH_CHARS:]

    def page_at(self, place: int) -> int | None:
        return next((page for begin, page in reversed(self.pages) if begin <= place), None)


def cut_passages(
    blocks: Iterable[Block], *, chunk_chars: int, overlap_chars: int
) -> Iterator[Passage]:
    """Passages of at most chunk_chars, in order.

    No passage crosses a heading. Within a section a passage begins up to overlap_chars before the
    last one's end. A table or code that fits into a passage is not cut. White space between
    passages belongs to none.
    """
    section = _Section()
    for block in blocks:
        if block.level:
            # A section that is only a heading is carried on into the next.
            if section.has_body:
                yield from _full_passages(section, chunk_chars, overlap_chars, is_end=True)
            section.enter(block.level, block.title)
            section.has_body = False
        else:
            section.has_body = section.has_body or bool(block.text.strip())
        # In steps: what is held is copied for every passage.
        for begin in range(0, len(block.text), STEP_CHARS):
            section.add(block._replace(text=block.text[begin : begin + STEP_CHARS]))
            if len(section.text) > 4 * chunk_chars:
                yield from _full_passages(section, chunk_chars, overlap_chars)
    yield from _full_passages(section, chunk_chars, overlap_chars, is_end=True)


def _full_passages(
    section: _Section, chunk_chars: int, overlap_chars: int, *, is_end: bool = False
) -> Iterator[Passage]:
    """Give out what is certain: all of a section that has ended, else all but the last passages."""
    while section.text and (is_end or len(section.text) > 2 * chunk_chars):
        whole = _whole_groups(section, chunk_chars)
        cut = _cut_place(section.text, chunk_chars, whole)
        piece = section.text[:cut]
        inner = piece.strip()
        if inner:
            start = section.start + len(piece) - len(piece.lstrip())
            page = section.page_at(start)
            yield Passage(inner, start, start + len(inner), section.heading, page)
        is_last = cut == len(section.text)
        section.drop(cut if is_last else _next_start(section.text, cut, overlap_chars, whole))


def _whole_groups(section: _Section, chunk_chars: int) -> list[tuple[int, int]]:
    """Where the groups stand that fit into one passage, counted from the section's start."""
    found = []
    for group in section.groups:
        begin = max(0, group.start - section.start)
        text = section.text[begin : group.end - section.start]
        length = len(text.rstrip())
        if group.start >= section.start and length <= chunk_chars:
            found.append((begin, begin + length))
    return found


def _cut_place(text: str, chunk_chars: int, whole: list[tuple[int, int]]) -> int:
    """Where the first passage of the text ends."""
    lead = len(text) - len(text.lstrip())
    limit = lead + chunk_chars
    if len(text.rstrip()) <= limit:
        return len(text)
    cut = _plain_cut(text, chunk_chars, lead, limit)
    for begin, end in whole:
        if begin < cut < end:
            return begin if text[lead:begin].strip() else end
    return cut


def _plain_cut(text: str, chunk_chars: int, lead: int, limit: int) -> int:
    earliest = lead + int(chunk_chars * LEAST_FILL)
    patterns = CUTS if text.find("\n", lead, limit) >= 0 else CUTS[2:]
    for pattern in patterns:
        begin = lead if pattern is not CUTS[-1] else max(earliest, limit - WORD_WINDOW)
        for start in dict.fromkeys((begin, lead)):
            end = max((m.end() for m in pattern.finditer(text, start, limit)), default=0)
            if end >= earliest:
                return end
    return limit


def _next_start(text: str, cut: int, overlap_chars: int, whole: list[tuple[int, int]]) -> int:
    """Where the next passage begins: at a sentence or word within the overlap, else at the cut."""
    earliest = max(cut - overlap_chars, (cut + 1) // 2)
    for pattern in CUTS[1:]:
        match = pattern.search(text, earliest, cut)
        if match is not None and match.end() < cut:
            start = match.end()
            return cut if any(begin < start < end for begin, end in whole) else start
    return cut
