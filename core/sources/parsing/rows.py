"""Tables become rows: CSV and JSONL, one record at a time, every oddity an error with its row.

The header of a CSV is row 1, as in a spreadsheet; the rows of a JSONL are its lines.
"""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

import orjson

from core.errors import SourceError
from core.settings import SourceLimits
from core.sources.parsing.decoding import refuse_nul

# A row travels as one line between two processes and must fit into both several times over.
MAX_RECORD_CHARS = 2 * 2**20
MAX_COLUMN_NAME_CHARS = 200
MAX_JSON_DEPTH = 32
DELIMITERS: Final = (",", ";", "\t", "|")
SNIFFED_CHARS = 2**16
TEXT_NAMES: Final = (
    "text", "question", "prompt", "instruction", "input", "query", "message", "content", "body",
)  # fmt: skip

DEFAULT_LIMITS: Final = SourceLimits()

# A process-wide setting of the csv module; its default would refuse cells that we allow.
csv.field_size_limit(MAX_RECORD_CHARS)


class Record(NamedTuple):
    """One row of a table and where it stands in the decoded text."""

    fields: dict[str, Any]
    row: int
    start: int
    end: int


class _CountedLines:
    """Lines for a csv reader, with the number of characters given out so far."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self.position = 0
        self.record_start = 0
        self.row = 1

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.position += len(line)
        refuse_nul(line, self.row)
        if self.position - self.record_start > MAX_RECORD_CHARS:
            raise SourceError(
                f"The row is longer than {MAX_RECORD_CHARS:,} characters.",
                remedy="Perhaps a quote that opens here is never closed.",
                row=self.row,
            )
        return line

    def begin_record(self) -> None:
        self.record_start = self.position
        self.row += 1


def bounded_lines(stream: Any) -> Iterator[str]:
    """The stream's lines, in pieces where one is longer than a record may be."""
    return iter(lambda: str(stream.readline(MAX_RECORD_CHARS + 1)), "")


def sniff_delimiter(sample: str) -> str:
    """The delimiter of a CSV from its beginning: the one that gives most rows as many cells as the
    header has, then the one that gives most cells. A comma where nothing tells."""
    lines = sample.splitlines()[:50]
    best, best_score = ",", (0.0, 1)
    for delimiter in DELIMITERS:
        try:
            rows = [row for row in csv.reader(lines, delimiter=delimiter) if row]
        except csv.Error:
            continue
        width = len(rows[0]) if rows else 0
        if width < 2:
            continue
        score = (sum(len(row) == width for row in rows) / len(rows), width)
        if score > best_score:
            best, best_score = delimiter, score
    return best


def csv_records(
    lines: Iterable[str], delimiter: str, limits: SourceLimits = DEFAULT_LIMITS
) -> Iterator[Record]:
    """The rows of a CSV below its header.

    Raises SourceError naming the row: duplicate or empty column names, too few or too many cells,
    a quote that is never closed, a NUL, a limit passed, no rows at all.
    """
    counted = _CountedLines(lines)
    reader = csv.reader(counted, delimiter=delimiter, strict=True)
    header: list[str] | None = None
    found = 0
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise _csv_error(error, counted.row) from error
        if cells is None:
            break
        start, end, row = counted.record_start, counted.position, counted.row
        counted.begin_record()
        if not cells:
            continue
        if header is None:
            header = _header(cells, limits)
            continue
        found += 1
        _check_row(cells, header, row, limits)
        check_count(found, row, limits)
        yield Record(dict(zip(header, cells, strict=True)), row, start, end)
    if header is None:
        raise SourceError("The file is empty.", remedy="Its first row must name the columns.")
    if not found:
        raise SourceError("The file has a header and no rows.", remedy="Add at least one row.")


def _csv_error(error: csv.Error, row: int) -> SourceError:
    if "unexpected end" in str(error):
        return SourceError(
            "A quote that opens here is never closed.",
            remedy="Close it, or double it ('\"\"') where it belongs to the text.",
            row=row,
        )
    if "expected after" in str(error):
        return SourceError(
            "A quoted cell goes on after its closing quote.",
            remedy="Double every quote that belongs to the text ('\"\"').",
            row=row,
        )
    return SourceError(f"The row is not CSV: {error}.", remedy="Export the file again.", row=row)


def _header(cells: Sequence[str], limits: SourceLimits) -> list[str]:
    names = [cell.strip() for cell in cells]
    check_columns(names, 1, limits)
    for place, name in enumerate(names, start=1):
        if not name:
            raise SourceError(f"Column {place} has no name.", remedy="Name every column.", row=1)
    repeated = next((name for name, times in Counter(names).items() if times > 1), None)
    if repeated is not None:
        raise SourceError(
            f"Two columns are named {repeated!r}.", remedy="Rename one of them.", row=1
        )
    return names


