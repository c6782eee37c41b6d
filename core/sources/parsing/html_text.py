"""An HTML page becomes blocks: its main text, headings and tables, as a reader would see them.

The page is streamed twice through libxml2's SAX parser, first to learn where its main text is. No
tree is built, nothing is fetched, no script or style is run. What is hidden and what surrounds the
main text (navigation, asides, footers) is left out.
"""

import re
from collections.abc import Iterator
from typing import BinaryIO, Final

from lxml import etree

from core.errors import SourceError
from core.sources.parsing.chunking import Block
from core.sources.parsing.decoding import open_text, text_pieces
from core.text.hashing import storable

HEADINGS: Final = {f"h{level}": level for level in range(1, 7)}
LEFT_OUT: Final = frozenset(
    {"script", "style", "noscript", "template", "svg", "math", "head", "iframe", "object", "embed",
     "select", "textarea", "button", "canvas", "audio", "video", "picture", "map", "datalist",
     "nav", "aside", "footer", "dialog"}
)  # fmt: skip
SEPARATE: Final = frozenset(
    {"p", "div", "section", "article", "main", "header", "ul", "ol", "dl", "dt", "dd", "blockquote",
     "figure", "figcaption", "hr", "address", "form", "fieldset", "legend", "details", "summary",
     "body", "table", "caption", "center", "hgroup"}
)  # fmt: skip
HIDING: Final = re.compile(
    r"display:none|visibility:hidden|font-size:0(?:px|pt|em|%)?(?:;|$)|opacity:0(?:\.0+)?(?:;|$)"
)
MAIN_SHARE = 0.3  # of the page's text: articles with less are teasers
BLOCK_CHARS = 2**16
MAX_STYLE_CHARS = 2_000


def html_blocks(stream: BinaryIO) -> Iterator[Block]:
    """The page's blocks in order.

    Raises SourceError for a page that is damaged or nested too deep.
    """
    survey = _Page("")
    for _ in _parsed(stream, survey):
        survey.blocks.clear()
    page = _Page(survey.main_tag())
    for _ in _parsed(stream, page):
        yield from page.blocks
        page.blocks.clear()
    yield from page.blocks


def _parsed(stream: BinaryIO, page: "_Page") -> Iterator[None]:
    """Feed the whole page to its reader, a pause after each part."""
    parser = etree.HTMLParser(target=page, huge_tree=True, no_network=True)
    try:
        with open_text(stream, is_html=True) as text:
            for piece in text_pieces(text):
                parser.feed(storable(piece))
                yield
        parser.close()
        yield
    except etree.LxmlError as error:
        raise SourceError(
            "The HTML is damaged or nested too deep.", remedy="Save it as text."
        ) from error


class _Page:
    """A parser target that gathers blocks. With a main tag, only what is inside of it."""

    def __init__(self, main: str) -> None:
        self.blocks: list[Block] = []
        self._main = main
        self._inside = {"main": 0, "article": 0}
        self._chars = {"": 0, "main": 0, "article": 0}
        self._depth = 0
        self._skipped_from: int | None = None
        self._text: list[str] = []
        self._size = 0
        self._level = 0
        self._kept_lines = 0  # depth of <pre>
        self._is_after_item = False
        self._tables = 0
        self._group = 0
        self._cells: list[str] = []

    def main_tag(self) -> str:
        """Where most of the text is: "main", "article", or "" for the whole page."""
        everything = self._chars[""]
        if self._chars["main"]:
            return "main"
        return "article" if self._chars["article"] > MAIN_SHARE * everything else ""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._skipped_from is not None:
            return
        if tag in LEFT_OUT or _is_hidden(attributes):
            self._skipped_from = self._depth
            return
        if tag in self._inside:
            self._flush()
            self._inside[tag] += 1
        if tag in HEADINGS:
            self._flush()
            self._level = HEADINGS[tag]
        elif tag == "table":
            self._flush()
            self._end_list(is_item=False)
            self._tables += 1
            self._group += self._tables == 1
        elif tag == "pre":
            self._flush()
            self._kept_lines += 1
        elif tag == "li":
            self._flush()
            self._add("- ")
        elif tag == "br":
            self._add("\n")
        elif tag in SEPARATE:
            self._flush()

    def end(self, tag: str) -> None:
        self._depth -= 1
        if self._skipped_from is not None:
            if self._depth < self._skipped_from:
                self._skipped_from = None
            return
        if tag in HEADINGS:
            self._end_heading()
        elif tag in ("td", "th"):
            if self._tables == 1:
                self._cells.append(self._taken())
        elif tag == "tr":
            if self._tables == 1:
                self._end_row()
        elif tag == "table":
            self._end_table()
        elif tag == "pre":
            self._flush()
            self._kept_lines = max(0, self._kept_lines - 1)
        elif tag == "li" or tag in SEPARATE:
            self._flush("\n" if tag == "li" else "\n\n")
        if tag in self._inside:
            self._inside[tag] = max(0, self._inside[tag] - 1)

    def data(self, text: str) -> None:
        if self._skipped_from is not None:
            return
        length = len(text)
        self._chars[""] += length
        for tag, depth in self._inside.items():
            if depth:
                self._chars[tag] += length
        self._add(text)

    def comment(self, text: str) -> None:
        """Comments are no text."""

    def pi(self, target: str, text: str | None = None) -> None:
        """Processing instructions are no text."""

    def close(self) -> None:
        self._flush()

    def _add(self, text: str) -> None:
        if self._main and not self._inside[self._main]:
            return
        self._text.append(text)
        self._size += len(text)
        if self._size > BLOCK_CHARS:
            self._flush(" ")

    def _taken(self) -> str:
        """The gathered text, white space collapsed as a browser would."""
        text = "".join(self._text)
        self._text, self._size = [], 0
        if self._kept_lines:
            return storable(text.strip("\r\n"))
        lines = (" ".join(line.split()) for line in text.split("\n"))
        return storable(" ".join(line for line in lines if line))

    def _flush(self, after: str = "\n\n") -> None:
        if self._tables:
            # Paragraphs inside of a cell are parts of its text.
            if self._size > BLOCK_CHARS:
                self.blocks.append(Block(self._taken() + " ", group=self._group))
            elif self._text:
                self._text.append(" ")
            return
        text = self._taken()
        if text.strip() not in ("", "-"):
            self._end_list(is_item=text.startswith("- "))
            self._group += bool(self._kept_lines)
            self.blocks.append(Block(text + after, group=self._group if self._kept_lines else 0))

    def _end_list(self, *, is_item: bool) -> None:
        """An empty line after a list's last item."""
        if self._is_after_item and not is_item:
            self.blocks.append(Block("\n"))
        self._is_after_item = is_item

    def _end_heading(self) -> None:
        title = self._taken()
        if title:
            self._end_list(is_item=False)
            self.blocks.append(Block(title + "\n\n", self._level, title))
        self._level = 0

    def _end_row(self) -> None:
        if any(self._cells):
            self.blocks.append(Block(" | ".join(self._cells) + "\n", group=self._group))
        self._cells = []

    def _end_table(self) -> None:
        self._tables = max(0, self._tables - 1)
        if not self._tables:
            rest = self._taken()
            self._end_row()
            self.blocks.append(Block((rest + "\n" if rest else "") + "\n", group=self._group))


def _is_hidden(attributes: dict[str, str]) -> bool:
    if "hidden" in attributes or attributes.get("aria-hidden", "").lower() == "true":
        return True
    style = attributes.get("style", "")[:MAX_STYLE_CHARS].lower()
    return bool(style) and HIDING.search("".join(style.split())) is not None
