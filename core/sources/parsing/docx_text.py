"""A DOCX becomes blocks: headings, paragraphs, lists and tables in document order.

The XML is streamed through expat, and any document type is refused, so no entity is ever defined.
Deleted and hidden text, fields' codes, notes, headers and pictures are left out.
"""

import re
from collections.abc import Iterator
from typing import BinaryIO, Final
from xml.parsers import expat

from core.errors import SourceError
from core.settings import SourceLimits
from core.sources.parsing.chunking import Block
from core.sources.parsing.zip_parts import ZipParts
from core.text.hashing import storable

DOCUMENT = "word/document.xml"
STYLES = "word/styles.xml"
NAMESPACES: Final = frozenset(
    {
        "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
        "http://purl.oclc.org/ooxml/wordprocessingml/main",
    }
)
FALLBACK = "http://schemas.openxmlformats.org/markup-compatibility/2006 Fallback"
LEFT_OUT: Final = frozenset({"del", "moveFrom", "instrText", "delText"})
OFF: Final = frozenset({"0", "false", "off", "none"})
BREAKS: Final = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
HEADING_NAME: Final = re.compile(r"heading ?([1-9])", re.IGNORECASE)
MAX_DEPTH = 256
MAX_BASES = 20  # styles that stand on each other
BLOCK_CHARS = 2**16


def docx_blocks(stream: BinaryIO, limits: SourceLimits) -> Iterator[Block]:
    """The document's blocks in order.

    Raises SourceError for an archive that is no DOCX, is damaged, or passes a limit.
    """
    parts = ZipParts(stream, limits)
    if DOCUMENT not in parts:
        raise SourceError(
            "The archive is no DOCX: it has no word/document.xml.",
            remedy="Import a document saved as DOCX; save a spreadsheet as CSV.",
        )
    styles = _Styles()
    if STYLES in parts:
        for _ in _parsed(parts.read(STYLES), styles):
            pass
    body = _Body(styles.levels())
    for _ in _parsed(parts.read(DOCUMENT), body):
        yield from body.blocks
        body.blocks.clear()
    yield from body.blocks


