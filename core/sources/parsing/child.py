"""The child process that reads one file: limits on itself, then pieces out as lines of JSON.

Standard input is the open file; the one argument is an Order as JSON. Each line of standard output
is a list, the fields of a Piece; the last is an object: {"end": …}, {"preview": …} or {"error": …}.
`core.sources.parsing.bounded` is the parent's side.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any, BinaryIO

import orjson

from core.confinement import Confinement, confine
from core.errors import SourceError
from core.settings import SourceLimits
from core.sources.parsing.kinds import TABLE_KINDS, check_content
from core.sources.parsing.reading import Findings, Piece, ReadSettings, read_pieces, read_records
from core.sources.parsing.rows import check_columns, suggest_text_column
from core.text.hashing import storable

MAX_LINE_BYTES = 8 * 2**20
PREVIEW_CELL_CHARS = 2_000


@dataclass(frozen=True)
class Order:
    """What the child is asked to do."""

    settings: dict[str, Any]  # of ReadSettings
    limits: dict[str, Any]  # of SourceLimits
    cpu_s: float
    wall_s: float
    preview: int = 0  # how many pieces to show; 0: all of them, to be stored

    def as_json(self) -> str:
        return json.dumps(asdict(self))


def main(order: Order) -> None:
    """Carry the order out under its limits; every failure becomes the last line."""
    limits = SourceLimits(**order.limits)
    confine(Confinement(limits.memory_bytes, order.cpu_s, order.wall_s))
    settings = ReadSettings(**order.settings)
    last: dict[str, Any]
    try:
        with open(0, "rb", closefd=False) as stream:
            check_content(stream, settings.kind)
            if order.preview:
                last = {"preview": preview(stream, settings, limits, order.preview)}
            else:
                findings = Findings()
                pieces = read_pieces(stream, settings, limits, findings)
                last = {"end": {**write_pieces(pieces, limits), **asdict(findings)}}
    except SourceError as error:
        last = _failure(error)
    except MemoryError:
        last = _failure(memory_error(limits))
    # The boundary of the process: a library's own error on a hostile file must not become a
    # traceback in place of an answer.
    except Exception as error:  # noqa: BLE001
        last = _failure(
            SourceError(
                f"The file is damaged or no {settings.kind} ({type(error).__name__}).",
                remedy="Export it again.",
            )
        )
    sys.stdout.buffer.write(orjson.dumps(last) + b"\n")
    sys.stdout.buffer.flush()


def memory_error(limits: SourceLimits) -> SourceError:
    """What to say about a file that needs more memory than its reader may have."""
    return SourceError(
        f"Reading the file takes more than {limits.memory_bytes / 2**20:,.0f} MiB of memory.",
        remedy="Split it, or convert it to a simpler kind such as text or JSONL.",
    )


def write_pieces(pieces: Iterator[Piece], limits: SourceLimits) -> dict[str, Any]:
    """Every piece as a line; what is known of the whole."""
    columns: dict[str, None] = {}
    count, written = 0, 0
    for piece in pieces:
        count += 1
        if piece.fields:
            columns.update(dict.fromkeys(piece.fields))
            check_columns(list(columns), None, limits)
        if count > limits.rows:
            raise SourceError(
                f"The file gives more than {limits.rows:,} chunks.",
                remedy="Split it, or choose longer chunks.",
            )
        line = piece_line(piece)
        written += len(line)
        if written > limits.expanded_bytes:
            raise SourceError(
                f"The file holds more than {limits.expanded_bytes / 2**20:,.0f} MiB of text.",
                remedy="Split it.",
            )
        sys.stdout.buffer.write(line)
    return {"columns": list(columns), "chunk_count": count}


def piece_line(piece: Piece) -> bytes:
    """A piece as the line that the parent reads.

    Raises SourceError for one that is too long.
    """
    try:
        line = orjson.dumps(piece)
    except TypeError:  # a lone surrogate, which UTF-8 cannot hold
        line = orjson.dumps(
            [storable(piece.text), *piece[1:3], storable(piece.heading), *piece[4:]]
        )
    if len(line) >= MAX_LINE_BYTES:
        raise SourceError(
            f"A row is larger than {MAX_LINE_BYTES / 2**20:,.0f} MiB written as JSON.",
            remedy="Split it, or import the long text as a document of its own.",
        )
    return line + b"\n"


def preview(
    stream: BinaryIO, settings: ReadSettings, limits: SourceLimits, count: int
) -> dict[str, Any]:
    """The first pieces, and of a table its first rows, long texts cut."""
    if settings.kind not in TABLE_KINDS:
        pieces = islice(read_pieces(stream, settings, limits, Findings()), count)
        return {"pieces": [_clipped(piece._asdict()) for piece in pieces]}
    records = list(islice(read_records(stream, settings.kind, limits), count))
    rows = [record.fields for record in records]
    suggested = suggest_text_column(rows)
    column = settings.text_column or suggested
    texts = [str(row[column]) for row in rows if column is not None and row.get(column)]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    clipped = {name: _clipped(value) for name, value in {"rows": rows, "texts": texts}.items()}
    return {**clipped, "columns": columns, "suggested": suggested}


def _clipped(value: Any) -> Any:
    """The value with every long text cut, so that a preview stays small."""
    if isinstance(value, str):
        return storable(value[:PREVIEW_CELL_CHARS])
    if isinstance(value, list):
        return [_clipped(item) for item in value[:200]]
    if isinstance(value, dict):
        return {name: _clipped(item) for name, item in value.items()}
    return value


def _failure(error: SourceError) -> dict[str, Any]:
    # The message already begins with the row where there is one.
    told = {"message": error.message, "remedy": error.remedy, "row": error.row}
    return {"error": {name: _clipped(value) for name, value in told.items()}}


if __name__ == "__main__":
    main(Order(**json.loads(sys.argv[1])))
