"""Text and Markdown become blocks: headings, tables and code recognised line by line.

Headings are those of CommonMark, `# Title` and underlined ones. Joined, the blocks are the text.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import count
from typing import Final

from core.errors import SourceError
from core.sources.parsing.chunking import Block

MAX_PIECE_CHARS = 20_000  # a longer line comes in pieces
MAX_LINE_CHARS = 10 * 2**20
BLOCK_CHARS = 4_000
HEADING: Final = re.compile(r" {0,3}(#{1,6})(?=[ \t]|$)")
UNDERLINE: Final = re.compile(r" {0,3}(?:(=+)|-{2,})[ \t]*$")
FENCE: Final = re.compile(r" {0,3}(```+|~~~+)")


def text_blocks(texts: Iterable[str]) -> Iterator[Block]:
    """A plain text: blocks of any lines.

    Raises SourceError for a line that no text has.
    """
    length = 0
    for text in texts:
        end = text.rfind("\n")
        length = length + len(text) if end < 0 else len(text) - end
        _check_line(length)
        yield Block(text)


def markdown_blocks(texts: Iterable[str]) -> Iterator[Block]:
    """A Markdown text: headings, tables and code line by line, other lines.

    Raises SourceError for a line that no text has.
    """
    reader = _Markdown()
    for line in _lines(texts):
        yield from reader.read(line)
    yield from reader.plain_lines()


class _Markdown:
    """What must be known of the lines before to tell what a line is."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self._fence = ""
        self._group = 0
        self._plain: list[str] = []  # lines not yet given out; the last may turn out a heading
        self._size = 0
        self._begins = True  # whether the next line begins a paragraph
        self._is_alone = False  # whether the last line is one by itself, so far

    def read(self, line: str) -> Iterator[Block]:
        """The blocks that this line completes."""
        bare = line.rstrip("\r\n")
        was_fence, self._fence = self._fence, _fence_after(line, self._fence)
        if was_fence or self._fence or bare.lstrip().startswith("|"):
            yield from self.plain_lines()
            yield Block(line, group=self._group_of(is_new=bool(self._fence) and not was_fence))
            # What follows a closed fence is not part of it.
            self._group = 0 if was_fence and not self._fence else self._group
            self._begins = False
            return
        self._group = 0
        mark = UNDERLINE.match(bare) if self._is_alone else None
        if mark:
            title = self._plain.pop()
            yield from self.plain_lines()
            yield Block(title + line, level=1 if mark[1] else 2, title=title.strip())
            self._begins = True
        elif found := HEADING.match(bare):
            yield from self.plain_lines()
            yield Block(line, level=len(found[1]), title=_heading_title(bare))
            self._begins = True
        else:
            if self._size > BLOCK_CHARS:
                yield from self.plain_lines()
            self._keep(line, bare.strip())

    def plain_lines(self) -> Iterator[Block]:
        """The lines that are nothing special, as one block."""
        if self._plain:
            yield Block("".join(self._plain))
        self._plain, self._size, self._is_alone = [], 0, False

    def _keep(self, line: str, bare: str) -> None:
        self._plain.append(line)
        self._size += len(line)
        self._is_alone = self._begins and bool(bare) and bare[0] not in "#-*>"
        self._begins = not bare

    def _group_of(self, *, is_new: bool) -> int:
        if is_new or not self._group:
            self._group = next(self._numbers)
        return self._group


def _heading_title(bare: str) -> str:
    title = bare.strip().lstrip("#").strip()
    stem = title.rstrip("#")
    # Closing marks stand apart from the title: "C#" keeps its own.
    return stem.rstrip() if stem != stem.rstrip() or not stem else title


def _fence_after(line: str, fence: str) -> str:
    """The code fence that is open after this line: headings inside of one are no headings."""
    match = FENCE.match(line)
    if match is None:
        return fence
    if not fence:
        return match[1]
    is_closing = match[1].startswith(fence) and not line[match.end() :].strip()
    return "" if is_closing else fence


def _lines(texts: Iterable[str]) -> Iterator[str]:
    """The text as lines with their ends; a very long line comes in pieces."""
    rest, length = "", 0
    for text in texts:
        pieces = (rest + text).splitlines(keepends=True) if "\n" in text else [rest + text]
        rest = pieces.pop()
        length = 0 if pieces else length
        if rest.endswith("\n"):
            pieces.append(rest)
            rest, length = "", 0
        while len(rest) > MAX_PIECE_CHARS:
            pieces.append(rest[:MAX_PIECE_CHARS])
            rest = rest[MAX_PIECE_CHARS:]
            length += MAX_PIECE_CHARS
        _check_line(length)
        yield from pieces
    if rest:
        yield rest


def _check_line(length: int) -> None:
    if length > MAX_LINE_CHARS:
        raise SourceError(
            f"A line is longer than {MAX_LINE_CHARS:,} characters, which no text has.",
            remedy="Choose the file's true kind, or break its lines.",
        )