class _Part:
    """Counts the depth and hands on what is WordprocessingML."""

    def __init__(self) -> None:
        self._depth = 0
        self._skipped_from: int | None = None

    def start_element(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise SourceError(
                f"The document is nested deeper than {MAX_DEPTH} levels.",
                remedy="Convert it to text.",
            )
        if self._skipped_from is not None:
            return
        namespace, _, local = name.rpartition(" ")
        if name == FALLBACK or (namespace in NAMESPACES and local in LEFT_OUT):
            self._skipped_from = self._depth
        elif namespace in NAMESPACES:
            values = {key.rpartition(" ")[2]: value for key, value in attributes.items()}
            self.start(local, values)

    def end_element(self, name: str) -> None:
        self._depth -= 1
        if self._skipped_from is not None:
            if self._depth < self._skipped_from:
                self._skipped_from = None
            return
        namespace, _, local = name.rpartition(" ")
        if namespace in NAMESPACES:
            self.end(local)

    def characters(self, text: str) -> None:
        if self._skipped_from is None:
            self.text(text)

    def start(self, name: str, values: dict[str, str]) -> None:
        """An element of WordprocessingML begins."""

    def end(self, name: str) -> None:
        """It ends."""

    def text(self, text: str) -> None:
        """Text inside of it."""


def _parsed(blocks: Iterator[bytes], part: _Part) -> Iterator[None]:
    """Feed an XML part to its reader, a pause after each block."""
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = part.start_element
    parser.EndElementHandler = part.end_element
    parser.CharacterDataHandler = part.characters
    parser.StartDoctypeDeclHandler = _refuse_doctype
    try:
        for block in blocks:
            parser.Parse(block, False)
            yield
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise SourceError(
            f"The document's XML is damaged: {error}.", remedy="Save the document again."
        ) from error


def _refuse_doctype(*_: object) -> None:
    raise SourceError(
        "The document's XML declares a document type, which no DOCX does.",
        remedy="It may be hostile. Save the document again with a word processor.",
    )


class _Styles(_Part):
    """Which paragraph styles are headings."""

    def __init__(self) -> None:
        super().__init__()
        self._style = ""
        self._bases: dict[str, str] = {}
        self._own: dict[str, int] = {}

    def start(self, name: str, values: dict[str, str]) -> None:
        value = values.get("val", "")
        if name == "style":
            self._style = values.get("styleId", "")
        elif name == "basedOn":
            self._bases[self._style] = value
        elif name == "name" and self._style:
            if value.lower() == "title":
                self._own[self._style] = 1
            elif match := HEADING_NAME.fullmatch(value):
                self._own[self._style] = int(match[1])
        elif name == "outlineLvl" and value.isdecimal() and int(value) < 9:
            self._own.setdefault(self._style, int(value) + 1)

    def levels(self) -> dict[str, int]:
        """Levels of heading styles, from 1, those that stand on one included."""
        found = dict(self._own)
        for style in self._bases:
            base, steps = style, 0
            while base not in self._own and base in self._bases and steps < MAX_BASES:
                base, steps = self._bases[base], steps + 1
            if base in self._own:
                found[style] = self._own[base]
        return found


class _Body(_Part):
    """The document's text, gathered into blocks."""

    def __init__(self, levels: dict[str, int]) -> None:
        super().__init__()
        self.blocks: list[Block] = []
        self._levels = levels
        self._open: list[str] = []  # the elements around, by name
        self._text: list[str] = []
        self._size = 0
        self._level = 0
        self._is_item = False
        self._is_after_item = False
        self._is_hidden = False
        self._tables = 0
        self._group = 0
        self._cells: list[str] = []

    def start(self, name: str, values: dict[str, str]) -> None:
        self._open.append(name)
        if name == "p" and self._open.count("p") == 1:
            self._level, self._is_item = 0, False
        elif name == "r":
            self._is_hidden = False
        elif name == "tbl":
            self._end_list(is_item=False)
            self._tables += 1
            self._group += self._tables == 1
        elif name in BREAKS and "r" in self._open and not self._is_hidden:
            self._add(BREAKS[name])
        else:
            self._property(name, values)

    def _property(self, name: str, values: dict[str, str]) -> None:
        value = values.get("val", "")
        if name == "pStyle":
            level = HEADING_NAME.fullmatch(value)
            self._level = self._levels.get(value, int(level[1]) if level else 0)
        elif name == "outlineLvl" and value.isdecimal() and int(value) < 9:
            self._level = int(value) + 1
        elif name == "numPr":
            self._is_item = True
        elif name in ("vanish", "webHidden") and "pPr" not in self._open:
            self._is_hidden = value.lower() not in OFF

    def text(self, text: str) -> None:
        if self._open and self._open[-1] == "t" and not self._is_hidden:
            self._add(text)

    def _add(self, text: str) -> None:
        self._text.append(text)
        self._size += len(text)
        if self._size > BLOCK_CHARS:
            self._give("".join(self._text))

    def end(self, name: str) -> None:
        self._open.pop()
        if name == "p":
            self._end_paragraph()
        elif name == "tc" and self._tables == 1:
            self._cells.append(" ".join(self._taken().split()))
        elif name == "tr" and self._tables == 1:
            if any(self._cells):
                self._give(" | ".join(self._cells) + "\n")
            self._cells = []
        elif name == "tbl":
            self._tables -= 1
            if not self._tables:
                self._give("\n")

    def _end_paragraph(self) -> None:
        if self._tables:
            self._add(" ")
            return
        if "p" in self._open:  # a text box inside of a paragraph
            self._add("\n")
            return
        text = self._taken()
        if not text.strip():
            return
        is_item = self._is_item and not self._level
        self._end_list(is_item=is_item)
        if self._level:
            title = storable(" ".join(text.split()))
            self.blocks.append(Block(title + "\n\n", self._level, title))
        else:
            self._give(f"- {text}\n" if is_item else f"{text}\n\n")

    def _end_list(self, *, is_item: bool) -> None:
        """An empty line after a list's last item."""
        if self._is_after_item and not is_item:
            self.blocks.append(Block("\n"))
        self._is_after_item = is_item

    def _taken(self) -> str:
        text = "".join(self._text)
        self._text, self._size = [], 0
        return text

    def _give(self, text: str) -> None:
        self._text, self._size = [], 0
        self.blocks.append(Block(storable(text), group=self._group if self._tables else 0))