def check_columns(names: Sequence[str], row: int | None, limits: SourceLimits) -> None:
    """Raises SourceError for too many columns or a name that is too long."""
    if len(names) > limits.columns:
        raise SourceError(
            f"There are {len(names):,} columns, and at most {limits.columns:,} are read.",
            remedy="Drop the columns that you do not need.",
            row=row,
        )
    for name in names:
        if len(name) > MAX_COLUMN_NAME_CHARS:
            raise SourceError(
                f"A column name is longer than {MAX_COLUMN_NAME_CHARS} characters: {name[:40]!r}…",
                remedy="The first row must name the columns; a quote may be left open in it.",
                row=row,
            )


def _check_row(cells: Sequence[str], header: Sequence[str], row: int, limits: SourceLimits) -> None:
    if len(cells) != len(header):
        raise SourceError(
            f"The row has {len(cells)} cells, and the header has {len(header)}.",
            remedy="Put quotes around cells that contain the delimiter, or fill the missing ones.",
            row=row,
        )
    for name, cell in zip(header, cells, strict=True):
        _check_cell(name, cell, row, limits)


def check_count(found: int, row: int | None, limits: SourceLimits) -> None:
    """Raises SourceError for more rows than are read."""
    if found > limits.rows:
        raise SourceError(
            f"There are more than {limits.rows:,} rows.", remedy="Split the file.", row=row
        )


def _check_cell(name: str, cell: str, row: int, limits: SourceLimits) -> None:
    # A character is at most 4 bytes of UTF-8, so most cells need no encoding to be measured.
    if len(cell) * 4 > limits.cell_bytes and len(cell.encode()) > limits.cell_bytes:
        raise SourceError(
            f"The cell {name!r} is larger than {limits.cell_bytes:,} bytes.",
            remedy="Shorten it, or import the long text as a document of its own.",
            row=row,
        )


def jsonl_records(lines: Iterable[str], limits: SourceLimits = DEFAULT_LIMITS) -> Iterator[Record]:
    """The objects of a JSONL file, one a line; empty lines are passed over.

    Raises SourceError naming the line: not JSON, not an object, nested beyond MAX_JSON_DEPTH, a
    NUL, a limit passed, no rows at all.
    """
    position, found = 0, 0
    for row, line in enumerate(lines, start=1):
        start, position = position, position + len(line)
        if not line.strip():
            continue
        found += 1
        check_count(found, row, limits)
        fields = json_object(line, row, limits)
        yield Record(fields, row, start, start + len(line.rstrip("\r\n")))
    if not found:
        raise SourceError("The file is empty.", remedy="Write one JSON object a line.")


def json_object(line: str, row: int, limits: SourceLimits) -> dict[str, Any]:
    """The fields of one row written as a JSON object.

    Raises SourceError for anything else, or past a limit.
    """
    if len(line) > MAX_RECORD_CHARS:
        raise SourceError(
            f"The row is longer than {MAX_RECORD_CHARS:,} characters.",
            remedy="Split it, or import the long text as a document of its own.",
            row=row,
        )
    refuse_nul(line, row)
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise SourceError(
            f"The row is not JSON: {error.msg} at character {error.pos + 1}.",
            remedy="A row is one whole JSON object; in JSONL it has a line of its own.",
            row=row,
        ) from error
    if not isinstance(value, dict):
        raise SourceError(
            f"The row holds a {_JSON_NAMES.get(type(value), 'value')}, not an object.",
            remedy='Write {"text": …} for each row.',
            row=row,
        )
    check_fields(value, row, limits)
    return value


_JSON_NAMES: Final[dict[type, str]] = {
    list: "list", str: "text", int: "number", float: "number", bool: "truth value",
    type(None): "null",
}  # fmt: skip


def check_fields(fields: dict[str, Any], row: int, limits: SourceLimits) -> None:
    """Raises SourceError for too many fields, a NUL, a cell too large or nested too deep."""
    check_columns(list(fields), row, limits)
    for name, cell in fields.items():
        _check_json(name, cell, row, limits)


def _check_json(name: str, cell: Any, row: int, limits: SourceLimits) -> None:
    refuse_nul(name, row)
    waiting: list[tuple[Any, int]] = [(cell, 1)]
    while waiting:
        value, depth = waiting.pop()
        if depth > MAX_JSON_DEPTH:
            raise SourceError(
                f"{name!r} is nested deeper than {MAX_JSON_DEPTH} levels.",
                remedy="Flatten it.",
                row=row,
            )
        if isinstance(value, str):
            refuse_nul(value, row)
            _check_cell(name, value, row, limits)
        elif isinstance(value, dict):
            waiting.extend((inner, depth + 1) for pair in value.items() for inner in pair)
        elif isinstance(value, list):
            waiting.extend((inner, depth + 1) for inner in value)


def suggest_text_column(rows: Sequence[dict[str, Any]]) -> str | None:
    """The column that most likely holds the text: by its name, else the longest on average.

    None where no column holds text.
    """
    lengths: dict[str, int] = {}
    for row in rows:
        for name, cell in row.items():
            if isinstance(cell, str) and cell.strip():
                lengths[name] = lengths.get(name, 0) + len(cell)
    by_name = {name.lower(): name for name in reversed(lengths)}
    for name in TEXT_NAMES:
        if name in by_name:
            return by_name[name]
    return max(lengths, key=lambda name: lengths[name], default=None)
