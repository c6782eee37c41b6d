"""JSON Lines: one object per line, UTF-8, times as ISO 8601 in UTC, byte-reproducible."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa

from core.datasets.export.formats import CsvOptions, Format, Rows
from core.datasets.files import ROWS_PER_GROUP

OPTIONS = orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z


def write(
    path: Path, _schema: pa.Schema, tables: Mapping[str, Iterator[Rows]], _options: CsvOptions
) -> None:
    """One table, a line per row; no rows give an empty file."""
    (table,) = tables.values()
    with path.open("wb") as stream:
        for rows in table:
            stream.writelines(orjson.dumps(row, option=OPTIONS) + b"\n" for row in rows)


def read(path: Path, _table: str, _options: CsvOptions) -> Iterator[Rows]:
    """Its rows as JSON gives them, some lines at a time."""
    rows: Rows = []
    with path.open("rb") as stream:
        for line in stream:
            rows.append(orjson.loads(line))
            if len(rows) == ROWS_PER_GROUP:
                yield rows
                rows = []
    yield rows


def image(row: dict[str, Any], _options: CsvOptions) -> dict[str, Any]:
    """The row with times as text."""
    read_back: dict[str, Any] = orjson.loads(orjson.dumps(row, option=OPTIONS))
    return read_back


JSONL = Format("jsonl", "JSON Lines", "jsonl", "application/jsonl", False, write, read, image)
