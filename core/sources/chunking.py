"""A text becomes passages: cut at headings, paragraphs and sentences, with exact offsets.

Pure and streaming: it holds one passage and one block of the text, never the whole.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

MIN_CHUNK_CHARS = 100
MAX_CHUNK_CHARS = 20_000
LEAST_FILL = 0.4  # a cut never leaves less than this share of a chunk, unless a section ends
HEADING: Final = re.compile(r" {0,3}#{1,6}(?:[ \t]+(.*?))?[ \t]*#*[ \t]*$")
UNDERLINE: Final = re.compile(r" {0,3}(?:=+|-{2,})[ \t]*$")
FENCE: Final = re.compile(r" {0,3}(```+|~~~+)")
# Where to cut, the best place first: after a paragraph, a line, a sentence, a word.
CUTS: Final = tuple(
    re.compile(pattern)
    for pattern in (r"\r?\n[ \t]*\r?\n\s*", r"\r?\n", r"[.!?…]['\"”’)\]]*\s+", r"\s+")
)


class Passage(NamedTuple):
    """A piece of the text: `text` is exactly the characters from `start` to `end`."""

    text: str
    start: int
    end: int
    heading: str  # the nearest heading above or inside, "" where none


@dataclass
class _Section:
    """What has been read of one section and not yet been given out."""

    text: str = ""
    start: int = 0
    heading: str = ""
    has_body: bool = False


def cut_passages(
    blocks: Iterable[str], *, is_markdown: bool, chunk_chars: int, overlap_chars: int
) -> Iterator[Passage]:
    """Passages of at most chunk_chars, in order. Blocks are consecutive pieces of the text.

    No passage crosses a Markdown heading. Within a section a passage begins up to overlap_chars
    before the last one's end. White space between passages belongs to none.
    """
    section = _Section()
    fence = ""
    for line in _lines(blocks):
        heading = None
        if is_markdown:
            fence = _fence_after(line, fence)
            heading = None if fence else _heading_of(line, section.text)
        if heading is not None:
            yield from _begun(section, line, heading, chunk_chars, overlap_chars)
            continue
        section.text += line
        section.has_body = section.has_body or bool(line.strip())
        if len(section.text) > 4 * chunk_chars:
            yield from _full_passages(section, chunk_chars, overlap_chars)
    yield from _full_passages(section, chunk_chars, overlap_chars, is_end=True)


def _lines(blocks: Iterable[str]) -> Iterator[str]:
    """The text as lines with their ends; a very long line comes in pieces."""
    rest = ""
    for block in blocks:
        pieces = (rest + block).splitlines(keepends=True) if "\n" in block else [rest + block]
        rest = pieces.pop()
        if rest.endswith("\n") or len(rest) > MAX_CHUNK_CHARS:
            pieces.append(rest)
            rest = ""
        yield from pieces
    if rest:
        yield rest


def _fence_after(line: str, fence: str) -> str:
    """The code fence that is open after this line: headings inside of one are no headings."""
    match = FENCE.match(line)
    if match is None:
        return fence
    if not fence:
        return match[1]
    is_closing = match[1].startswith(fence) and not line[match.end() :].strip()
    return "" if is_closing else fence


def _heading_of(line: str, before: str) -> str | None:
    """The heading that this line makes, be it a `# line` or an underline of the line above."""
    bare = line.rstrip("\r\n")
    if match := HEADING.match(bare):
        return (match[1] or "").strip()
    if UNDERLINE.match(bare) and (title := _title_above(before)):
        return title.strip()
    return None


def _title_above(before: str) -> str:
    """The last line of a section, if it stands alone in its paragraph; else an empty text."""
    lines = before.splitlines()
    is_alone = len(lines) == 1 or (len(lines) > 1 and not lines[-2].strip())
    if not lines or not is_alone or not lines[-1].strip() or lines[-1].lstrip()[0] in "#-*>|":
        return ""
    return lines[-1]


def _begun(
    section: _Section, line: str, heading: str, chunk_chars: int, overlap_chars: int
) -> Iterator[Passage]:
    """End the section and begin the next one. A section that is only a heading is carried on."""
    is_underline = HEADING.match(line.rstrip("\r\n")) is None
    title = ""
    if is_underline:
        kept = section.text.splitlines(keepends=True)
        title = kept.pop()
        section.text = "".join(kept)
        section.has_body = any(part.strip() for part in kept) and section.has_body
    if section.has_body:
        yield from _full_passages(section, chunk_chars, overlap_chars, is_end=True)
    section.text += title + line
    section.heading, section.has_body = heading, False


def _full_passages(
    section: _Section, chunk_chars: int, overlap_chars: int, *, is_end: bool = False
) -> Iterator[Passage]:
    """Give out what is certain: all of a section that has ended, else all but the last passages."""
    while section.text and (is_end or len(section.text) > 2 * chunk_chars):
        cut = _cut_place(section.text, chunk_chars)
        piece = section.text[:cut]
        inner = piece.strip()
        if inner:
            start = section.start + len(piece) - len(piece.lstrip())
            yield Passage(inner, start, start + len(inner), section.heading)
        step = cut if cut == len(section.text) else _next_start(section.text, cut, overlap_chars)
        section.text = section.text[step:]
        section.start += step


def _cut_place(text: str, chunk_chars: int) -> int:
    """Where the first passage of the text ends."""
    lead = len(text) - len(text.lstrip())
    limit = lead + chunk_chars
    if len(text.rstrip()) <= limit:
        return len(text)
    for pattern in CUTS:
        ends = [m.end() for m in pattern.finditer(text, lead, limit)]
        if ends and ends[-1] - lead >= chunk_chars * LEAST_FILL:
            return ends[-1]
    return limit


def _next_start(text: str, cut: int, overlap_chars: int) -> int:
    """Where the next passage begins: at a sentence or word within the overlap, else at the cut."""
    earliest = max(cut - overlap_chars, (cut + 1) // 2)
    for pattern in CUTS[1:]:
        match = pattern.search(text, earliest, cut)
        if match is not None and match.end() < cut:
            return match.end()
    return cut
