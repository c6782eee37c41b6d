"""The child process that runs one query: registered Arrow data, locked DuckDB, rows out as Arrow.

Standard input is one Order as JSON. Standard output is one line of JSON, {} or {"error", "remedy"},
and after {} an Arrow IPC stream. `core.querying.running` is the parent's side.
"""

import json
import sys
from typing import Any, Final

import duckdb
import orjson
import pyarrow as pa
import pyarrow.dataset as ds

from core.confinement import Confinement, confine
from core.errors import InvalidInput
from core.querying.order import NARROWER, Order
from core.querying.statement import check_statement

ROWS_AT_ONCE: Final = 2_000
THREADS: Final = 2
# Everything that could reach beyond the registered tables is off, and stays off.
LOCKS: Final = (
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
    "SET allow_community_extensions = false",
    "SET temp_directory = ''",
    "SET enable_external_access = false",
    "SET lock_configuration = true",
)


def main(order: Order) -> None:
    """Carry the order out; every failure becomes the first line."""
    confine(Confinement(order.address_bytes, order.cpu_s, order.wall_s))
    try:
        connection = opened(order)
        check_statement(connection, order.sql)
        reader = connection.execute(order.sql).to_arrow_reader(ROWS_AT_ONCE)
        first = next(reader, None)
    except InvalidInput as error:
        tell({"error": error.message, "remedy": error.remedy})
    except duckdb.OutOfMemoryException:
        tell({"error": "The query needs more memory than it may have.", "remedy": NARROWER})
    except duckdb.Error as error:
        tell({"error": str(error), "remedy": "Correct the query."})
    else:
        tell({})
        send(reader, first, order)


def opened(order: Order) -> Any:
    """A locked connection that sees the order's tables and nothing else."""
    connection = duckdb.connect(
        config={
            "threads": THREADS,
            "memory_limit": f"{order.duckdb_bytes}B",
            "python_enable_replacements": False,
        }
    )
    for name, paths in order.parts.items():
        kind = "ipc" if paths[0].endswith(".arrow") else "parquet"
        connection.register(name, ds.dataset(paths, format=kind))
    for name, select in order.views.items():
        connection.execute(f'CREATE VIEW "{name}" AS {select}')
    for lock in LOCKS:
        connection.execute(lock)
    return connection


def send(reader: Any, first: pa.RecordBatch | None, order: Order) -> None:
    """Rows until a limit is reached: one row more than allowed tells the parent of the cut.

    A failure in the middle leaves a stream without its end.
    """
    sent_rows = sent_bytes = 0
    batch = first
    with pa.ipc.new_stream(sys.stdout.buffer, reader.schema) as writer:
        while batch is not None and sent_rows <= order.max_rows:
            batch = batch.slice(0, order.max_rows + 1 - sent_rows)
            sent_bytes += batch.nbytes
            if sent_bytes > order.max_bytes:
                break
            writer.write_batch(batch)
            sent_rows += batch.num_rows
            batch = next(reader, None)


def tell(line: dict[str, str]) -> None:
    sys.stdout.buffer.write(orjson.dumps(line) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(Order(**json.loads(sys.stdin.read())))
