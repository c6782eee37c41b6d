"""Parquet: one file per split, byte-reproducible."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pyarrow as pa

from core.datasets.export.formats import CsvOptions, Format, Rows, same
from core.datasets.files import ParquetRows, parquet_rows


def write(
    path: Path, schema: pa.Schema, tables: Mapping[str, Iterator[Rows]], _options: CsvOptions
) -> None:
    """One table as a Parquet file."""
    writer = ParquetRows(path, schema)
    for rows in _only(tables):
        writer.add(rows)
    writer.close()


def read(path: Path, _table: str, _options: CsvOptions) -> Iterator[Rows]:
    """Its rows, a row group at a time."""
    return parquet_rows(path)


def _only(tables: Mapping[str, Iterator[Rows]]) -> Iterator[Rows]:
    (table,) = tables.values()
    return table


PARQUET = Format(
    "parquet", "Parquet", "parquet", "application/vnd.apache.parquet", False, write, read, same
)
