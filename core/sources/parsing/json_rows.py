"""A JSON file becomes rows: a list of objects, or an object with such a list, streamed.

One row's text at a time is cut out by its brackets and then parsed; the file is never held whole.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from core.errors import SourceError
from core.settings import SourceLimits
from core.sources.parsing.rows import MAX_RECORD_CHARS, Record, check_count, json_object

LIST_NAMES: Final = ("data", "rows", "items", "records", "examples", "samples", "train")
INSIDE: Final = re.compile(r'["\\]')  # what matters inside of a text
OUTSIDE: Final = re.compile(r'["\[\]{}]')
SPACE: Final = re.compile(r"[ \t\r\n]*")
SCALAR: Final = re.compile(r"[^,\[\]{}:\"\s]*")


class _Text:
    """The file's text, read on when needed; `place` is where we stand in the whole of it."""

    def __init__(self, pieces: Iterable[str]) -> None:
        self._pieces = iter(pieces)
        self._passed = 0
        self.held = ""
        self.at = 0

    @property
    def place(self) -> int:
        return self._passed + self.at

    def more(self) -> bool:
        """Hold the next piece too, and let go of what lies behind; False at the end."""
        self._passed += self.at
        piece = next(self._pieces, "")
        self.held = self.held[self.at :] + piece
        self.at = 0
        return bool(piece)

    def peek(self) -> str:
        """The next character that is no space; "" at the end."""
        while True:
            match = SPACE.match(self.held, self.at)
            self.at = match.end() if match else self.at
            if self.at < len(self.held) or not self.more():
                return self.held[self.at : self.at + 1]

    def skip(self, mark: str) -> bool:
        """Pass over the mark where it comes next."""
        if self.peek() != mark:
            return False
        self.at += 1
        return True

    def value(self, row: int | None) -> str:
        """The text of the next value; what is between its brackets is not judged."""
        if self.peek() not in ('"', "[", "{"):
            match = SCALAR.match(self.held, self.at)
            length = len(match[0]) if match else 0
            return self._taken(max(length, 1))
        depth, length, is_text = 0, 0, False
        while True:
            match = (INSIDE if is_text else OUTSIDE).search(self.held, self.at + length)
            if match is None:
                length = max(length, len(self.held) - self.at)
                self._read_on(length, row)
                continue
            mark, length = match[0], match.end() - self.at
            if mark == '"':
                is_text = not is_text
            elif mark == "\\":
                length += 1
            else:
                depth += 1 if mark in "[{" else -1
            if depth == 0 and not is_text:
                return self._taken(length)

    def _taken(self, length: int) -> str:
        self.at += length
        return self.held[self.at - length : self.at]

    def _read_on(self, length: int, row: int | None) -> None:
        if length > MAX_RECORD_CHARS:
            raise SourceError(
                f"The row is longer than {MAX_RECORD_CHARS:,} characters.",
                remedy="Perhaps a quote or bracket that opens here is never closed.",
                row=row,
            )
        if not self.more():
            raise _broken("A quote or bracket that opens here is never closed", row)


def json_records(pieces: Iterable[str], limits: SourceLimits) -> Iterator[Record]:
    """The objects of the file's list, with their places in the text. Rows count from 1.

    Raises SourceError naming the row that does not fit.
    """
    text = _Text(pieces)
    is_wrapped = text.skip("{")
    if is_wrapped:
        _find_list(text)
    if not text.skip("["):
        raise _no_list()
    row = 0
    while text.peek() not in ("]", "") or row:
        if text.skip("]"):
            break
        if row and not text.skip(","):
            raise _broken("After the row comes neither a comma nor the list's end", row)
        row += 1
        check_count(row, row, limits)
        text.peek()
        start = text.place
        value = text.value(row)
        yield Record(json_object(value, row, limits), row, start, start + len(value))
    if not is_wrapped and text.peek() not in ("", "]"):
        raise _broken("Something follows the list", row)
    if not row:
        raise SourceError("The list is empty.", remedy="Write at least one object in it.")


def _find_list(text: _Text) -> None:
    """Move on to the list inside of an object: the value of one of LIST_NAMES."""
    while text.peek() == '"':
        name = text.value(None)[1:-1].lower()
        if not text.skip(":"):
            raise _no_list()
        if text.peek() == "[" and name in LIST_NAMES:
            return
        text.value(None)
        text.skip(",")
    raise _no_list()


def _no_list() -> SourceError:
    return SourceError(
        "The file holds no list of objects.",
        remedy=f"Write [{{…}}, {{…}}], or an object with such a list under "
        f"{', '.join(repr(name) for name in LIST_NAMES)}.",
    )


def _broken(message: str, row: int | None) -> SourceError:
    return SourceError(f"{message}.", remedy="Write the file again.", row=row or None)
