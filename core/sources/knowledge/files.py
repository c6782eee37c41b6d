"""Knowledge as files: CSV or JSONL in, CSV or JSONL out. Pure; such files are small."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import orjson

from core.db.tables import KnowledgeEntry
from core.errors import InvalidInput, SourceError
from core.sources.knowledge.tables import columns_of
from core.sources.parsing.rows import csv_records, jsonl_records, sniff_delimiter
from core.text.spreadsheets import quoted, unquoted

MAX_FILE_BYTES = 20 * 2**20
FORMATS: Final = {"csv": "text/csv", "jsonl": "application/x-ndjson"}
SNIFFED_CHARS = 2**16


def format_of(name: str) -> str:
    """csv or jsonl, by the ending of a file's name. Raises InvalidInput for another one."""
    ending = name.rpartition(".")[2].lower()
    known = {"csv": "csv", "tsv": "csv", "jsonl": "jsonl", "ndjson": "jsonl"}
    if ending not in known:
        raise InvalidInput(
            f"{name!r} is neither CSV nor JSONL.",
            remedy="Save the table as CSV, or import the file as a source and take its rows.",
        )
    return known[ending]


def read_rows(data: bytes, format: str) -> list[dict[str, Any]]:
    """The rows of a CSV or JSONL file, as its columns name them.

    Raises SourceError naming the row that does not fit.
    """
    if len(data) > MAX_FILE_BYTES:
        raise SourceError(
            f"The file is larger than {MAX_FILE_BYTES:,} bytes.",
            remedy="Import it as a source: a variable can draw from its rows.",
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceError(
            f"The file is not valid UTF-8: the byte at offset {error.start:,} does not fit.",
            remedy="Save it as UTF-8 (in a spreadsheet: “CSV UTF-8”).",
        ) from error
    lines = io.StringIO(text, newline="")
    if format == "jsonl":
        return [record.fields for record in jsonl_records(lines)]
    delimiter = sniff_delimiter(text[:SNIFFED_CHARS])
    return [
        {name: unquoted(cell) for name, cell in record.fields.items()}
        for record in csv_records(lines, delimiter)
    ]


def suggest_mapping(table: str, columns: Sequence[str]) -> dict[str, str]:
    """Which of these columns to take for the table's columns: those of the same name."""
    by_name = {name.strip().casefold().replace(" ", "_"): name for name in reversed(columns)}
    return {name: by_name[name] for name in columns_of(table) if name in by_name}


def mapped_rows(
    table: str, rows: Iterable[Mapping[str, Any]], mapping: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    """The rows with the table's columns, each from the column that `mapping` names for it.

    Raises InvalidInput for a mapping without the first column, or of columns that do not exist.
    """
    columns = columns_of(table)
    unknown = next((name for name in mapping if name not in columns), None)
    if unknown is not None:
        raise InvalidInput(
            f"The table {table!r} has no column {unknown!r}.",
            remedy=f"Its columns are {', '.join(columns)}.",
        )
    if columns[0] not in mapping:
        raise InvalidInput(
            f"No column is chosen for {columns[0]!r}.", remedy="Every entry needs it."
        )
    taken = set(mapping.values())
    for number, row in enumerate(rows):
        missing = taken - row.keys()
        if number == 0 and missing:
            raise InvalidInput(
                f"There is no column {min(missing)!r}.",
                remedy=f"The columns are {', '.join(row)}.",
            )
        yield {name: _plain(row.get(column)) for name, column in mapping.items()}


def _plain(cell: Any) -> Any:
    return orjson.dumps(cell).decode() if isinstance(cell, dict | list) else cell


def written(table: str, entries: Iterable[KnowledgeEntry], format: str) -> Iterator[str]:
    """The entries as a file, piece by piece; CSV is safe to open in a spreadsheet.

    Raises InvalidInput for a format that is none.
    """
    if format not in FORMATS:
        raise InvalidInput(f"{format!r} is no format.", remedy=f"Use {' or '.join(FORMATS)}.")
    return _jsonl(table, entries) if format == "jsonl" else _csv(table, entries)


def _csv(table: str, entries: Iterable[KnowledgeEntry]) -> Iterator[str]:
    columns = columns_of(table)
    line = io.StringIO(newline="")
    writer = csv.writer(line)
    writer.writerow(columns)
    for entry in entries:
        writer.writerow(quoted(str(entry.fields.get(name, ""))) for name in columns)
        yield line.getvalue()
        line.seek(0)
        line.truncate()
    yield line.getvalue()


def _jsonl(table: str, entries: Iterable[KnowledgeEntry]) -> Iterator[str]:
    for entry in entries:
        fields = {name: entry.fields.get(name, "") for name in columns_of(table)}
        yield orjson.dumps(fields).decode() + "\n"
