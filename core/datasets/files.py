"""The data files of a version: Parquet by split, byte-reproducible, and one DuckDB file.

A DuckDB file is not byte-reproducible; its storage version is DuckDB 1.0's, so that older ones open
it too.
"""

import errno
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

ROWS_PER_GROUP = 2_000  # one Parquet row group: what a reader or writer holds at a time
DUCKDB_STORAGE = "v1.0.0"
DUCKDB_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "memory_limit": "512MB",
    "threads": 2,
    "temp_directory": "",  # nothing may appear beside the file that is being written
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}


class ParquetRows:
    """A Parquet file written row by row: its bytes do not depend on how the calls cut the rows."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._schema = schema
        self._writer = pq.ParquetWriter(path, schema, compression="zstd", version="2.6")
        self._waiting: list[pa.RecordBatch] = []
        self.rows = 0

    def add(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Append rows; full row groups are written at once."""
        if not rows:
            return
        self._waiting.append(pa.RecordBatch.from_pylist(list(rows), schema=self._schema))
        self.rows += len(rows)
        if sum(batch.num_rows for batch in self._waiting) >= ROWS_PER_GROUP:
            self._flush(least=ROWS_PER_GROUP)

    def close(self) -> None:
        """Write what waits and end the file."""
        self._flush(least=1)
        self._writer.close()

    def _flush(self, least: int) -> None:
        table = pa.Table.from_batches(self._waiting, schema=self._schema)
        start = 0
        while table.num_rows - start >= least:
            group = table.slice(start, ROWS_PER_GROUP)
            # One chunk per column: page breaks follow chunks, and bytes must not.
            self._writer.write_table(group.combine_chunks(), row_group_size=ROWS_PER_GROUP)
            start += group.num_rows
        self._waiting = table.slice(start).to_batches()


def parquet_rows(
    path: Path, columns: Sequence[str] | None = None
) -> Iterator[list[dict[str, Any]]]:
    """The rows of a Parquet file as dicts, a row group at a time."""
    with pq.ParquetFile(path) as file:
        for group in range(file.num_row_groups):
            yield file.read_row_group(group, columns=columns).to_pylist()


def write_duckdb(path: Path, parquet: Mapping[str, Path], info: Mapping[str, str]) -> None:
    """A DuckDB file with one table `samples`, a view per split, and a table `info` (name, value).

    `parquet` gives the file of each split, in order; its rows carry their split.
    """
    with new_duckdb(path) as connection:
        files = ", ".join(literal(file) for file in parquet.values())
        connection.execute(f"CREATE TABLE samples AS SELECT * FROM read_parquet([{files}])")
        for split in parquet:
            where = f"split = {literal(split)}"
            connection.execute(f"CREATE VIEW {split} AS SELECT * FROM samples WHERE {where}")
        connection.execute("CREATE TABLE info (name VARCHAR, value VARCHAR)")
        for name, value in info.items():
            connection.execute("INSERT INTO info VALUES (?, ?)", [name, value])


@contextmanager
def new_duckdb(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection whose default database is a new file, complete when the block ends.

    Raises OSError, with ENOSPC when the disk is full.
    """
    try:
        with duckdb.connect(":memory:", config=DUCKDB_CONFIG) as connection:
            # Attached, because only so can the storage version be chosen.
            connection.execute(
                f"ATTACH {literal(path)} AS release (STORAGE_VERSION '{DUCKDB_STORAGE}')"
            )
            connection.execute("USE release")
            yield connection
            connection.execute("USE memory")
            connection.execute("CHECKPOINT release")
            connection.execute("DETACH release")
    except duckdb.Error as error:
        # DuckDB tells of a full disk under several of its classes, by the system's own words.
        if os.strerror(errno.ENOSPC).lower() in str(error).lower():
            raise OSError(errno.ENOSPC, str(error)) from error
        raise


def literal(value: object) -> str:
    """A value as an SQL string, where DuckDB takes no parameter."""
    return "'" + str(value).replace("'", "''") + "'"
