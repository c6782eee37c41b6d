"""The parent's side of a query: gather the rows, start the confined child, read its answer."""

import signal
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import orjson
import pyarrow as pa

from core.confinement import CHILD_ENVIRONMENT, TIME_SIGNALS, child_command
from core.db.tables import DEFAULT_PROJECT_ID
from core.db.workspace import Workspace
from core.errors import InvalidInput
from core.querying.material import gather
from core.querying.order import NARROWER, Order

CHILD_MODULE: Final = "core.querying.child"
START_S: Final = 15.0  # for the child's own start
# Arrow and DuckDB reserve address space that they never touch.
RESERVED_BYTES: Final = 6 * 2**30
MAX_CHILDREN: Final = 2
_children = threading.BoundedSemaphore(MAX_CHILDREN)


@dataclass(frozen=True)
class QueryLimits:
    """What one query may use."""

    rows: int = 10_000  # of the answer
    answer_bytes: int = 64 * 2**20
    memory_bytes: int = 2**30  # of DuckDB's buffers
    wall_s: float = 30.0


@dataclass(frozen=True)
class QueryResult:
    """The answer of a query."""

    table: pa.Table
    is_cut: bool  # there are more rows than were kept
    elapsed_ms: int  # gathering and running


def run_query(
    workspace: Workspace,
    sql: str,
    *,
    project_id: str = DEFAULT_PROJECT_ID,
    limits: QueryLimits | None = None,
) -> QueryResult:
    """The rows that one SELECT, or EXPLAIN of one, gives over the tables of a project.

    Runs in a child process without files, network or further extensions. Raises InvalidInput for a
    query that is refused, wrong, too slow or too large; StorageFull.
    """
    limits = limits or QueryLimits()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(dir=workspace.folder("queries")) as folder:
        material = gather(workspace, sql, Path(folder), project_id)
        order = Order(
            sql=sql, parts=material.parts, views=material.views, max_rows=limits.rows,
            max_bytes=limits.answer_bytes, duckdb_bytes=limits.memory_bytes,
            address_bytes=limits.memory_bytes + RESERVED_BYTES,
            cpu_s=2 * limits.wall_s, wall_s=limits.wall_s,
        )  # fmt: skip
        table = _answer(order)
    elapsed_ms = round(1000 * (time.monotonic() - began))
    is_cut = table.num_rows > limits.rows
    return QueryResult(table.slice(0, limits.rows), is_cut, elapsed_ms)


def _answer(order: Order) -> pa.Table:
    with _children, subprocess.Popen(
        child_command(CHILD_MODULE), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, env=CHILD_ENVIRONMENT,
    ) as child:  # fmt: skip
        try:
            said, _ = child.communicate(order.as_json().encode(), order.wall_s + START_S)
        except subprocess.TimeoutExpired as error:
            child.kill()
            raise _too_slow(order) from error
        except BaseException:
            child.kill()
            raise
    header, _, stream = said.partition(b"\n")
    told = orjson.loads(header) if header.startswith(b"{") else None
    if told and "error" in told:
        raise InvalidInput(str(told["error"]), remedy=str(told["remedy"]))
    if told is None or child.returncode != 0:
        raise _death(child.returncode, order)
    return pa.ipc.open_stream(stream).read_all()


def _death(returncode: int, order: Order) -> InvalidInput:
    """What to say of a child that ended without a whole answer."""
    if -returncode in TIME_SIGNALS or -returncode == signal.SIGKILL:
        return _too_slow(order)
    return InvalidInput(
        "The query broke off: it needs more memory than it may have, or DuckDB failed on it.",
        remedy=NARROWER,
    )


def _too_slow(order: Order) -> InvalidInput:
    return InvalidInput(
        f"The query took longer than {order.wall_s:.0f} s and was stopped.", remedy=NARROWER
    )
