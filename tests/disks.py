"""Full disks and locked databases for tests, raised by the real drivers."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Connection, event

from core.db.workspace import Workspace

RAISE_DISK_FULL = "DO $$ BEGIN RAISE 'no space left' USING ERRCODE = '53100'; END $$"
HOLD_SQLITE = """\
import sys, time
import pysqlite3
held = pysqlite3.connect(sys.argv[1], isolation_level=None, timeout=60)
held.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
time.sleep(float(sys.argv[2]))
held.execute("COMMIT")
"""
HOLD_POSTGRESQL = """\
import sys, time
import psycopg
with psycopg.connect(sys.argv[1]) as held:
    held.execute("LOCK TABLE batches, attempts, samples, workers, dbos.workflow_status "
                 "IN ACCESS EXCLUSIVE MODE")
    print("locked", flush=True)
    time.sleep(float(sys.argv[2]))
"""


@contextmanager
def full_at(workspace: Workspace, first: int, count: int = 2) -> Iterator[list[int]]:
    """Fail the write transactions `first` to `first + count - 1` of this process like a full disk.

    Yields the numbers of those that failed.
    """
    lock, seen, failed = threading.Lock(), 0, []

    def fail(connection: Connection, _cursor: Any, statement: str, *_: Any) -> None:
        nonlocal seen
        info = connection.info
        if not statement.lstrip().startswith(("INSERT", "UPDATE", "DELETE")):
            return
        transaction = connection.get_transaction()
        if info.get("counted") is transaction:
            return
        info["counted"] = transaction
        with lock:
            seen += 1
            number = seen
        if first <= number < first + count:
            failed.append(number)
            _fill(connection)

    event.listen(workspace.engine, "before_cursor_execute", fail)
    try:
        yield failed
    finally:
        event.remove(workspace.engine, "before_cursor_execute", fail)


def _fill(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(RAISE_DISK_FULL)
        return
    pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
    connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    try:
        connection.exec_driver_sql("CREATE TABLE filler AS SELECT zeroblob(10000000) AS bytes")
    finally:
        connection.exec_driver_sql("PRAGMA max_page_count = 1073741823")


@contextmanager
def locked(workspace: Workspace, seconds: float) -> Iterator[subprocess.Popen[str]]:
    """Another program holds the database's locks, for so long from the start of the block."""
    url: Any = workspace.engine.url
    if url.get_backend_name() == "sqlite":
        script, target = HOLD_SQLITE, url.database
    else:
        plain = url.set(drivername="postgresql")
        script, target = HOLD_POSTGRESQL, plain.render_as_string(hide_password=False)
    holder = subprocess.Popen(
        [sys.executable, "-c", script, target, str(seconds)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == "locked"
        yield holder
    finally:
        holder.kill()
        holder.communicate()


def fill_up(folder: Path, leave_bytes: int) -> Path:
    """Write a file until only so much is free there; the file."""
    import shutil

    filler = folder / "filler"
    with filler.open("wb") as file:
        while (left := shutil.disk_usage(folder).free - leave_bytes) > 0:
            file.write(bytes(min(left, 2**20)))
            file.flush()
    return filler


@contextmanager
def answer_lost_at(workspace: Workspace, number: int) -> Iterator[None]:
    """The n-th commit of a write goes through, but the connection breaks before the answer."""
    dialect: Any = workspace.engine.dialect
    commit, seen = dialect.do_commit, 0

    def lose(connection: Any) -> None:
        nonlocal seen
        commit(connection)
        seen += 1
        if seen == number:
            connection.driver_connection.close()
            raise psycopg.OperationalError("server closed the connection unexpectedly")

    dialect.do_commit = lose
    try:
        yield
    finally:
        dialect.do_commit = commit
