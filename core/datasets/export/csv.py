"""CSV: nested fields as dotted columns, lists as JSON, safe to open in a spreadsheet."""

import csv
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from core.datasets.export.formats import CsvOptions, Format, Rows
from core.datasets.files import ROWS_PER_GROUP
from core.datasets.records import canonical_bytes
from core.errors import InvalidInput
from core.text.spreadsheets import FORMULA_STARTS

MAX_CELL_CHARS = 2**31 - 1
QUOTING = {"minimal": csv.QUOTE_MINIMAL, "all": csv.QUOTE_ALL}


def write(
    path: Path, schema: pa.Schema, tables: Mapping[str, Iterator[Rows]], options: CsvOptions
) -> None:
    """One table with a header row. Raises InvalidInput where the encoding lacks a character."""
    (table,) = tables.values()
    try:
        with path.open("w", encoding=options.encoding, newline="") as stream:
            writer = csv.writer(
                stream,
                delimiter=options.delimiter,
                quoting=QUOTING[options.quoting],  # type: ignore[arg-type]
            )
            writer.writerow(_columns(schema))
            for rows in table:
                writer.writerows(image(row, options).values() for row in rows)
    except UnicodeEncodeError as error:
        letter = error.object[error.start : error.start + 1]
        raise InvalidInput(
            f"The encoding {options.encoding!r} has no {letter!r}.", remedy="Use utf-8."
        ) from error


def read(path: Path, _table: str, options: CsvOptions) -> Iterator[Rows]:
    """Its rows as text, some at a time."""
    # The default limit of 128 KiB is less than one long answer.
    csv.field_size_limit(MAX_CELL_CHARS)
    rows: Rows = []
    with path.open(encoding=options.encoding, newline="") as stream:
        for row in csv.DictReader(stream, delimiter=options.delimiter):
            rows.append(row)
            if len(rows) == ROWS_PER_GROUP:
                yield rows
                rows = []
    yield rows


def image(row: dict[str, Any], options: CsvOptions) -> dict[str, str]:
    """The row flat, every value the text of its cell."""
    return {name: _cell(value, options) for name, value in _flat(row)}


def _cell(value: object, options: CsvOptions) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        risky = options.formula_safe and value.startswith(FORMULA_STARTS)
        return f"'{value}" if risky else value
    if isinstance(value, datetime):
        return value.isoformat() + "Z"
    return canonical_bytes(value).decode() if isinstance(value, list) else str(value)


def _flat(row: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in row.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def _columns(fields: Any, prefix: str = "") -> list[str]:
    names: list[str] = []
    for field in fields:
        if pa.types.is_struct(field.type):
            names += _columns(field.type, f"{prefix}{field.name}.")
        else:
            names.append(prefix + field.name)
    return names


CSV = Format("csv", "CSV", "csv", "text/csv", False, write, read, image)
