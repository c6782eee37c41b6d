"""DuckDB: one file with a table per split, in a storage version that older DuckDB opens."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import duckdb
import pyarrow as pa

from core.datasets.export.formats import CsvOptions, Format, Rows, same
from core.datasets.files import DUCKDB_CONFIG, ROWS_PER_GROUP, ParquetRows, literal, new_duckdb


def write(
    path: Path, schema: pa.Schema, tables: Mapping[str, Iterator[Rows]], _options: CsvOptions
) -> None:
    """Each table, through a Parquet file beside it that is removed again."""
    with new_duckdb(path) as connection:
        for name, pages in tables.items():
            between = path.with_suffix(f".{name}.parquet")
            writer = ParquetRows(between, schema)
            for rows in pages:
                writer.add(rows)
            writer.close()
            source = f"read_parquet({literal(between)})"
            connection.execute(f"CREATE TABLE {name} AS SELECT * FROM {source}")
            between.unlink()


def read(path: Path, table: str, _options: CsvOptions) -> Iterator[Rows]:
    """The rows of one table or view, in the order they were written."""
    with duckdb.connect(str(path), read_only=True, config=DUCKDB_CONFIG) as connection:
        cursor = connection.execute(f"SELECT * FROM {table}")
        names = [column[0] for column in cursor.description or ()]
        while rows := cursor.fetchmany(ROWS_PER_GROUP):
            yield [dict(zip(names, row, strict=True)) for row in rows]


DUCKDB = Format("duckdb", "DuckDB", "duckdb", "application/vnd.duckdb", True, write, read, same)
